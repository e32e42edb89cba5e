"""The command line of the Python harness."""

import re
from pathlib import Path

import pytest

pytest.importorskip("numpy")

from loadgen_harness.settings import Settings, UsageError, parse_settings, usage

pytestmark = pytest.mark.harness

TOP = Path(__file__).parents[2]

BARE = ("--backend", "null", "--tensors", "t", "--bare", "10")


def offline(*more: str, cores: int = 1) -> Settings:
    words = ["--backend", "null", "--tensors", "t", "--output", "o", "--scenario", "Offline", "--mode", "performance"]
    return parse_settings([*words, *more], cores)


def test_offline_gets_a_session_a_core() -> None:
    settings = offline(cores=8)
    assert (settings.workers, settings.threads) == (8, 1)


@pytest.mark.parametrize("scenario", ["SingleStream", "MultiStream"])
def test_a_stream_gives_all_cores_to_one_session(scenario: str) -> None:
    words = f"--backend null --tensors t --output o --scenario {scenario} --mode accuracy".split()
    settings = parse_settings(words, 8)
    assert (settings.workers, settings.threads) == (1, 8)


def test_a_bare_run_needs_no_scenario_and_has_one_session() -> None:
    settings = parse_settings(BARE, 4)
    assert (settings.bare, settings.workers, settings.threads) == (10, 1, 4)


@pytest.mark.parametrize(
    ("asked", "threads"), [(("--workers", "3"), 2), (("--workers", "9"), 1), (("--workers", "2", "--threads", "7"), 7)]
)
def test_cores_are_shared_out_over_the_workers_that_are_asked_for(asked: tuple[str, ...], threads: int) -> None:
    assert offline(*asked, cores=8).threads == threads


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--modle", "x"), "--modle"),
        (("--tensors", "u"), "twice"),
        (("--count",), "--count"),
        (("--task", "poetry"), "detection"),
        (("--batch", "0"), "--batch 0"),
        (("--warmup", "0"), "--warmup 0"),
        (("--inter-threads", "0"), "--inter-threads 0"),
        *((("--count", word), "whole number") for word in ("", "x", "-1", "1x", "1.5", "²")),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_is_wrong(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        offline(*words)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(UsageError, match="--tensors is missing"):
        parse_settings(["--backend", "null", "--bare", "1"], 1)
    with pytest.raises(UsageError, match="--model is missing"):
        parse_settings(["--backend", "onnxruntime", "--tensors", "t", "--bare", "1"], 1)


def test_peak_performance_is_for_server_only() -> None:
    words = [
        "--backend",
        "null",
        "--tensors",
        "t",
        "--output",
        "o",
        "--scenario",
        "Offline",
        "--mode",
        "find-peak-performance",
    ]
    with pytest.raises(UsageError, match="Server"):
        parse_settings(words, 1)


@pytest.mark.parametrize("more", [("--task", "classification"), ("--provider", "cuda")])
def test_pytorch_detects_on_the_processor_only(more: tuple[str, ...]) -> None:
    words = ["--backend", "pytorch", "--model", "m", "--tensors", "t", "--bare", "1"]
    assert parse_settings(words, 1).backend == "pytorch"
    with pytest.raises(UsageError, match="--backend pytorch"):
        parse_settings([*words, *more], 1)


def test_both_harnesses_have_the_same_options() -> None:
    source = (TOP / "harness/cpp/src/settings.cc").read_text()
    listed = source.partition("std::string Usage()")[2].partition(')";')[0]
    options = re.compile(r"^  (--[a-z-]+)", re.MULTILINE)
    assert sorted(options.findall(usage())) == sorted(options.findall(listed))
