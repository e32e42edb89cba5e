"""The tutorial, command by command: which commands are run, in which other ways, and what is expected of them."""

import json

import pytest

from benchmarks.tutorial import Case, Ended, commands, embedded, said_by

CPU = ("run", "benchmark", "--set", "device=cpu", "--set", "model=retinanet", "--count", "10")
CUDA = ("run", "benchmark", "--set", "device=cuda", "--set", "model=retinanet")
UNREACHED, WELL = Ended(6, "nothing answers", 1), Ended(0, "mAP 61.827 %", 1)


def test_every_command_is_run_once() -> None:
    every = list(commands())
    assert len(every) == len(set(every))
    assert {words[0] for words in every} >= {"run", "realize", "probe", "gc", "list"}


def test_the_embedded_model_takes_the_place_of_the_real_one_and_nothing_else_changes() -> None:
    assert embedded([*CPU, "--set", "dataset=openimages-500"]) == [*CPU[:4], *CPU[6:]]


@pytest.mark.parametrize(
    ("words", "stands", "loopback", "well"),
    [
        (CPU, UNREACHED, WELL, True),
        (CPU, UNREACHED, Ended(8, "INVALID", 1), True),
        (CPU, UNREACHED, Ended(5, "the build failed", 1), False),
        (CPU, UNREACHED, UNREACHED, False),
        (CUDA, Ended(12, "no driver", 1), None, True),
        (CUDA, WELL, None, False),
        (("submission", "create", "--short"), Ended(0, "7 breaches", 1), None, True),
        (("submission", "create"), Ended(10, "it looks at 10 samples only", 1), None, True),
        (("submission", "create"), Ended(0, "", 1), None, False),
        (("list",), Ended(8, "", 1), None, False),
    ],
)
def test_what_is_expected_of_a_command(
    words: tuple[str, ...], stands: Ended, loopback: Ended | None, *, well: bool
) -> None:
    case = Case(words, stands, None, loopback)
    assert (case.fault == "") is well
    assert case.row.startswith(f"| `envmgr {' '.join(words)}` | exit {stands.exit}")


def test_an_answer_comes_to_its_figures_its_objects_or_the_first_line_of_its_error() -> None:
    metrics = {"mAP": 59.1, "samples_per_second": 123.456, "result_valid": True}
    run = {"ok": False, "data": {"run": {"metrics": metrics}}, "error": {"exit": 8, "message": "INVALID"}}
    assert said_by(json.dumps(run), "") == "mAP 59.100 %, 123.5 samples/s, VALID"
    failed = {
        "ok": False,
        "data": {},
        "error": {"exit": 6, "message": "not fetched from any address:\n  https://a: unknown"},
    }
    assert said_by(json.dumps(failed), "") == "not fetched from any address"
    failed["error"] = {"exit": 5, "message": "its last lines:\n    harness: no"}
    assert said_by(json.dumps(failed), "") == "its last lines: harness: no"
    assert said_by(json.dumps({"ok": True, "data": {"outputs": [{"store_path": "x-1"}]}}), "") == "x-1"
    assert said_by(json.dumps({"ok": True, "data": {"toolkits": [1, 2], "driver": None}}), "") == "2 toolkits"
    assert said_by("envmgr 0.1.0\n", "") == "envmgr 0.1.0"
    assert said_by("", "usage\nerror: there is no command 'rum'\n") == "error: there is no command 'rum'"
