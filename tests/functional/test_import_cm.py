"""`envmgr import-cm`: commands of CM and MLCFlow as commands of envmgr, held against the recipes that are there."""

import subprocess

import pytest

from tests.functional.conftest import Checkout

BENCHMARK = """
[inputs]
model = "model"

[run]
settings = { batch = 1, count = 0, workers = 0 }

[[run.steps]]
name = "measure"
argv = ["/bin/sh", "-c", "echo {implementation} {dataset} {scenario} {count} > {step}/seen"]

[variants]
implementation = { cpp = {}, python = {} }
backend = { onnxruntime = {}, pytorch = {} }
device = { cpu = {} }
model = { retinanet = {} }
dataset = { openimages-50 = {}, openimages-500 = {} }
scenario = { Offline = {}, Server = {} }
mode = { accuracy = {}, both = {} }
"""
WORDS = '"app mlperf inference generic _cpp _retinanet _onnxruntime _cpu"'
RUN = "envmgr run benchmark --set implementation=cpp --set backend=onnxruntime --set device=cpu --set model=retinanet"
GIVEN = "--adr.openimages-preprocessed.tags=_500 --scenario=Offline --mode=accuracy --test_query_count=10"
SAME = f"{RUN} --set dataset=openimages-500 --scenario Offline --mode accuracy --count 10"


@pytest.fixture
def project(checkout: Checkout) -> Checkout:
    """A benchmark with some of the real one's axes."""
    checkout.recipe("model", "[build]\nbuilder = 'tree'\n")
    checkout.recipe("benchmark", BENCHMARK)
    return checkout


@pytest.mark.parametrize(
    "command",
    [
        f"cm run script {WORDS} {GIVEN}",
        f"cmr {WORDS} {GIVEN}",
        f"mlcr app,mlperf,inference,generic,_cpp,_retinanet,_onnxruntime,_cpu {GIVEN}",
        f"mlcr --tags=app,mlperf,inference,generic,_cpp,_retinanet,_onnxruntime,_cpu {GIVEN} --quiet",
        f"$ mlc run script --tags=app,mlperf,inference,generic,_cpp,_retinanet,_onnxruntime,_cpu {GIVEN}",
        f"cm run script --tags=run,mlperf,inference,generate-run-cmds --implementation=cpp --model=retinanet {GIVEN}",
        f"cm run script {WORDS} \\\n   --adr.python.version_min=3.8 \\\n   {GIVEN} \\\n   --rerun\n",
    ],
)
def test_one_run_in_all_its_spellings_is_one_command(project: Checkout, command: str) -> None:
    assert project("import-cm", command).stdout == f"{SAME}\n"


def test_words_may_come_unquoted_and_a_script_from_stdin(project: Checkout) -> None:
    words = ["cm", "run", "script", WORDS.strip('"'), *GIVEN.split()]
    assert project("import-cm", *words).stdout == f"{SAME}\n"
    script = "cm pull repo x@y && cm rm cache -f; cm run script 'get sys-utils-cm'\n\n# more\nmlc rm cache -f\n"
    environ = {**project.environ, "ENVMGR_STORE": str(project.store)}
    argv = project.command("import-cm", "-")
    done = subprocess.run(argv, input=script, cwd=project.top, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "envmgr gc\nenvmgr gc\n"


def test_what_is_printed_runs(project: Checkout) -> None:
    printed = project("import-cm", f"cm run script {WORDS} {GIVEN}").stdout.split()[1:]
    record = project(*printed, "--json").data["run"]
    assert record["axes"]["dataset"] == "openimages-500"
    assert record["settings"]["count"] == 10


def test_what_differs_is_said_on_stderr_and_stands_in_the_answer(project: Checkout) -> None:
    command = f"cm run script {WORDS} {GIVEN} --adr.compiler.tags=gcc --adr.python.name=mlperf"
    shown = project("import-cm", command)
    assert "note: --adr.compiler.tags=gcc: the compiler is an artifact" in shown.stderr
    answer = project("import-cm", command, "--json")
    (item,) = answer.data["commands"]
    assert [f"note: {note}" in shown.stderr for note in item["notes"]] == [True] * len(item["notes"])
    assert [note.partition(":")[0] for note in item["notes"]] == [
        "--test_query_count=10",
        "--adr.compiler.tags=gcc",
        "--adr.python.name=mlperf",
    ]
    assert answer.stderr == ""


def test_unknown_words_are_listed_with_the_nearest_known_ones(project: Checkout) -> None:
    words = '"app mlperf inference generik _cppp _retinanet"'
    flags = "--test_query_cuont=10 --adr.compilr.tags=gcc --adr.python.shape=round --scenario=Ofline --frobnicate"
    result = project("import-cm", f"cm run script {words} {flags}", "--json", expect=2)
    (item,) = result.data["commands"]
    assert {word["word"]: word["near"] for word in item["unknown"]} == {
        "generik": "generic",
        "_cppp": "_cpp",
        "--test_query_cuont=10": "--test_query_count",
        "--adr.compilr.tags=gcc": "--adr.compiler.tags",
        "--adr.python.shape=round": "--adr.python.name",
        "--scenario=Ofline": "--scenario=Offline",
        "--frobnicate": None,
    }
    assert result.error["class"] == "NotUnderstoodError"
    assert all(word["word"] in result.error["message"] for word in item["unknown"])
    assert project("import-cm", f"cm run script {words} {flags}", expect=2).stdout.startswith("# envmgr run benchmark")


@pytest.mark.parametrize(
    ("command", "lack"),
    [
        (f"cm run script {WORDS} --scenario=SingleStream", "there is no value of axis scenario 'SingleStream'"),
        ('cm run script "app mlperf inference generic _cuda _retinanet"', "there is no value of axis device 'cuda'"),
        (f"cm run script {WORDS} --target_qps=5", "there is no axis or setting 'target_qps'"),
        ('cm run script "get mlperf loadgen"', "there is no recipe 'loadgen'"),
        ('cm run script "get tvm"', "TVM and LLVM are not here"),
        ('cm run script "app mlperf inference generic _tvm-onnx"', "this engine is not here"),
    ],
)
def test_what_cannot_be_done_here_is_never_printed_as_if_it_could(project: Checkout, command: str, lack: str) -> None:
    shown = project("import-cm", command)
    assert lack in shown.stderr
    assert [line for line in shown.stdout.splitlines() if not line.startswith("# envmgr ")] == []


def test_the_tutorials_command_for_pytorch_is_said_to_run_onnx_runtime(project: Checkout) -> None:
    command = (
        "cm run script --tags=run,mlperf,inference,generate-run-cmds,_submission,_short,_dashboard"
        " --adr.ml-engine-torchvision.version_max=0.12.1 --implementation=python --model=retinanet --device=cpu"
        " --scenario=Offline --test_query_count=10 --num_threads=1 --backend="
    )
    shown = project("import-cm", f"{command}onnxruntime")
    assert "--set backend=onnxruntime" in shown.stdout
    assert "PyTorch is --set backend=pytorch" in shown.stderr
    meant = project("import-cm", f"{command}pytorch")
    assert "--set backend=pytorch" in meant.stdout
    assert "PyTorch is --set" not in meant.stderr


@pytest.mark.parametrize(
    "text", ["nix build", "cm run script", 'cm run script "app mlperf', "mlcr --quiet", "rm -rf cache"]
)
def test_what_is_no_command_of_cm_is_refused_with_the_line(project: Checkout, text: str) -> None:
    error = project.fails(2, "import-cm", text)
    assert (error["class"], bool(error["where"])) == ("NotACommandError", True)


def test_an_action_that_is_not_known_gets_the_nearest_one(project: Checkout) -> None:
    error = project.fails(2, "import-cm", "cm prune repo")
    assert (error["class"], "prune repo" in error["message"]) == ("NotUnderstoodError", True)
