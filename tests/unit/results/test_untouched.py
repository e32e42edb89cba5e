"""Whether the files of a run are what its record says."""

from pathlib import Path

from envmgr.model.digest import Digest
from envmgr.model.run_record import StepRecord
from envmgr.results.untouched import Touched, touched
from tests.records import record

LOGS = {"accuracy/log.txt": b"one", "accuracy/summary.txt": b"two", "performance/log.txt": b"three"}


def test_a_file_that_was_changed_and_one_that_is_gone_are_named_and_others_may_lie_beside_them(tmp_path: Path) -> None:
    run = record("20260101-000000-bbbbbb")
    files = {path: Digest.of(text) for path, text in LOGS.items()}
    step = StepRecord(name="all", argv=("harness",), seconds=1, exit_code=0, files=files)
    run = run.model_copy(update={"steps": (step,)})
    for path, text in LOGS.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(text)
    assert touched(tmp_path, run) == []
    (tmp_path / "accuracy" / "more.txt").write_text("a note")
    assert touched(tmp_path, run) == []
    (tmp_path / "accuracy" / "log.txt").write_bytes(LOGS["performance/log.txt"])
    (tmp_path / "performance" / "log.txt").unlink()
    assert touched(tmp_path, run) == [Touched("accuracy/log.txt", "changed"), Touched("performance/log.txt", "gone")]
