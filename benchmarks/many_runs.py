"""Many recorded runs, made up: as large as those of a real closure, and told apart as those of a sweep are."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from envmgr.model.digest import Digest
from envmgr.model.host import CpuFacts, HostFacts, PythonFacts
from envmgr.model.run_record import Observation, RunInput, RunRecord, StepRecord
from envmgr.model.store_path import StorePath

OBJECTS = 110
"""In a closure."""
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NOW = Observation(load_1m=0.5, memory_available_bytes=1 << 34, governor="performance", frequency_khz=3_000_000)
HOST = HostFacts(
    system="x86_64-linux",
    distribution="Debian GNU/Linux 12 (bookworm)",
    kernel="6.1.0",
    libc="glibc 2.36",
    cpu=CpuFacts(model="made up", cores=8, features=("avx", "avx2", "fma")),
    memory_bytes=1 << 35,
    python=PythonFacts(abi="cp311", version="3.11.2"),
)
AXES = {
    "audit": "none", "backend": "onnxruntime", "dataset": "shapes", "device": "cpu", "evaluator": "hotcoco",
    "mode": "both", "model": "retinanet-tiny-shapes", "python": "cp311", "round": "v6.1", "task": "detection",
}  # fmt: skip
SCENARIOS, IMPLEMENTATIONS = ("Offline", "SingleStream"), ("cpp", "python")
LETTERS = str.maketrans("0189", "wxyz")
"""Hex digits to letters of base 32."""
PATHS = tuple(
    StorePath(f"{Digest.of(str(number).encode()).hex[:32].translate(LETTERS)}-part-{number}")
    for number in range(OBJECTS)
)
LATENCIES = ("min", "max", "mean", "p50", "p90", "p95", "p97", "p99", "p99_9")


def leave_runs(runs: Path, count: int) -> None:
    """Write so many records below a folder of runs."""
    for number in range(count):
        record = made_up(number)
        folder = runs / record.id
        folder.mkdir(parents=True)
        (folder / "record.json").write_text(record.text())


def made_up(number: int) -> RunRecord:
    """The run of that number; each has its own figures."""
    started = FIRST + timedelta(minutes=number)
    digest = Digest.of(str(number).encode())
    pace = 100.0 + number % 37
    return RunRecord(
        id=f"{started:%Y%m%d-%H%M%S}-{digest.hex[:6]}",
        recipe="benchmark",
        version="1",
        axes={
            **AXES,
            "scenario": ("Offline", "SingleStream")[number % 2],
            "implementation": ("cpp", "python")[number % 3 // 2],
        },
        settings={
            "batch": 2 ** (number % 4),
            "count": 0,
            "min_duration_ms": 10_000,
            "threads": number % 5,
            "workers": 0,
        },
        derivation=digest,
        lockfile=digest,
        inputs={
            f"role-{role}": RunInput(derivation=digest, store_path=PATHS[role], manifest=digest, isolation="sandboxed")
            for role in range(8)
        },
        closure=PATHS,
        isolation="sandboxed",
        bare_host={f"lib{item}.so": str(digest) for item in range(12)},
        host=HOST,
        before=NOW,
        after=NOW,
        started=started.isoformat(timespec="seconds"),
        seconds=25.0,
        steps=tuple(
            StepRecord(
                name=name,
                argv=tuple(f"--option-{word}" for word in range(40)),
                seconds=8.0,
                exit_code=0,
                files={f"{name}/file-{file}.txt": digest for file in range(6)},
            )
            for name in ("accuracy", "score", "performance")
        ),
        metrics={
            "mAP": 61.8 + number % 10 / 100,
            "result_valid": number % 50 > 0,
            "samples_per_second": pace,
            **{f"latency_{name}_ns": int(1e9 / pace) + place for place, name in enumerate(LATENCIES)},
        },
        exit_code=0 if number % 50 else 8,
    )
