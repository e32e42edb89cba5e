"""What runs give a submission."""

from pathlib import Path

import pytest

from envmgr.results.submission.gather import UnfitRunsError, gather
from envmgr.results.submission.rounds import ROUNDS
from envmgr.results.submission.tree import Submission, tree
from tests.loadgen_logs import leave_run

RUN = "20260101-000000-aaaaaa"


def test_no_run_at_all_makes_no_tree() -> None:
    with pytest.raises(UnfitRunsError):
        gather([], ROUNDS["v5.1"])


def test_an_accuracy_run_and_a_performance_run_make_one_entry(tmp_path: Path) -> None:
    first, second = (leave_run(tmp_path, f"20260101-00000{k}-aaaaaa", "v5.1", "Offline") for k in range(2))
    halves = [
        made.model_copy(update={"steps": tuple(step for step in made.steps if step.name in names)})
        for made, names in ((first, {"accuracy", "score"}), (second, {"performance"}))
    ]
    (entry,) = gather([(half, tmp_path / half.id) for half in halves], ROUNDS["v5.1"])
    assert [run.record.id for run in entry.runs] == [first.id, second.id]


@pytest.mark.parametrize("model", ["../../elsewhere", "..", "/elsewhere"])
def test_no_model_leads_out_of_the_tree(tmp_path: Path, model: str) -> None:
    made = leave_run(tmp_path, RUN, "v5.1", "Offline")
    other = made.model_copy(update={"axes": {**made.axes, "model": model}})
    with pytest.raises(UnfitRunsError):
        gather([(other, tmp_path / RUN)], ROUNDS["v5.1"])


@pytest.mark.parametrize("lost", ["score", "user.conf"])
def test_a_run_without_a_file_that_is_submitted_is_named(tmp_path: Path, lost: str) -> None:
    made = leave_run(tmp_path, RUN, "v5.1", "Offline")
    kept = made.model_copy(update={"steps": tuple(step for step in made.steps if step.name != lost)})
    file = tmp_path / RUN / ("score/output.txt" if lost == "score" else lost)
    file.unlink()
    entries = gather([(kept, tmp_path / RUN)], ROUNDS["v5.1"])
    with pytest.raises(UnfitRunsError) as caught:
        tree(Submission("we", "open", ROUNDS["v5.1"], "box", {}, trial=False), entries)
    assert caught.value.reasons[0].startswith(f"{RUN} left no ")
