"""The rules of a round: good trees pass, and each spoiled one is refused by the rule that it breaks."""

import shutil
from pathlib import Path

import pytest

from envmgr.results.submission.preflight import preflight
from envmgr.results.submission.rounds import ROUNDS
from tests.submission_trees import FORMS, ODD, SPOILS, Spoil, make


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A good tree of every form."""
    return {name: make(form, tmp_path_factory.mktemp("good")) for name, form in FORMS.items()}


@pytest.mark.parametrize("name", FORMS)
def test_a_good_tree_passes(name: str, good: dict[str, Path]) -> None:
    assert preflight(good[name], ROUNDS[FORMS[name].round]) == []


@pytest.mark.parametrize("spoil", [*SPOILS, *ODD], ids=lambda spoil: spoil.name)
def test_a_spoiled_tree_is_refused_by_the_rule_that_it_breaks(
    spoil: Spoil, good: dict[str, Path], tmp_path: Path
) -> None:
    form = FORMS[spoil.form]
    tree = shutil.copytree(good[spoil.form], tmp_path / "tree")
    spoil.act(tree / form.division / "we")
    breaches = preflight(tree, ROUNDS[form.round])
    assert spoil.rule in {item.rule for item in breaches}
    assert all(item.reason and item.fix and not Path(item.file).is_absolute() for item in breaches)


def test_a_round_without_the_model_refuses_it(good: dict[str, Path]) -> None:
    assert "scenarios.model" in {item.rule for item in preflight(good["open edge, v6.0"], ROUNDS["v6.1"])}


def test_a_tree_in_the_form_of_another_round_is_refused(good: dict[str, Path]) -> None:
    assert "measurements.file" in {item.rule for item in preflight(good["open edge"], ROUNDS["v6.0"])}


def test_a_score_below_the_target_is_taken_by_the_open_division(good: dict[str, Path], tmp_path: Path) -> None:
    tree = shutil.copytree(good["open edge"], tmp_path / "tree")
    file = tree / "open/we/results/box/retinanet/Offline/accuracy/accuracy.txt"
    file.write_text(file.read_text().replace("mAP=37.520", "mAP=1.0"))
    assert preflight(tree, ROUNDS["v5.1"]) == []
