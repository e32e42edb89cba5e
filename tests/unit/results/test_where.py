"""Expressions by which runs are chosen."""

import pytest

from envmgr.results.fields import Fields
from envmgr.results.where import LONGEST, ExpressionError, chosen

ROWS: list[Fields] = [
    {
        "recipe": "bench", "started": "2026-10-31T10:00:00+00:00", "imported": False, "axes.scenario": "Offline",
        "settings.batch": 4, "metrics.mAP": 61.5, "metrics.result_valid": True, "host.cpu.features": "avx avx512f",
        "settings.a-b": 1,
    },
    {"recipe": "other", "started": "2026-11-02T10:00:00+00:00", "imported": True, "axes.scenario": "Server"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("scenario == 'Offline' and metrics.mAP > 60", [True, False]),
        ("scenario == 'Offline' or imported", [True, True]),
        ("not imported", [True, False]),
        ("  started >= 2026-11-01", [False, True]),
        ("2026-10-31 <= started < 2026-10-31T12:00", [True, False]),
        ("recipe in ('other', \"third\")", [False, True]),
        ("recipe not in ['other']", [True, False]),
        ("'avx512f' in host.cpu.features", [True, False]),
        ("batch == 4", [True, False]),
        ("batch != 4", [False, True]),
        ("batch in (1, 4)", [True, False]),
        ("mAP < 1e3", [True, False]),
        ("batch > -1", [True, False]),
        ("result_valid == true", [True, False]),
        ("metrics.result_valid", [True, False]),
        ("settings['a-b'] == 1", [True, False]),
        ("started != '2026-11-01'", [True, True]),
    ],
)
def test_an_expression_chooses_the_runs_for_which_it_holds(text: str, runs: list[bool]) -> None:
    assert chosen(text, ROWS) == runs


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("scenario == Offline", 13, "no run has a field 'Offline'"),
        ("metrics.mPA > 60", 1, "did you mean 'metrics.mAP'?"),
        ("started >= 2026-11-01 and sceanrio == 'x'", 27, "did you mean 'scenario'?"),
        ("recipe == 'ä' and bathc == 1", 19, "did you mean 'batch'?"),
        ("recipe == 'other' or bathc == 1", 22, "did you mean 'batch'?"),
        ("batch == '4'", 10, "4 is a number, and '4' is text"),
        ("recipe in ('bench', 4)", 11, "'bench' is text, and 4 is a number"),
        ("recipe in ('bench')", 12, "several values"),
        ("batch", 1, "neither true nor false"),
        ("batch + 1 == 5", 1, "neither a field nor a value"),
        ("__import__('os').system('true')", 1, "neither a field nor a value"),
        ("recipe.upper() == 'X'", 1, "neither a field nor a value"),
        ("[x for x in recipe]", 1, "neither a field nor a value"),
        ("recipe is 'x'", 11, "no such comparison"),
        ("started >= 2026-11-01 and", 26, "invalid syntax"),
        ("'open", 1, "unterminated"),
        ("", 1, "invalid syntax"),
        ("(" * 500, 1, ""),
        ("a" + ".a" * (LONGEST // 2 - 1), 1, "no run has a field"),
        ("not " * LONGEST, LONGEST + 1, "more than"),
    ],
)
def test_what_is_wrong_with_an_expression_is_said_with_its_column(text: str, column: int, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        chosen(text, ROWS)
    assert said in f"{caught.value} {caught.value.fix}"
    if said:
        assert caught.value.column == column


def test_what_is_no_expression_is_refused_also_where_there_is_no_run() -> None:
    assert chosen("anything == 1", []) == []
    with pytest.raises(ExpressionError):
        chosen("anything()", [])
