"""The report: what stands in it, and that nothing in a record can become markup."""

import base64
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from envmgr.model.digest import Digest
from envmgr.model.run_record import Recorded, RunInput, SeriesPlace
from envmgr.model.store_path import StorePath
from envmgr.results.pages.drawings import throughput
from envmgr.results.pages.report import Choice, compared, report
from envmgr.results.pages.shown import ObjectFacts, ShownRun, closure_tree
from tests.loadgen import write_annotations, write_answers, write_measurement
from tests.records import NOW, imported, record
from tests.unit.results.pages.elements import EVIL, Elements

CALM = NOW.model_copy(update={"memory_available_bytes": 4 << 30})
"""Of a machine that does nothing else."""


def shown(folder: Path, kept: Recorded, **more: Any) -> ShownRun:  # noqa: ANN401  fields of a run
    return ShownRun(kept, folder / kept.id, **more)  # type: ignore[arg-type]  # one of the two


def one(run: ShownRun) -> str:
    return report([Choice(run.record.id, (run,))])


def measured(folder: Path, run: str = "20260101-000000-aaaaaa", **changes: Any) -> ShownRun:  # noqa: ANN401  fields
    metrics = {"result_valid": True, "samples_per_second": 100.0, "latency_p90_ns": 5_000_000, "mAP": 60.5, "AP": 0.605}
    base: dict[str, Any] = {"before": CALM, "after": CALM}
    base |= {"axes": {"scenario": "SingleStream", "mode": "both"}, "settings": {"batch": 1}, "metrics": metrics}
    return shown(folder, record(run, **{**base, **changes}))


def test_a_page_lets_run_its_own_style_and_script_and_nothing_else(tmp_path: Path) -> None:
    page = one(measured(tmp_path))
    (policy,) = [item["content"] for tag, item in Elements(page).found if item.get("http-equiv")]
    assert policy is not None
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_a_page_asks_for_nothing(tmp_path: Path) -> None:
    found = Elements(one(measured(tmp_path))).found
    asked = [item.get(name) for _, item in found for name in ("src", "href", "srcset", "action", "data")]
    assert {address for address in asked if address and not address.startswith(("#", "data:"))} == set()
    assert [item for _, item in found if "style" in item or any(name.startswith("on") for name in item)] == []


def test_nothing_in_a_record_becomes_markup(tmp_path: Path) -> None:
    run = measured(
        tmp_path, recipe=EVIL, axes={EVIL: EVIL, "scenario": EVIL}, settings={EVIL: 1}, environment={"X": EVIL},
        metrics={EVIL: 1, "said": EVIL, "result_valid": True}, bare_host={EVIL: EVIL}, replaced={EVIL: EVIL},
        series=SeriesPlace(series="s-1", configuration=EVIL, round=1),
    )  # fmt: skip
    other = measured(tmp_path, "20260102-000000-bbbbbb")
    write_measurement(tmp_path / run.record.id / "performance", scenario=EVIL)
    write_answers(tmp_path / run.record.id / "accuracy", {0: [(0.0, 0.0, 1.0, 1.0, 0.9, 0)]})
    write_annotations(tmp_path / "truth.json", [EVIL], {0: [(0, [1.0, 2.0, 3.0, 4.0])]})
    (tmp_path / run.record.id / "classes.json").write_text(f'[{{"name": "{EVIL}", "AP": 0.5, "AP50": 0.75}}]')
    run = ShownRun(run.record, run.folder, annotations=tmp_path / "truth.json")
    page = report([Choice(EVIL, (run,)), Choice("other", (other,))])
    elements = Elements(page)
    assert EVIL not in page
    assert [tag for tag, _ in elements.found].count("script") == 2
    assert elements.text.count("alert(1)") > 10


def test_tables_have_captions_and_scopes_and_drawings_have_words(tmp_path: Path) -> None:
    run = measured(tmp_path)
    write_measurement(tmp_path / run.record.id / "performance", [(place, 1000 + place) for place in range(50)])
    found = Elements(one(run)).found
    tags = [tag for tag, _ in found]
    assert tags.count("table") == tags.count("caption") > 5
    assert all("scope" in item for tag, item in found if tag == "th")
    drawings = [item for tag, item in found if tag == "svg"]
    assert drawings
    assert all(item.get("aria-label") or item.get("aria-hidden") for item in drawings)


def test_a_report_says_what_loadgen_said_with_what_it_means_and_how_to_repeat_it(tmp_path: Path) -> None:
    run = measured(tmp_path, lockfile=Digest.of(b"lock"), environment={"OMP_NUM_THREADS": "1 2"})
    write_measurement(tmp_path / run.record.id / "performance", [(0, 5_000_000)])
    text = Elements(one(run)).text
    for said in (
        "Result is : VALID", "VALID where every condition below was met", "5 ms", "60.500 %", "Not submittable",
        "envmgr run bench --lock recipes.lock", "--set scenario=SingleStream", "--set batch=1",
        "--env 'OMP_NUM_THREADS=1 2'", "envmgr runs replay 20260101-000000-aaaaaa",
        "all 1 samples, from LoadGen's trace",
    ):  # fmt: skip
        assert said in text


def test_without_a_trace_the_report_draws_no_histogram_and_says_how_to_get_one(tmp_path: Path) -> None:
    text = Elements(one(measured(tmp_path))).text
    assert "--set trace=1" in text
    assert "How many answers took how long" not in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metrics": {"result_valid": False}, "exit_code": 8}, "INVALID"),
        ({"metrics": {"mAP": 20.0}, "exit_code": 9}, "accuracy below target"),
        ({"metrics": {}}, "Nothing was measured"),
        ({"metrics": {"accuracy": 75.0, "good": 3, "total": 4}}, "Of 4 pictures 3 got their label: 75.000 %"),
        ({"metrics": {"audit_passed": False}, "axes": {"audit": "TEST01"}}, "TEST01 failed"),
        ({"isolation": "unsandboxed"}, "the run itself unsandboxed"),
    ],
)
def test_every_kind_of_run_has_a_report(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    assert said in Elements(one(shown(tmp_path, record("20260101-000000-aaaaaa", **changes)))).text


def test_a_disturbed_run_says_what_disturbed_it(tmp_path: Path) -> None:
    after = CALM.model_copy(update={"steal_seconds": 1.5})
    text = Elements(one(shown(tmp_path, record("20260101-000000-aaaaaa", after=after, seconds=10.0)))).text
    assert "Disturbed : its numbers are not to be believed." in text
    assert "the hypervisor took 0.15 of 2 cores" in text


def test_of_an_imported_run_the_report_says_what_its_logs_say(tmp_path: Path) -> None:
    run = imported("20260101-000000-aaaaaa", axes={"scenario": "Server"}, metrics={"result_valid": True})
    write_measurement(tmp_path / run.id / "performance", scenario="Server")
    text = Elements(one(shown(tmp_path, run))).text
    for said in ("imported", "Result is : VALID", "it was made elsewhere", "there is no command to repeat it"):
        assert said in text


def test_pictures_stand_in_the_page_with_boxes_unless_they_are_large(tmp_path: Path) -> None:
    run = measured(tmp_path)
    write_answers(tmp_path / run.record.id / "accuracy", {0: [(0.1, 0.1, 0.3, 0.3, 0.9, 0)], 1: []})
    write_annotations(
        tmp_path / "truth.json", ["cat"], {0: [(0, [10.0, 10.0, 20.0, 20.0])], 1: [(0, [0.0, 0.0, 9.0, 9.0])]}
    )
    (tmp_path / "0.jpg").write_bytes(b"\xff\xd8small")
    (tmp_path / "1.jpg").write_bytes(b"\xff\xd8" + bytes(60_000))
    page = one(ShownRun(run.record, run.folder, annotations=tmp_path / "truth.json", pictures=tmp_path))
    assert page.count("data:image/jpeg;base64,") == 1
    assert base64.b64encode(b"\xff\xd8small").decode() in page
    elements = Elements(page)
    assert "1 of 1 found" in elements.text
    assert "0 of 1 found" in elements.text
    classes = [item["class"] for tag, item in elements.found if tag == "rect" and "class" in item]
    assert (classes.count("truth"), classes.count("found")) == (2, 1)


def test_only_large_pictures_are_made_smaller_and_what_is_no_jpeg_is_left_out(tmp_path: Path) -> None:
    run = measured(tmp_path)
    write_answers(tmp_path / run.record.id / "accuracy", {place: [] for place in range(4)})
    write_annotations(tmp_path / "truth.json", ["cat"], {place: [] for place in range(4)})
    for place, data in enumerate([b"\xff\xd8small", b"\xff\xd8" + bytes(60_000), b"<svg/>"]):
        (tmp_path / f"{place}.jpg").write_bytes(data)
    asked: list[list[str]] = []

    def smaller(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
        assert folder == tmp_path
        asked.append([*names])
        return dict.fromkeys(names, b"\xff\xd8tiny")

    page = one(ShownRun(run.record, run.folder, {}, tmp_path / "truth.json", tmp_path, smaller))
    assert asked == [["1.jpg"]]
    shown = re.findall(r"data:image/jpeg;base64,([^\"]*)", page)
    assert [base64.b64decode(data) for data in shown] == [b"\xff\xd8small", b"\xff\xd8tiny"]


def path(name: str) -> StorePath:
    return StorePath.parse(f"{'a' * 31}{name}-{name}-1")


def test_the_closure_is_a_tree_in_which_each_object_is_shown_once_in_full() -> None:
    def facts(*references: str) -> ObjectFacts:
        return ObjectFacts(tuple(map(path, references)), 12_300_000, Digest.of(b""), recipe="r", licence="MIT")

    inputs = {
        role: RunInput(derivation=Digest.of(b""), store_path=path(name), manifest=Digest.of(b""), isolation="sandboxed")
        for role, name in (("harness", "b"), ("tensors", "c"), ("weights", "d"))
    }
    kept = record("20260101-000000-aaaaaa", inputs=inputs, closure=tuple(path(name) for name in "bcdef"))
    run = ShownRun(kept, Path("nowhere"), {path("b"): facts("e"), path("c"): facts("e"), path("e"): facts()})
    found = [(item.depth, item.role, item.store_path, item.repeated, item.facts is None) for item in closure_tree(run)]
    assert found == [
        (0, "harness", path("b"), False, False),
        (1, "", path("e"), False, False),
        (0, "tensors", path("c"), False, False),
        (1, "", path("e"), True, False),
        (0, "weights", path("d"), False, True),
        (0, "", path("f"), False, True),
    ]
    text = Elements(one(run)).text
    for said in ("12.3 MB", "MIT", "as above", "no more in this store"):
        assert said in text


def runs_of(folder: Path, times: list[int], **changes: Any) -> Choice:  # noqa: ANN401  fields of a record
    name = f"config {times[0]}"
    runs = [
        measured(folder, f"2026010{times[0]}-00000{place}-aaaaaa", metrics={"latency_p90_ns": time * 1000}, **changes)
        for place, time in enumerate(times)
    ]
    return Choice(name, tuple(runs))


@pytest.mark.parametrize(
    ("other", "said", "tone"),
    [
        ([5, 6, 5, 6, 5, 6], "within noise", "plain"),
        ([3, 3, 3, 3, 3, 4], "times the first", "good"),
        ([9, 9, 9, 8, 9, 9], "times the first", "bad"),
        ([9], "too few runs to tell", "plain"),
    ],
)
def test_only_what_is_more_than_noise_is_called_better_or_worse(
    tmp_path: Path, other: list[int], said: str, tone: str
) -> None:
    found = compared([runs_of(tmp_path, [6, 5, 6, 5, 6, 5]), runs_of(tmp_path, other)])
    cells = dict(found.metrics)["latency_p90_ns"]
    assert said in cells[1].verdict
    assert cells[1].tone == tone
    assert (cells[0].verdict, cells[0].tone) == ("", "plain")


def test_nothing_is_called_better_where_most_runs_were_disturbed(tmp_path: Path) -> None:
    after = CALM.model_copy(update={"steal_seconds": 1.5})
    choices = [runs_of(tmp_path, [6, 5, 6, 5, 6, 5]), runs_of(tmp_path, [3, 3, 3, 3, 3, 4], after=after)]
    found = compared(choices)
    assert found.disturbed == ("config 3: 6 of 6 runs were disturbed",)
    assert dict(found.metrics)["latency_p90_ns"][1].tone == "plain"
    assert "Too noisy to believe" in Elements(report(choices)).text


def test_of_several_runs_the_one_nearest_to_the_median_is_shown(tmp_path: Path) -> None:
    choice = runs_of(tmp_path, [9, 1, 5])
    assert choice.typical is choice.runs[2]


def test_a_comparison_says_what_was_chosen_differently(tmp_path: Path) -> None:
    found = compared([runs_of(tmp_path, [5]), runs_of(tmp_path, [6], settings={"batch": 8})])
    assert found.differing == (("settings.batch", ("1", "8")),)


def test_throughput_is_drawn_over_batch_where_runs_differ_in_it(tmp_path: Path) -> None:
    choices = [
        Choice(
            str(batch), (measured(tmp_path, f"20260101-00000{batch}-aaaaaa", settings={"batch": batch, "threads": 1}),)
        )
        for batch in (1, 2, 4)
    ]
    text = Elements(report(choices)).text
    assert "Samples per second over batch" in text
    assert "Samples per second over threads" not in text
    assert "batch 4, 100 samples/s" in text
    assert "what lies between may be noise" in text


@pytest.mark.parametrize(("runs", "lines"), [(2, 0), (3, 1)])
def test_throughput_is_joined_by_a_line_only_where_a_median_has_three_runs(runs: int, lines: int) -> None:
    points = [
        ("cpp", batch, rate + run, f"run {run}") for batch, rate in ((1.0, 10.0), (4.0, 20.0)) for run in range(runs)
    ]
    chart = throughput(points, "batch")
    assert chart is not None
    assert (len(chart.lines), len(chart.marks)) == (lines, 2 * runs)
    assert throughput(points[:runs], "batch") is None


def test_latency_curves_of_one_scenario_are_drawn_in_one(tmp_path: Path) -> None:
    def drawn(*scenarios: str) -> list[str]:
        runs = [
            measured(tmp_path, f"2026010{place}-000000-aaaaaa", axes={"scenario": scenario})
            for place, scenario in enumerate(scenarios, 1)
        ]
        return re.findall(r'data-curves="([^"]*)"', report([Choice(run.record.id, (run,)) for run in runs]))

    assert drawn("SingleStream", "SingleStream") == ["0 1", "0", "1"]
    assert drawn("SingleStream", "Server") == ["0", "1"]
