"""How LoadGen's accuracy log is read: its form, and what is no such log."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from loadgen_harness.accuracy_log import LogError, read_log

ENTRY = '{ "seq_id" : 0, "qsl_idx" : 1, "data" : "00FF" }'


def answers(folder: Path, lines: Sequence[str]) -> list[tuple[int, str]]:
    log = folder / "mlperf_log_accuracy.json"
    log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return list(read_log(log, 3))


def test_an_answer_is_a_line(tmp_path: Path) -> None:
    other = '{ "seq_id" : 3, "qsl_idx" : 0, "data" : "", "token_count" : 0 }'
    assert answers(tmp_path, ["[", f"{ENTRY},", other, "]"]) == [(1, "00FF"), (0, "")]


def test_answers_are_read_one_by_one(tmp_path: Path) -> None:
    """What stands before a fault is known before the fault is."""
    log = tmp_path / "log"
    log.write_text(f"[\n{ENTRY},\nnonsense\n]\n", encoding="utf-8")
    reading = read_log(log, 3)
    assert next(reading).sample == 1
    with pytest.raises(LogError, match="line 3: "):
        next(reading)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "line 1: "),
        (["{}"], "line 1: "),
        ([f"[{ENTRY}]"], "line 1: "),
        (["[", "]"], "it answers nothing"),
        (["["], "the closing ] is missing"),
        (["[", f"{ENTRY},", ENTRY[:20]], "line 3: no answer as LoadGen logs it"),
        (["[", ENTRY, "]", "[", ENTRY, "]"], "something follows"),
        (["[", "7", "]"], "line 2: an answer has"),
        (["[", '{"qsl_idx": "1", "data": ""}', "]"], "line 2: an answer has"),
        (["[", '{"qsl_idx": 1, "data": 5}', "]"], "line 2: an answer has"),
        (["[", '{"qsl_idx": -1, "data": ""}', "]"], "line 2: an answer has"),
        (["[", '{"qsl_idx": 3, "data": ""}', "]"], "line 2: sample 3: the dataset has only 3"),
    ],
)
def test_what_is_no_such_log_is_refused_with_the_line(tmp_path: Path, lines: list[str], complaint: str) -> None:
    with pytest.raises(LogError) as raised:
        answers(tmp_path, lines)
    assert f".json: {complaint}" in str(raised.value)
