"""The lines of LoadGen's summary, explained."""

from envmgr.results.loadgen_words import parts
from tests.loadgen import SUMMARY


def test_a_summary_comes_in_parts_whose_lines_are_as_loadgen_wrote_them() -> None:
    found = parts(SUMMARY.format(scenario="Offline", verdict="VALID"))
    assert [part.heading.text for part in found] == [
        "MLPerf Results Summary",
        "Additional Stats",
        "Test Parameters Used",
    ]
    texts = [line.text for line in found[0].lines]
    assert texts[:3] == ["SUT name : envmgr harness", "Scenario : Offline", "Mode     : PerformanceOnly"]
    assert texts[-1].splitlines()[1:] == [
        " with the run being successful if every additional",
        " query were under latency.",
    ]


def test_each_line_is_explained_and_one_that_nobody_knows_is_shown_all_the_same() -> None:
    lines = [line for part in parts(SUMMARY) for line in part.lines]
    assert [line.text for line in lines if not line.meaning] == ["a_word_of_tomorrow : 1"]
    said = {line.text.partition(":")[0].strip(): line.meaning for line in lines}
    assert said["90.00 percentile latency (ns)"].startswith("90 % ")
    assert said["99.90 percentile latency (ns)"].startswith("99.9 % ")


def test_no_summary_has_no_parts() -> None:
    assert parts("") == []
    (alone,) = parts("No warnings encountered during test.\n")
    assert alone.heading.meaning
