"""What scoring a run over the whole of Open Images costs: from LoadGen's log to the metrics, against pycocotools."""

import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.checkout import TOP, Checkout, call
from benchmarks.peak import peak_megabytes
from benchmarks.row import Row


class Scored(NamedTuple):
    """What one evaluator took, and what came of it."""

    seconds: float
    megabytes: float
    metrics: dict[str, float]


def measure(checkout: Checkout) -> list[Row]:
    """Wall seconds and peak memory of the scorer; and how many of its figures are not the peer's to the last bit."""
    (environment,) = checkout.realize("python-scoring")
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    path = [TOP, TOP / "harness/python", environment / "lib" / python / "site-packages"]
    environ = {**checkout.environ, "PYTHONPATH": ":".join(map(str, path))}
    with checkout.scratch("evaluate-full") as folder:
        call([sys.executable, "-m", "benchmarks.full_set", str(folder)], environ)
        ours, peer = (score(folder, evaluator, environ) for evaluator in ("hotcoco", "pycocotools"))
    differing = sum(ours.metrics[name] != peer.metrics[name] for name in peer.metrics)
    return [
        Row("evaluate-full", ours.seconds, "s", 45.0, "<=", ours.seconds, peer.seconds),
        Row("evaluate-full/peak", ours.megabytes, "MB", 1000.0, "<=", ours.megabytes, peer.megabytes),
        Row("evaluate-full/differing", differing, "figures", 0.0, "<=", ours.metrics["mAP"], peer.metrics["mAP"]),
    ]


def score(folder: Path, evaluator: str, environ: dict[str, str]) -> Scored:
    """Score the set in a folder by one evaluator, in a process of its own."""
    files = {"--log": "log.json", "--annotations": "truth.json", "--metrics": f"{evaluator}.json"}
    options = [word for name, file in files.items() for word in (name, str(folder / file))]
    command = [sys.executable, "-m", "loadgen_harness.accuracy", *options, "--evaluator", evaluator]
    start = time.perf_counter()
    megabytes = peak_megabytes(command, environ)
    seconds = time.perf_counter() - start
    return Scored(seconds, megabytes, json.loads((folder / f"{evaluator}.json").read_text()))
