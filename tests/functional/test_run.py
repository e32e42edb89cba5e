"""`envmgr run`: steps, metrics, settings, what a run sees, and what its record says."""

import json
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from envmgr.model.digest import Digest
from envmgr.model.run_record import RunRecord
from tests.functional.conftest import Checkout, Result

SCORER = Path(__file__).parents[2] / "harness/python/loadgen_harness"
SUMMARY = """\
SUT name : toy
Scenario : Offline
Mode     : PerformanceOnly
Samples per second: 12.5
Result is : {verdict}
Min latency (ns)                : 1000
99.00 percentile latency (ns)   : 2000
"""


def step(name: str, *lines: str, when: str = "") -> str:
    """A step of a run: a shell script, with the shell's own commands."""
    condition = f"when = {when}\n" if when else ""
    script = "\n".join(["set -eu", *lines])
    return f"[[run.steps]]\nname = '{name}'\n{condition}argv = ['/bin/sh', '-c', {json.dumps(script)}]\n"


def writes(file: str, text: str) -> str:
    """A line of shell that writes a file of the step."""
    return f"echo '{text}' > \"{{step}}/{file}\""


def loadgen(verdict: str) -> str:
    """A step that leaves a summary as LoadGen does."""
    return step("performance", writes("mlperf_log_summary.txt", SUMMARY.format(verdict=verdict)))


def scoring(score: float) -> str:
    """A step that leaves metrics."""
    return step("score", writes("metrics.json", json.dumps({"mAP": score, "images": 3})), "echo mAP={model}")


def toy(checkout: Checkout, steps: Sequence[str], head: str = "") -> None:
    """A benchmark `toy` of a realised `model`; `elsewhere` is no input of it."""
    checkout.script("model", 'echo weights > "{out}/weights"')
    checkout.script("elsewhere", 'echo secret > "{out}/secret"')
    checkout.recipe("toy", f"{head}\n[inputs]\nmodel = 'model'\n{''.join(steps)}")


def record(result: Result) -> RunRecord:
    """The record on disk, which is the one of the answer."""
    read = RunRecord.parse(Path(result.data["record"]).read_text())
    assert read == RunRecord.model_validate(result.data["run"])
    return read


def folder(result: Result) -> Path:
    """The run's folder."""
    return Path(result.data["record"]).parent


def test_a_run_is_recorded_with_its_metrics_merged_and_all_that_it_rests_on(checkout: Checkout) -> None:
    toy(checkout, [scoring(61.5), loadgen("VALID")], head="run.targets.mAP = 60")
    result = checkout("run", "toy", "--json")
    run = record(result)
    assert run.exit_code == 0
    assert run.metrics == {
        "mAP": 61.5,
        "images": 3,
        "result_valid": True,
        "samples_per_second": 12.5,
        "latency_min_ns": 1000,
        "latency_p99_ns": 2000,
    }
    assert {str(path).partition("-")[2] for path in run.closure} == {"model-1"}
    assert run.inputs["model"].store_path in run.closure
    assert run.lockfile is None
    assert [item.name for item in run.steps] == ["score", "performance"]
    for path, digest in run.steps[0].files.items():
        assert digest.hex == sha256((folder(result) / path).read_bytes()).hexdigest()
    assert run.steps[0].files.keys() == {"score/metrics.json", "score/output.txt"}


def test_a_run_leaves_the_texts_of_all_that_it_was_made_from(checkout: Checkout) -> None:
    checkout.script("base", 'echo base > "{out}/base"')
    toy(checkout, [scoring(61.5)])
    checkout.script("model", 'echo "{base}" > /dev/null; echo weights > "{out}/weights"', head="inputs.base = 'base'")
    result = checkout("run", "toy", "--json")
    own = (folder(result) / "derivation.json").read_bytes()
    assert Digest.of(own) == record(result).derivation
    below = (folder(result) / "derivations.jsonl").read_bytes().splitlines()
    assert [json.loads(text)["name"] for text in below] == ["base", "model"]
    assert json.loads(below[1])["inputs"] == {"base": str(Digest.of(below[0]))}
    assert json.loads(own)["inputs"] == {"model": str(Digest.of(below[1]))}


def test_people_are_shown_the_scores_the_summary_and_which_record_holds_them(checkout: Checkout) -> None:
    toy(checkout, [scoring(61.5), loadgen("VALID")])
    shown = checkout("run", "toy").stdout
    assert "mAP=/" in shown
    assert "Result is : VALID" in shown
    assert shown.splitlines()[-1].endswith("/record.json")
    assert Path(shown.splitlines()[-1].rpartition(": ")[2]).is_file()


def test_an_invalid_run_ends_with_8_and_is_recorded(checkout: Checkout) -> None:
    toy(checkout, [loadgen("INVALID")])
    result = checkout("run", "toy", "--json", expect=8)
    assert record(result).exit_code == 8
    assert record(result).metrics["result_valid"] is False
    assert result.error["class"] == "InvalidResultError"
    assert [run["exit_code"] for run in checkout("runs", "list", "--json").data["runs"]] == [8]


def test_an_accuracy_below_the_target_ends_with_9_and_is_recorded(checkout: Checkout) -> None:
    head = "run.targets.mAP = 60\nrun.settings.count = 0"
    toy(checkout, [scoring(59.5), loadgen("VALID")], head=head)
    result = checkout("run", "toy", "--json", expect=9)
    assert (record(result).exit_code, result.error["class"]) == (9, "AccuracyError")
    assert "59.5" in result.error["message"]
    assert (
        record(checkout("run", "toy", "--count", "5", "--json")).exit_code == 0
    )  # a part of the samples proves nothing


REFUSING = """
[variants.mode]
default = "whole"
whole = {}
peak = {}
[variants.pace]
default = "slow"
slow = {}
quick = {}
[[refusals]]
when = { mode = "peak", pace = "slow" }
why = "a peak is quick"
"""


def test_a_combination_that_a_recipe_refuses_is_a_usage_error_before_anything_is_built(checkout: Checkout) -> None:
    toy(checkout, [loadgen("VALID"), REFUSING])
    error = checkout.fails(2, "run", "toy", "--mode", "peak")
    assert error["class"] == "RefusedCombinationError"
    assert "mode = peak with pace = slow: a peak is quick" in error["message"]
    assert error["fix"] == "--set mode=whole or --set pace=quick"
    assert error["where"].endswith("toy.toml")
    assert not (checkout.store / "objects").exists()
    assert checkout("recipe", "check", "--json").data["faults"] == []
    assert "refused (toy): mode = peak, pace = slow: a peak is quick" in checkout("show", "toy").stdout
    checkout("run", "toy", "--mode", "peak", "--set", "pace=quick")


SCORED = """
[sources]
scorer = { kind = "local", path = "../scorer" }
[[run.steps]]
name = "score"
argv = [
    "{python}", "-m", "loadgen_harness.imagenet_accuracy", "--log", "{results}/accuracy/mlperf_log_accuracy.json",
    "--labels", "{results}/accuracy/val_map.txt", "--metrics", "{step}/metrics.json",
]
environment.PYTHONPATH = "{scorer}"
[variants.python]
cp311.when = { "python.abi" = "cp311" }
cp312.when = { "python.abi" = "cp312" }
cp313.when = { "python.abi" = "cp313" }
cp314.when = { "python.abi" = "cp314" }
"""
LABELS, LOG = "val_map.txt", "mlperf_log_accuracy.json"


@pytest.mark.parametrize(
    ("left", "broken"),
    [
        ((writes(LABELS, "a.jpg 7"),), f"{LOG}: cannot be read: No such file"),
        ((writes(LABELS, "a.jpg 7"), writes(LOG, "[\n{ no JSON")), f"{LOG}: line 2: no answer as LoadGen logs it"),
        ((writes(LOG, '[\n{"qsl_idx": 0, "data": ""}\n]'),), f"{LABELS}: cannot be read: No such file"),
    ],
    ids=["no log", "a broken log", "no annotations"],
)
def test_what_cannot_be_scored_is_said_with_what_mends_it(checkout: Checkout, left: Sequence[str], broken: str) -> None:
    shutil.copytree(SCORER, checkout.top / "scorer/loadgen_harness")
    checkout.recipe("toy", step("accuracy", *left) + SCORED)
    error = checkout.fails(5, "run", "toy")
    said = error["message"]
    assert (error["class"], broken in said, "fix: " in said, "Traceback" in said) == (
        "BuildFailedError", True, True, False,
    )  # fmt: skip
    assert Path(error["where"]).parent.name == "score"


def test_a_failing_step_shows_its_last_lines_and_leaves_no_record(checkout: Checkout) -> None:
    toy(checkout, [step("first", "echo fine"), step("second", "echo worse", "exit 3"), step("third", "echo never")])
    error = checkout.fails(5, "run", "toy")
    assert (error["class"], "worse" in error["message"]) == ("BuildFailedError", True)
    log = Path(error["where"])
    assert (log.parts[-2:], log.read_text()) == (("second", "output.txt"), "worse\n")
    assert not (log.parents[1] / "third").exists()
    assert checkout("runs", "list", "--json").data["runs"] == []


def test_steps_are_taken_where_their_axes_say_so(checkout: Checkout) -> None:
    axes = "[variants.mode]\ndefault = 'both'\naccuracy = {}\nperformance = {}\nboth = {}\n"
    when = "{{ mode = ['{}', 'both'] }}"
    steps = [
        step("score", "echo {mode}", when=when.format("accuracy")),
        step("time", "echo {mode}", when=when.format("performance")),
        axes,
    ]
    toy(checkout, steps)
    for mode, taken in (("both", ["score", "time"]), ("performance", ["time"])):
        result = checkout("run", "toy", "--mode", mode, "--json")
        assert [item.name for item in record(result).steps] == taken
        assert record(result).axes == {"mode": mode}
        assert (folder(result) / "time" / "output.txt").read_text() == f"{mode}\n"


def test_steps_share_the_words_and_variables_of_a_command(checkout: Checkout) -> None:
    command = """
    [run.commands.say]
    argv = ['/bin/sh', '-c', 'echo "$GREETING $2 $1" > {step}/said', 'sh', 'there']
    environment = { GREETING = 'hello' }
    """
    quiet = "[[run.steps]]\nname = 'first'\ncommand = 'say'\nargv = ['you']\n"
    loud = "[[run.steps]]\nname = 'second'\ncommand = 'say'\nargv = ['all']\nenvironment = { GREETING = 'HELLO' }\n"
    toy(checkout, [command, quiet, loud])
    result = checkout("run", "toy", "--json")
    said = {item.name: (folder(result) / item.name / "said").read_text() for item in record(result).steps}
    assert said == {"first": "hello you there\n", "second": "HELLO all there\n"}
    toy(checkout, [command, quiet.replace("'say'", "'shout'")])
    error = checkout.fails(3, "run", "toy")
    assert (error["class"], "there are say" in error["message"]) == ("RecipeError", True)


def test_settings_reach_the_programs_and_the_files_of_the_run(checkout: Checkout) -> None:
    head = "run.settings = { threads = 1, batch = 2 }\nrun.files = { 'user.conf' = 'threads={threads}' }"
    toy(
        checkout,
        [step("measure", 'read -r line < "{results}/user.conf" || :', 'echo "$line batch={batch}"')],
        head=head,
    )
    result = checkout("run", "toy", "--set", "threads=4", "--json")
    assert record(result).settings == {"threads": 4, "batch": 2}
    assert (folder(result) / "measure" / "output.txt").read_text() == "threads=4 batch=2\n"


CONF = """
[run.settings]
batch = 1
target_qps = ""

[run.files]
"user.conf" = "batch = {batch}\\ntarget_qps = {target_qps}\\n"

[run.files."audit.config"]
when = { audit = "TEST01" }
text = "audit = {audit}"
"""
AUDITS = "[variants.audit]\ndefault = 'none'\nnone = {}\nTEST01 = {}\n"


def test_a_line_that_names_a_setting_is_written_only_where_that_is_set(checkout: Checkout) -> None:
    toy(checkout, [step("measure", "echo done"), AUDITS], head=CONF)
    unset = checkout("run", "toy", "--json")
    assert (folder(unset) / "user.conf").read_text() == "batch = 1\n"
    assert record(unset).settings == {"batch": 1}
    given = checkout("run", "toy", "--set", "target_qps=0.5", "--json")
    assert (folder(given) / "user.conf").read_text() == "batch = 1\ntarget_qps = 0.5\n"
    assert record(given).settings == {"batch": 1, "target_qps": 0.5}
    assert checkout.fails(2, "run", "toy", "--set", "batch=0.5")["class"] == "UsageError"


def test_a_file_is_written_only_where_its_axes_say_so(checkout: Checkout) -> None:
    toy(checkout, [step("measure", "echo done"), AUDITS], head=CONF)
    assert not (folder(checkout("run", "toy", "--json")) / "audit.config").exists()
    audited = folder(checkout("run", "toy", "--set", "audit=TEST01", "--json"))
    assert (audited / "audit.config").read_text() == "audit = TEST01"


def test_a_target_that_is_missed_is_named_alone(checkout: Checkout) -> None:
    head = "run.targets = { audit_passed = 1, mAP = 5, other = 3 }"
    toy(checkout, [step("score", writes("metrics.json", '{"mAP": 9, "audit_passed": false}'))], head=head)
    message = checkout.fails(9, "run", "toy")["message"]
    assert message.endswith(": audit_passed False (at least 1)")


@pytest.mark.parametrize(("setting", "meant"), [("thread=4", "'threads'"), ("threads=many", "--set threads=1")])
def test_a_misspelt_setting_is_answered_with_the_nearest_one(checkout: Checkout, setting: str, meant: str) -> None:
    toy(checkout, [step("measure", "echo {threads}")], head="run.settings.threads = 1")
    result = checkout("run", "toy", "--set", setting, "--json", expect=None)
    assert result.exit in {2, 3}
    assert meant in result.error["fix"]
    assert not checkout.store.exists()


@pytest.mark.usefixtures("sandboxed")
def test_a_run_sees_its_closure_and_its_results_and_no_network(checkout: Checkout) -> None:
    toy(checkout, [])
    other = checkout("realize", "elsewhere").path
    lines = (
        'for path in "{model}"/../*; do echo "${path##*/}"; done > "{step}/objects"',
        'while read -r device rest; do echo "$device"; done < /proc/net/dev > "{step}/network"',
        'for path in /home/* /opt/* /etc/*; do echo "$path"; done > "{step}/host"',
        'if (: > "{model}/new") 2>/dev/null; then exit 7; fi',
        f'if [ -e "{other}" ] || [ -e "{{model}}/../{other.name}" ]; then exit 8; fi',
    )
    toy(checkout, [step("look", *lines)])
    look = folder(checkout("run", "toy", "--json")) / "look"
    assert [name.partition("-")[2] for name in (look / "objects").read_text().split()] == ["model-1"]
    assert [name for name in (look / "network").read_text().split() if name.endswith(":")] == ["lo:"]
    assert (look / "host").read_text().split() == ["/home/*", "/opt/*", "/etc/*"]  # nothing there


def test_a_run_with_a_lockfile_records_its_digest_and_refuses_what_it_does_not_pin(checkout: Checkout) -> None:
    toy(checkout, [step("measure", "echo done")])
    assert checkout.fails(3, "run", "toy", "--lock", "recipes.lock")["class"] == "MissingLockfileError"
    checkout("lock", "toy")
    run = record(checkout("run", "toy", "--lock", "recipes.lock", "--json"))
    assert run.lockfile is not None
    assert run.lockfile.hex == sha256((checkout.top / "recipes.lock").read_bytes()).hexdigest()
    toy(checkout, [step("measure", "echo otherwise")])
    error = checkout.fails(4, "run", "toy", "--lock", "recipes.lock")
    assert (error["class"], "settings.steps" in error["message"]) == ("OutOfDateError", True)


def test_a_second_run_builds_nothing_and_is_a_record_of_its_own(checkout: Checkout) -> None:
    toy(checkout, [step("measure", "echo done")])
    assert checkout("run", "toy").built == ["model-1"]
    assert checkout("run", "toy").built == []
    assert len(checkout("runs", "list", "--json").data["runs"]) == 2


def test_what_a_run_used_is_kept_from_garbage_collection(checkout: Checkout) -> None:
    toy(checkout, [step("measure", "echo done")])
    checkout("realize", "elsewhere")
    run = record(checkout("run", "toy", "--json"))
    checkout("gc", "--now")
    assert checkout.objects() == {str(path) for path in run.closure}


def test_an_artifact_is_no_benchmark(checkout: Checkout) -> None:
    toy(checkout, [step("measure", "echo done")])
    error = checkout.fails(3, "run", "model")
    assert (error["class"], "envmgr realize model" in error["fix"]) == ("NotARunError", True)


def test_faults_of_a_run_recipe_are_told_before_anything_runs(checkout: Checkout) -> None:
    first = step("first", "echo ran")
    faults = {
        "UnknownPlaceholderError": step("second", "echo {modle}"),
        "UnknownNameError": step("second", "echo ran", when="{ mod = 'both' }"),
        "RecipeError": first,  # twice the same name
    }
    for name, second in faults.items():
        toy(checkout, [first, second])
        assert checkout.fails(3, "run", "toy")["class"] == name
        assert list((checkout.store / "runs").glob("*/first")) == []


@pytest.mark.parametrize("text", ["no JSON", "[1]", '{"mAP": {"small": 1}}', '{"mAP": NaN}', '{"mAP": 1e999}'])
def test_metrics_that_are_no_flat_object_are_refused_naming_the_file(checkout: Checkout, text: str) -> None:
    toy(checkout, [step("score", writes("metrics.json", text))])
    error = checkout.fails(5, "run", "toy")
    assert error["class"] == "MetricsError"
    assert error["where"].endswith("score/metrics.json")
