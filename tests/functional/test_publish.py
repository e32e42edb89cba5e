"""`envmgr publish`: runs told to Weights & Biases, MLflow, or a folder; each once, and no more than was asked for."""

import json
import socket
from pathlib import Path

import pytest

from envmgr.model.digest import Digest
from envmgr.model.run_record import StepRecord
from tests.functional.conftest import Checkout
from tests.loopback import Origin, Reply
from tests.records import imported, keep, record

RUN = "20260101-000000-aaaaaa"
LOG = b"a log of this run\n"
STEP = StepRecord(name="all", argv=("x",), seconds=1, exit_code=0, files={"all/log.txt": Digest.of(LOG)})
KEY = "0123456789" * 4
HIDDEN = "hush-hush"
WATCH = """
import os, sys

for name in ("BUILDKITE", "CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "PYTEST_CURRENT_TEST"):
    os.environ.pop(name, None)  # where these are MLflow is silent by itself

def watch(event, _):
    if event == "socket.getaddrinfo":
        os.write(file, f"{{event}}\\n".encode())

file = os.open("{file}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(file, b"watching\\n")
sys.addaudithook(watch)
"""
"""Notes every name of a host that a Python program asks for."""


@pytest.fixture
def ran(checkout: Checkout) -> Checkout:
    """A checkout with the record of a run, and with no wait between two tries of W&B's program."""
    checkout.recipe("words", "[build]\nbuilder = 'tree'\n")
    checkout("realize", "words")
    done = record(
        RUN,
        steps=(STEP,),
        axes={
            "scenario": "Offline",
            "model": "retinanet",
            "backend": "onnxruntime",
            "implementation": "cpp",
            "round": "v5.1",
        },
        settings={"batch": 4},
        metrics={"samples_per_second": 12.5, "mAP": 37.5, "result_valid": True},
        environment={"TOKEN": HIDDEN},
    )
    folder = keep(checkout.store / "runs", done)
    (folder / "all").mkdir()
    (folder / "all" / "log.txt").write_bytes(LOG)
    return checkout


def published(checkout: Checkout, *arguments: str, **environ: str) -> bool:
    (done,) = checkout("publish", RUN, *arguments, "--json", expect=0, **environ).data["runs"]
    assert done["run"] == RUN
    return bool(done["new"])


def test_a_folder_gets_record_logs_bill_and_signed_provenance_and_nothing_of_it_is_changed(
    ran: Checkout, tmp_path: Path
) -> None:
    place = tmp_path / "out" / RUN
    to = ("--to", "dir", "-o", str(tmp_path / "out"))
    assert "nobody signs" in ran("publish", RUN, *to).stderr
    assert (place / "all" / "log.txt").read_bytes() == LOG
    assert (place / "record.json").read_bytes() == (ran.store / "runs" / RUN / "record.json").read_bytes()
    assert json.loads((place / "sbom.cdx.json").read_text())["specVersion"] == "1.6"
    assert not published(ran, *to)
    ran("cache", "trust", ran("cache", "keygen", "lab").stdout.strip())
    assert published(ran, *to), "what was missing is added"
    ran("verify", RUN, "--provenance", str(place / "provenance.intoto.jsonl"))
    assert not published(ran, *to)
    (place / "all" / "log.txt").write_text("other")
    assert ran.fails(2, "publish", RUN, *to)["class"] == "PublishedOtherwiseError"
    assert (place / "all" / "log.txt").read_text() == "other"
    (ran.store / "runs" / RUN / "all" / "log.txt").write_text("other")
    assert ran.fails(7, "publish", RUN, *to)["class"] == "TouchedRunError"


def test_of_a_run_that_was_made_elsewhere_there_is_nothing_to_prove(ran: Checkout, tmp_path: Path) -> None:
    folder = keep(ran.store / "runs", imported("20260102-000000-bbbbbb"))
    ran("cache", "keygen", "lab")
    ran("publish", folder.name, "--to", "dir", "-o", str(tmp_path / "out"))
    assert [path.name for path in (tmp_path / "out" / folder.name).iterdir()] == ["record.json"]


def test_wandb_gets_a_file_without_network_that_names_neither_host_nor_user_nor_secret(
    ran: Checkout, tmp_path: Path
) -> None:
    to = ("--to", "wandb", "--offline", "-o", str(tmp_path / "out"))
    assert ran.fails(6, "publish", RUN, *to, "--project", "me/no#name")["class"] == "UnpublishedError"
    assert published(ran, *to)
    assert not published(ran, *to)
    (folder,) = (tmp_path / "out" / "wandb").iterdir()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["wandb"]
    (file,) = folder.glob("*.wandb")
    said = file.read_bytes()
    told = (b"cm_misc_input_lang", b"Scenario", b"qps", b"Result", b"axes.model", b"not_submittable", RUN.encode())
    for name in told:
        assert name in said
    names = (HIDDEN, str(tmp_path), ran.environ["HOME"], f'"{socket.gethostname()}"', "SystemName")
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert not [name for name in names if name.encode() in written]


def test_wandb_is_sent_what_was_written_once_and_nothing_is_lost_where_it_fails(
    ran: Checkout, origin: Origin, tmp_path: Path
) -> None:
    to = ("--to", "wandb", "-o", str(tmp_path / "out"), "--project", "me/ours", "--system", "box")
    environ = {"WANDB_API_KEY": KEY, "WANDB_BASE_URL": origin.url, "WANDB__GRAPHQL_RETRY_MAX": "1"}

    def fault(**others: str) -> str:
        answer = ran("publish", RUN, *to, "--json", expect=6, **{**environ, **others})
        assert KEY not in answer.stdout + answer.stderr
        assert answer.error["class"] == "UnpublishedError"
        assert list(tmp_path.glob("out/wandb/offline-run-*/*.wandb"))
        return str(answer.error["message"])

    assert "refused" in fault(WANDB_BASE_URL="http://127.0.0.1:9")
    origin.serve("/graphql", Reply(b"no", status=401))
    assert RUN in fault()
    (folder,) = (tmp_path / "out" / "wandb").iterdir()
    name = folder.name.rpartition("-")[2]
    bucket = {"id": "x", "name": name, "displayName": "d", "project": {"name": "ours", "entity": {"name": "me"}}}
    files = {"runID": "x", "uploadHeaders": [], "files": []}
    good = {"data": {"upsertBucket": {"bucket": bucket, "inserted": True}, "createRunFiles": files}}
    origin.serve("/graphql", Reply(json.dumps(good).encode(), headers={"Content-Type": "application/json"}))
    stream = f"/files/me/ours/{name}/file_stream"
    assert "uploading" in fault(), "the half of it was not taken"
    origin.serve(stream, Reply(b"{}"))
    origin.requests.clear()
    assert published(ran, *to, **environ)
    asked = json.loads(origin.asked("/graphql")[0].body)["variables"]
    assert not asked["host"]
    assert json.loads(asked["config"])["SystemName"] == {"value": "box"}
    assert b"samples_per_second" in origin.asked(stream)[0].body
    sent = len(origin.requests)
    assert not published(ran, *to, **environ)
    assert len(origin.requests) == sent


def test_mlflow_gets_a_run_once(ran: Checkout, tmp_path: Path) -> None:
    to = ("--to", "mlflow", "--uri", str(tmp_path / "runs"), "--project", "ours")
    assert published(ran, *to)
    (folder,) = tmp_path.glob("runs/*/*/tags/..")
    assert (folder / "params" / "settings.batch").read_text() == "4"
    assert (folder / "metrics" / "mAP").read_text().split()[1] == "37.5"
    assert (folder / "tags" / "envmgr.run").read_text() == RUN
    assert not [path for path in folder.rglob("*") if path.is_file() and HIDDEN in path.read_text()]
    assert not published(ran, *to)
    assert len(list(tmp_path.glob("runs/*/*/tags"))) == 1


def test_what_goes_into_a_folder_of_mlflows_is_told_to_nobody(ran: Checkout, tmp_path: Path) -> None:
    hook = tmp_path / "hook" / "sitecustomize.py"
    hook.parent.mkdir()
    hook.write_text(WATCH.format(file=str(tmp_path / "asked")))
    environ = {"PYTHONPATH": f"{hook.parent}:{ran.environ['PYTHONPATH']}"}
    assert published(ran, "--to", "mlflow", "--uri", str(tmp_path / "runs"), **environ)
    assert (tmp_path / "asked").read_text().split() == ["watching"]


@pytest.mark.parametrize(("to", "option"), [("dir", "-o"), ("wandb", "-o"), ("mlflow", "--uri")])
def test_a_folder_that_can_not_be_made_is_named(ran: Checkout, tmp_path: Path, to: str, option: str) -> None:
    place = str(tmp_path / "file" / "folder")
    (tmp_path / "file").touch()
    error = ran.fails(12, "publish", RUN, "--to", to, option, place)
    assert (error["class"], error["where"]) == ("NotWrittenThereError", place)


@pytest.mark.parametrize("service", ["wandb", "mlflow"])
def test_a_package_that_is_missing_is_named_with_the_command_that_brings_it(
    ran: Checkout, tmp_path: Path, service: str
) -> None:
    shadow = tmp_path / "shadow" / f"{service}.py"
    shadow.parent.mkdir()
    shadow.write_text("raise ImportError('not here')\n")
    environ = {"PYTHONPATH": f"{shadow.parent}:{ran.environ['PYTHONPATH']}"}
    where = ("-o", str(tmp_path / "out")) if service == "wandb" else ("--uri", str(tmp_path / "out"))
    error = ran.fails(12, "publish", RUN, "--to", service, *where, **environ)
    assert error["class"] == "MissingPackageError"
    assert error["fix"] == f"pip install 'envmgr[{service}]'"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--to", "dir"],
        ["--to", "mlflow"],
        ["--to", "dir", "-o", "out", "--offline"],
        ["--to", "wandb", "--key", "lab"],
        ["--to", "mlflow", "--uri", "out", "-o", "out"],
        ["--to", "dir", "-o", "out", "--system", "box"],
    ],
)
def test_options_that_do_not_go_together_are_refused(ran: Checkout, arguments: list[str]) -> None:
    assert ran.fails(2, "publish", RUN, *arguments)["class"] == "UsageError"
