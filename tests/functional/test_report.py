"""`envmgr report`: runs of a store as one page."""

import io
import shutil
import sys
from pathlib import Path

import pytest

from envmgr.cli.smaller_pictures import SIDE, smaller
from envmgr.model.run_record import SeriesPlace
from envmgr.model.store_path import StorePath
from tests.functional.conftest import Checkout
from tests.loadgen import write_measurement
from tests.records import keep, record


def test_a_report_is_one_file_of_the_runs_that_were_named(checkout: Checkout) -> None:
    runs = checkout.store / "runs"
    for place, run in enumerate(("20260101-000000-aaaaaa", "20260102-000000-bbbbbb", "20260103-000000-cccccc")):
        series = SeriesPlace(series="s-1", configuration="batch=2", round=place) if place else None
        folder = keep(runs, record(run, series=series, metrics={"samples_per_second": 100.0 + place}))
        write_measurement(folder / "performance", [(0, 1000)])
    answer = checkout("report", "20260101", "s-1", "-o", "page.html", "--json").data
    page = (checkout.top / "page.html").read_text()
    assert answer["runs"] == ["20260101-000000-aaaaaa", "20260102-000000-bbbbbb", "20260103-000000-cccccc"]
    assert answer["bytes"] == len(page.encode())
    assert "Of 2 runs this is the one whose number is nearest to their median." in page
    assert page.startswith("<!doctype html>")


def test_a_run_that_is_not_there_is_named_and_nothing_is_written(checkout: Checkout) -> None:
    keep(checkout.store / "runs", record("20260101-000000-aaaaaa"))
    assert checkout.fails(2, "report", "20270101", "-o", "page.html")["class"] == "NoSuchRunError"
    assert checkout.fails(2, "report", *["20260101"] * 13, "-o", "page.html")["class"] == "TooManyRunsError"
    assert not (checkout.top / "page.html").exists()
    for place in ("nowhere/page.html", "recipes"):
        assert checkout.fails(2 if place == "recipes" else 12, "report", "2026", "-o", place)["where"] in {"", place}


def test_a_broken_file_of_a_run_is_named(checkout: Checkout) -> None:
    folder = keep(checkout.store / "runs", record("20260101-000000-aaaaaa"))
    for text in ('[{"name": "cat"}]', '[{"name": "cat", "AP": NaN, "AP50": 0.5}]'):
        (folder / "classes.json").write_text(text)
        error = checkout.fails(7, "report", "2026", "-o", "page.html")
        assert (error["class"], error["where"]) == ("UnreadableResultError", str(folder / "classes.json"))


@pytest.mark.harness
def test_large_pictures_are_made_smaller_by_the_pillow_of_the_closure(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    packages = tmp_path / f"vision/lib/python3.{sys.version_info.minor}/site-packages"
    for name in ("PIL", "pillow.libs"):
        shutil.copytree(Path(image.__file__).parents[1] / name, packages / name)
    image.effect_noise((1200, 900), 90).convert("RGB").save(tmp_path / "large.jpg", quality=95)
    closure = {StorePath.parse(f"{'a' * 32}-vision-1"): tmp_path / "vision"}
    abi = f"cp3{sys.version_info.minor}"
    made = smaller(closure, abi, tmp_path, ["large.jpg"])
    with image.open(io.BytesIO(made["large.jpg"])) as picture:
        assert (picture.format, picture.size) == ("JPEG", (SIDE, SIDE * 3 // 4))
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    assert smaller(closure, abi, tmp_path, ["broken.jpg"]) == {}
    assert smaller({}, abi, tmp_path, ["large.jpg"]) == {}
    assert smaller(closure, "cp399", tmp_path, ["large.jpg"]) == {}
