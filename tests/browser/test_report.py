"""The report in a browser: quiet, readable for everybody, and nothing in it that it was not meant to run."""

import random
from pathlib import Path

import pytest

from envmgr.model.digest import Digest
from envmgr.model.run_record import RunInput
from envmgr.model.store_path import StorePath
from envmgr.results.pages.report import Choice, report
from envmgr.results.pages.shown import ObjectFacts, ShownRun
from tests.browser.conftest import NARROW, WIDE, Eyes, Scheme
from tests.loadgen import write_annotations, write_answers, write_measurement
from tests.records import imported, record

pytestmark = pytest.mark.browser

METRICS = {"result_valid": True, "samples_per_second": 100.0, "latency_p90_ns": 5_000_000, "mAP": 60.5, "AP": 0.605}
OBJECT = StorePath.parse(f"{'a' * 32}-harness-cpp-1")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report of three runs with everything in it that a report can have."""
    folder = tmp_path_factory.mktemp("runs")
    choices = [Choice(f"batch {batch}", (full(folder, batch),)) for batch in (1, 2)]
    other = imported("20260103-000000-cccccc", metrics={"samples_per_second": 1e90})
    choices.append(Choice("elsewhere", (ShownRun(other, folder / "none"),)))
    (folder / "report.html").write_text(report(choices), encoding="utf-8")
    return (folder / "report.html").as_uri()


def full(folder: Path, batch: int) -> ShownRun:
    draw = random.Random(batch)  # noqa: S311  a fixed draw, no secret
    part = RunInput(derivation=Digest.of(b""), store_path=OBJECT, manifest=Digest.of(b""), isolation="unsandboxed")
    kept = record(
        f"2026010{batch}-000000-aaaaaa", axes={"scenario": "SingleStream"}, metrics=METRICS, inputs={"harness": part},
        settings={"batch": batch}, closure=(OBJECT,), bare_host={"libc.so.6": str(Digest.of(b""))},
    )  # fmt: skip
    here = folder / kept.id
    write_measurement(here / "performance", [(place, int(draw.lognormvariate(15, 1))) for place in range(500)])
    write_answers(here / "accuracy", {0: [(0.1, 0.1, 0.3, 0.3, 0.9, 0)]})
    write_annotations(here / "truth.json", ["cat"], {0: [(0, [10.0, 10.0, 20.0, 20.0])]})
    (here / "classes.json").write_text('[{"name": "cat", "AP": 0.5, "AP50": 0.75}]')
    facts = ObjectFacts(
        (), 1000, Digest.of(b""), "harness-cpp", Digest.of(b""), "unsandboxed", "envmgr log harness-cpp"
    )
    return ShownRun(kept, here, {OBJECT: facts}, here / "truth.json", here)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_report_asks_for_nothing_complains_of_nothing_and_is_accessible(
    look: Eyes, address: str, scheme: Scheme, width: int
) -> None:
    looked = look(address, scheme=scheme, width=width)
    for details in looked.page.locator("details").all():
        details.evaluate("element => element.open = true")
    assert looked.is_quiet()
    assert looked.is_accessible()
    assert not looked.scrolls_sideways()


def test_the_latency_curve_is_drawn_for_each_run_that_has_latencies(look: Eyes, address: str) -> None:
    looked = look(address)
    assert looked.page.locator(".curve canvas").count() == 3  # one of both, and one each
    looked.page.locator(".curve canvas").first.scroll_into_view_if_needed()
    box = looked.page.locator(".curve canvas").first.bounding_box()
    assert box is not None
    looked.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert "ms" in looked.page.locator(".u-legend").first.inner_text()


def test_the_policy_refuses_a_script_that_somebody_slips_in(look: Eyes, address: str) -> None:
    looked = look(address)
    slipped = (
        "const it = document.createElement('script'); it.textContent = 'window.evil = 1'; document.body.append(it)"
    )
    looked.page.evaluate(slipped)
    assert looked.page.evaluate("window.evil === undefined")
    assert any("Content Security Policy" in complaint for complaint in looked.complaints)
