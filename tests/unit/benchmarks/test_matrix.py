"""The table of all ways to run the benchmark, and what it is judged by."""

from benchmarks.matrix import COLUMNS, ROWS, Cell, disagreements, in_full, table, ways

WAY = {"implementation": "cpp", "backend": "onnxruntime", "device": "cpu", "scenario": "Server", "mode": "accuracy"}


def cell(exit_code: int = 0, message: str = "", metrics: dict[str, float] | None = None, **axes: str) -> Cell:
    return Cell({**WAY, **axes}, exit_code, metrics or {}, message)


def test_the_ways_are_the_recipes() -> None:
    every = list(ways({}))
    assert every[0].keys() == {*ROWS, COLUMNS}
    assert {way["device"] for way in every} >= {"cpu", "cuda"}
    assert {way["mode"] for way in every} >= {"accuracy", "performance"}
    assert list(ways({"mode": "accuracy"})) == [way for way in every if way["mode"] == "accuracy"]


def test_a_way_is_a_line_with_a_cell_for_each_mode_and_an_end_is_explained_once() -> None:
    missing = "no driver,\n  none found"
    cells = [
        cell(metrics={"mAP": 61.82722}),
        cell(8, "LoadGen says INVALID", {"samples_per_second": 63.2151}, mode="performance"),
        cell(12, missing, device="cuda"),
        cell(12, missing, device="cuda", mode="performance"),
        cell(2, "nothing to score", backend="null"),
        cell(metrics={"samples_per_second": 468_123.0}, backend="null", mode="performance"),
    ]
    assert table(cells).splitlines()[2:] == [
        "| cpp | onnxruntime | cpu | Server | mAP 61.827 % | 63.22 samples/s, exit 8 [1] |",
        "| cpp | onnxruntime | cuda | Server | exit 12 [2] | exit 12 [2] |",
        "| cpp | null | cpu | Server | exit 2 [3] | 4.681e+05 samples/s |",
        "",
        "1. LoadGen says INVALID",
        "2. no driver, none found",
        "3. nothing to score",
    ]


def test_latencies_stand_where_there_is_no_rate() -> None:
    assert cell(metrics={"latency_p99_ns": 439_410_129.0, "result_valid": False}).text([]) == "99 % within 439.4 ms"


def test_one_backend_gives_the_same_digits_whatever_else_differs() -> None:
    one, other = cell(metrics={"mAP": 60.0}), cell(metrics={"mAP": 60.00000001}, implementation="python")
    assert disagreements([one, one, cell(12)]) == []
    assert len(disagreements([one, other])) == 1


def test_backends_may_differ_by_a_thousandth() -> None:
    one = cell(metrics={"mAP": 60.0})
    assert disagreements([one, cell(metrics={"mAP": 60.05}, backend="pytorch")]) == []
    assert len(disagreements([one, cell(metrics={"mAP": 60.07}, backend="pytorch")])) == 1


def test_figures_are_said_to_the_last_digit_with_those_who_gave_them() -> None:
    figures = {"mAP": 61.827220862764634}
    cells = [cell(metrics=figures), cell(metrics=figures, backend="pytorch"), cell(metrics={"mAP": 60.0}), cell(12)]
    assert in_full(cells) == (
        "mAP in full: 60.0 (cpp onnxruntime); 61.827220862764634 (cpp onnxruntime, cpp pytorch). Load: 0.0 to 0.0."
    )
