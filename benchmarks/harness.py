"""A harness as a program of its own: under LoadGen, and in the bare loop that LoadGen's cost is judged by."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, Self

from benchmarks.checkout import Checkout, call
from envmgr.model.loadgen_summary import summary_metrics

Backend = Literal["onnxruntime", "null"]
SESSION = ("--workers", "1", "--threads", "1", "--warmup", "50")
"""The same on every side: one session, on one thread."""


@dataclass(frozen=True)
class Pace:
    """What one sample takes, in seconds."""

    wall: float
    """Under LoadGen: by the pace that its summary says."""
    cpu: float
    """Of all threads."""


@dataclass(frozen=True)
class Harness:
    """The program with a model and samples, all out of one store."""

    program: Path
    model: Path
    tensors: Path
    environ: Mapping[str, str]
    session: tuple[str, ...] = SESSION

    @classmethod
    def of(cls, checkout: Checkout, recipe: str = "retinanet-cpp-cpu") -> Self:
        """What the lockfile pins, realised."""
        harness, weights, tensors = checkout.realize(recipe, "retinanet-tiny-shapes", "shapes-preprocessed")
        return cls(
            harness / "bin/harness", weights / "model.onnx", tensors, {**checkout.environ, "PYTHON": sys.executable}
        )

    def bare(self, backend: Backend, samples: int) -> Pace:
        """A plain loop over that many samples; it prints `bare samples_per_second X cpu_seconds_per_sample Y`."""
        words = self._call(backend, "--bare", str(samples)).split()
        return Pace(1 / float(words[2]), float(words[4]))

    def under_loadgen(self, backend: Backend, scenario: str, samples: int, *, milliseconds: int = 0) -> Pace:
        """A performance run: so many samples, or more where these take less than so many milliseconds."""
        limits = {"min_duration": milliseconds, "min_query_count": samples}
        with TemporaryDirectory(prefix="envmgr-benchmark-") as name:
            folder = Path(name)
            conf = folder / "user.conf"
            conf.write_text("".join(f"*.{scenario}.{key} = {value}\n" for key, value in limits.items()))
            how = ("--mode", "performance", "--scenario", scenario, "--user-conf", str(conf), "--output", name)
            self._call(backend, *how)
            summary = summary_metrics((folder / "mlperf_log_summary.txt").read_text())
            record = json.loads((folder / "harness.json").read_text())
        return Pace(1 / float(summary["samples_per_second"]), record["test_cpu_seconds"] / record["answered"])

    def _call(self, backend: Backend, *arguments: str) -> str:
        model = ("--model", str(self.model)) if backend == "onnxruntime" else ()
        argv = [
            str(self.program),
            "--backend",
            backend,
            *model,
            "--tensors",
            str(self.tensors),
            *self.session,
            *arguments,
        ]
        return call(argv, self.environ).stdout
