"""What a run is asked to do: the command line as one frozen value, the same options as the C++ harness has.

Nothing is read here but the arguments; LoadGen's own settings (user.conf) are in loadgen_settings.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

STREAMS = ("SingleStream", "MultiStream")
"""Scenarios in which one query is answered after the other, and only its latency counts."""


class UsageError(Exception):
    """The command line is wrong; the program ends with exit code 2."""


@dataclass(frozen=True)
class Settings:
    """One run. After parse_settings `workers` and `threads` are the numbers in effect, never 0."""

    backend: str
    """`onnxruntime`, `pytorch` or `null`."""
    model: str
    """The ONNX file or PyTorch checkpoint, or a folder with model.onnx or checkpoint.pth."""
    tensors: str
    """Folder with index.txt, and tensors.f32 or load.py."""
    scenario: str
    mode: str
    output: str
    """Folder of LoadGen's logs and harness.json."""
    task: str
    """What is answered: `detection` or `classification`."""
    mlperf_conf: str
    """The round's mlperf.conf, for a LoadGen that has none compiled in."""
    user_conf: str
    """LoadGen's user.conf; empty: LoadGen's own settings alone."""
    audit_conf: str
    """LoadGen's audit.config; empty: no audit, whatever lies in the working folder."""
    model_name: str
    """The model that user.conf and LoadGen's mlperf.conf speak of."""
    count: int
    """Use the first so many samples only; 0: all."""
    performance_sample_count: int
    """Samples held in memory in performance mode; 0: LoadGen's number, else all."""
    workers: int
    """Sessions, each with a thread of its own."""
    threads: int
    """Threads inside one session."""
    inter_threads: int
    """Nodes of the graph that a session runs at once."""
    batch: int
    """Samples a worker takes from the queue at a time."""
    warmup: int
    """Untimed samples a session runs first."""
    python: str
    """The interpreter that runs the load.py of a tensors folder."""
    provider: str
    """`cpu` or `cuda`."""
    device_id: int
    """Which GPU."""
    graph_optimization: str
    trace: int
    """Not 0: LoadGen writes its trace, with the latency of every sample."""
    bare: int
    """Not 0: no LoadGen; time a plain loop over so many samples."""

    @property
    def stream(self) -> bool:
        """Whether queries come one after the other."""
        return self.scenario in STREAMS


def parse_settings(arguments: Sequence[str], cores: int) -> Settings:
    """Parse `--name value` pairs.

    `cores` is how many this process may use: workers and threads left at 0 are shared out over these. Raises
    UsageError for an unknown or repeated name, a missing value, a wrong number or a combination without sense.
    """
    settings = Settings(**vars(_parser().parse_args(arguments)))
    _require_all(settings)
    _check_sense(settings)
    return _share_out(settings, cores)


def usage() -> str:
    """The text of `--help`."""
    return _parser().format_help()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


class _Once(argparse.Action):
    """Stores a value and refuses a second one."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, name: str | None = None) -> None:  # noqa: ANN401  argparse's own types
        given: set[str] = vars(parser).setdefault("given", set())
        if self.dest in given:
            raise UsageError(f"{name} is given twice")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number, 0 or more")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="harness",
        description="Runs a model under MLPerf's LoadGen.",
        add_help=False,
        allow_abbrev=False,
    )
    parser.register("action", None, _Once)
    _add_questions(parser)
    _add_knobs(parser)
    return parser


def _add_questions(parser: argparse.ArgumentParser) -> None:
    """What is run, on what, and where its logs go."""
    add = parser.add_argument
    add(
        "--backend",
        choices=("onnxruntime", "pytorch", "null"),
        default="",
        help="ONNX Runtime, PyTorch, or nothing: the floor of the harness",
    )
    add(
        "--model",
        metavar="FILE",
        default="",
        help="ONNX file or checkpoint, or a folder with model.onnx or checkpoint.pth",
    )
    add("--tensors", metavar="DIR", default="", help="preprocessed images: index.txt, and tensors.f32 or load.py")
    add("--scenario", choices=("Offline", *STREAMS, "Server"), default="", help="how LoadGen asks")
    add(
        "--mode", choices=("accuracy", "performance", "find-peak-performance"), default="", help="the last: Server only"
    )
    add("--output", metavar="DIR", default="", help="where LoadGen's logs and harness.json go; made if not there")
    add("--task", choices=("detection", "classification"), default="detection", help="what is answered (detection)")
    add("--mlperf-conf", metavar="FILE", default="", help="LoadGen's mlperf.conf; from 4.1 on it takes its own")
    add("--user-conf", metavar="FILE", default="", help="LoadGen's user.conf")
    add("--audit-conf", metavar="FILE", default="", help="LoadGen's audit.config")
    add("--model-name", metavar="NAME", default="retinanet", help="the model's name in these files (retinanet)")


def _add_knobs(parser: argparse.ArgumentParser) -> None:
    """How it is run."""

    def add(name: str, default: int, text: str) -> None:
        parser.add_argument(name, metavar="N", type=_count, default=default, help=f"{text} ({default})")

    add("--count", 0, "use the first N samples; 0: all")
    add(
        "--performance-sample-count", 0, "samples in memory in performance mode; 0: as LoadGen's settings say, else all"
    )
    add("--workers", 0, "sessions, each with its own thread; 0: one a core in Offline and Server, else 1")
    add("--threads", 0, "threads inside a session; 0: cores / workers")
    add("--inter-threads", 1, "nodes of the graph that a session runs at once")
    add("--batch", 1, "samples a worker takes from the queue at a time")
    add("--warmup", 5, "untimed samples for each session before the test")
    add("--device-id", 0, "which GPU (--provider cuda)")
    add("--trace", 0, "not 0: LoadGen writes its trace, with the latency of every sample")
    add("--bare", 0, "no LoadGen: time a plain loop over N samples on one session")
    parser.add_argument("--python", metavar="FILE", default="python3", help="runs the load.py of a tensors folder")
    parser.add_argument("--provider", choices=("cpu", "cuda"), default="cpu", help="where ONNX Runtime computes (cpu)")
    parser.add_argument(
        "--graph-optimization", choices=("off", "basic", "extended", "all"), default="all", help="of ONNX Runtime (all)"
    )


def _require_all(settings: Settings) -> None:
    required = ["backend", "tensors"]
    if settings.backend != "null":
        required.append("model")
    if settings.bare == 0:
        required += ["scenario", "mode", "output"]
    for name in required:
        if not getattr(settings, name):
            raise UsageError(f"--{name} is missing")


def _check_sense(settings: Settings) -> None:
    if settings.mode == "find-peak-performance" and settings.scenario != "Server":
        raise UsageError("--mode find-peak-performance: LoadGen can do that in --scenario Server only")
    if settings.backend == "pytorch" and (settings.provider, settings.task) != ("cpu", "detection"):
        raise UsageError("--backend pytorch: detects, on the processor; --task and --provider leave no choice")
    if settings.batch == 0:
        raise UsageError("--batch 0: a worker must take 1 sample or more at a time")
    if settings.inter_threads == 0:
        raise UsageError("--inter-threads 0: a session must run 1 node or more at a time")
    if settings.warmup == 0:
        raise UsageError("--warmup 0: the pace of a test is known from 1 untimed sample or more")


def _share_out(settings: Settings, cores: int) -> Settings:
    """Fill in the workers and threads that were left open.

    Offline and Server answer many samples at once, so a session a core does most work; in the stream scenarios only
    the latency of one query counts, so one session gets all cores.
    """
    workers = settings.workers or (1 if settings.stream or settings.bare else cores)
    return replace(settings, workers=workers, threads=settings.threads or max(1, cores // workers))
