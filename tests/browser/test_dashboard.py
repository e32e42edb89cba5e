"""The dashboard in a browser: sorted, filtered and compared by keyboard, in both schemes, on any width."""

from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page

from envmgr.results.fields import fields
from envmgr.results.ledger import Entry
from envmgr.results.pages.dashboard import dashboard
from envmgr.results.pages.serve import Server
from tests.browser.conftest import NARROW, WIDE, Eyes, Scheme
from tests.records import record

pytestmark = pytest.mark.browser
PAPER = 718
"""A sheet of A4 between its margins."""
SCENARIOS = ("Offline", "Server", "SingleStream")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A dashboard of 36 runs, in which one configuration became slower."""
    kept = [
        record(
            f"202601{place + 1:02}-000000-aaaaaa", recipe="bench" if place % 9 else "other",
            settings={"batch": place % 2},
            axes={"scenario": SCENARIOS[place % 3], "dataset": "shapes"},
            metrics={
                "samples_per_second": 100.0 + place % 7 - (30 if place > 17 else 0), "mAP": 60.0 + place % 2,
                "scheduled_samples_per_second": 50.0, "latency_p90_ns": 5_000_000 + place,
                "result_valid": place % 5 > 0,
            },
        )
        for place in range(30)
    ]  # fmt: skip
    file = tmp_path_factory.mktemp("board") / "index.html"
    file.write_text(dashboard([Entry(run.id, fields(run)) for run in kept], {kept[0].id}), encoding="utf-8")
    return file.as_uri()


def ids(page: Page) -> list[str]:
    """The runs that are shown, from the top."""
    return page.locator("#runs tbody tr:visible th").all_inner_texts()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_dashboard_asks_for_nothing_complains_of_nothing_and_is_accessible(
    look: Eyes, address: str, scheme: Scheme, width: int
) -> None:
    looked = look(address, scheme=scheme, width=width)
    for details in looked.page.locator("details").all():
        details.evaluate("element => element.open = true")
    for box in (0, 3):
        looked.page.locator("#runs input").nth(box).check()
    assert looked.is_quiet()
    assert looked.is_accessible()
    assert not looked.scrolls_sideways()


def test_on_paper_no_run_is_cut_off(look: Eyes, address: str) -> None:
    page = look(address, width=PAPER).page
    page.emulate_media(media="print")
    table = "(e => [e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth])"
    assert page.locator(".tall").evaluate(table) == [0, 0]


def test_the_table_is_sorted_by_keyboard(look: Eyes, address: str) -> None:
    page = look(address).page
    head = page.locator("#runs thead th", has_text="Samples/s")
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    up = [float(text) for text in page.locator("#runs tbody td:nth-child(6)").all_inner_texts()]
    assert up == sorted(up)
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    down = [float(text) for text in page.locator("#runs tbody td:nth-child(6)").all_inner_texts()]
    assert down == sorted(down, reverse=True)
    assert page.locator("#runs thead [aria-sort]:not([aria-sort=none])").count() == 1


def test_the_table_is_filtered_by_words_and_choices_and_says_how_many_are_left(look: Eyes, address: str) -> None:
    page = look(address).page
    page.locator("#words").focus()
    page.keyboard.type("server bench")
    shown = len(ids(page))
    assert 0 < shown < 30
    assert page.locator("#count").inner_text() == f"{shown} of 30 runs"
    page.locator("#verdict").select_option("INVALID")
    assert 0 < len(ids(page)) < shown
    page.locator("#words").fill("nothing has this")
    assert (ids(page), page.locator("#count").inner_text()) == ([], "0 of 30 runs")


def test_two_to_four_runs_are_compared_and_no_more(look: Eyes, address: str) -> None:
    page = look(address).page
    boxes = page.locator("#runs input")
    boxes.nth(0).focus()
    page.keyboard.press("Space")
    assert page.locator("#compared table").count() == 0
    boxes.nth(1).focus()
    page.keyboard.press("Space")
    heads = page.locator("#compared thead th").all_inner_texts()
    assert heads == ["Field", *ids(page)[:2]]
    fields = page.locator("#compared tbody th").all_inner_texts()
    assert {"Samples per second", "settings.batch"} <= set(fields)
    assert "recipe" not in fields
    boxes.nth(2).check()
    boxes.nth(3).check()
    assert boxes.nth(4).is_disabled()
    boxes.nth(0).uncheck()
    assert boxes.nth(4).is_enabled()


def test_served_the_page_is_as_quiet_as_from_the_disk(look: Eyes, address: str) -> None:
    folder = Path(address.removeprefix("file://")).parent
    with Server(folder, "127.0.0.1", 0) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            looked = look(server.address)
            assert looked.is_quiet()
            assert len(ids(looked.page)) == 30
        finally:
            server.shutdown()
            serving.join()


def test_without_scripts_all_runs_are_there(look: Eyes, address: str) -> None:
    context = look.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert len(ids(page)) == 30
    assert page.locator("#history ~ details").count() > 0
