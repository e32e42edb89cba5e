"""Records of runs as tests need them, written where runs leave theirs."""

from pathlib import Path
from typing import Any

from envmgr.model.digest import Digest
from envmgr.model.host import CpuFacts, HostFacts, PythonFacts
from envmgr.model.run_record import ImportedRecord, Observation, Recorded, RunRecord

NOW = Observation(load_1m=0.5, memory_available_bytes=1, governor="", frequency_khz=0)
HOST = HostFacts(
    system="x86_64-linux", distribution="any", kernel="6.1", libc="glibc 2.36", cpu=CpuFacts(model="any", cores=2),
    memory_bytes=8 << 30, python=PythonFacts(abi="cp311", version="3.11.2"),
)  # fmt: skip
COMMON: dict[str, Any] = {
    "recipe": "bench", "version": "1", "axes": {}, "settings": {}, "started": "2026-01-01T00:00:00+00:00",
    "seconds": 1.0, "steps": (), "metrics": {"mAP": 60.5}, "exit_code": 0,
}  # fmt: skip
OWN: dict[str, Any] = {
    "derivation": Digest.of(b""), "lockfile": None, "inputs": {}, "closure": (), "isolation": "sandboxed",
    "bare_host": {}, "host": HOST, "before": NOW, "after": NOW,
}  # fmt: skip


def record(run: str, **changes: Any) -> RunRecord:  # noqa: ANN401  fields of a record
    """The record of a run made here."""
    return RunRecord(**{**COMMON, **OWN, "id": run, **changes})


def imported(run: str, **changes: Any) -> ImportedRecord:  # noqa: ANN401  fields of a record
    """The record of a run made elsewhere."""
    return ImportedRecord(**{**COMMON, "id": run, "source": "results", **changes})


def keep(runs: Path, kept: Recorded) -> Path:
    """Write a record below a folder of runs; the run's own folder."""
    folder = runs / kept.id
    folder.mkdir(parents=True)
    (folder / "record.json").write_text(kept.text())
    return folder
