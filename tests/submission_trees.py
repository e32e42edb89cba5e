"""Submission trees for tests: good ones, made of made-up runs, and one thing at a time that spoils them."""

import json
import math
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from envmgr.results.records import read
from envmgr.results.submission.gather import gather
from envmgr.results.submission.rounds import ROUNDS
from envmgr.results.submission.system import PRESENT
from envmgr.results.submission.tree import Submission, tree, write
from tests.loadgen_logs import detail_log, leave_run

EDGE = ("SingleStream", "MultiStream", "Offline")
DESCRIPTION = {
    **{key: f"any {key}" for key in PRESENT}, "status": "available", "number_of_nodes": "1",
    "accelerators_per_node": "0",
}  # fmt: skip
"""Of a system, complete."""


@dataclass(frozen=True)
class Form:
    """What a good tree is of."""

    round: str
    division: str
    category: str
    scenarios: Sequence[str]
    differing: bool = False
    """The audits answered otherwise than the accuracy runs, and as well."""


FORMS: Mapping[str, Form] = {
    "open edge": Form("v5.1", "open", "edge", ("Offline",)),
    "closed edge": Form("v5.1", "closed", "edge", EDGE),
    "closed datacenter": Form("v5.1", "closed", "datacenter", ("Server", "Offline")),
    "closed edge, other answers in the audit": Form("v5.1", "closed", "edge", EDGE, differing=True),
    "open datacenter, v5.0": Form("v5.0", "open", "datacenter", ("Server", "Offline")),
    "open edge, v6.0": Form("v6.0", "open", "edge", ("Offline",)),
    "closed datacenter and edge, v6.0": Form("v6.0", "closed", "datacenter,edge", (*EDGE, "Server")),
}
"""Good ones: the form up to v5.1, and the form since v6.0."""


def leave_runs(runs: Path, form: Form) -> list[str]:
    """Leave a run of each scenario in a folder of runs; their ids."""
    closed = form.division == "closed"
    return [
        leave_run(runs, f"20260101-00000{k}-aaaaaa", form.round, scenario, audit=closed, differing=form.differing).id
        for k, scenario in enumerate(form.scenarios)
    ]


def make(form: Form, folder: Path) -> Path:
    """Make a good tree, with the runs that it is of beside it; the tree."""
    runs, made = folder / "runs", folder / "tree"
    leave_runs(runs, form)
    of = ROUNDS[form.round]
    asked = {"division": form.division, "submitter": "we", "system_type": form.category}
    entries = gather([(record, runs / record.id) for record in map(read, sorted(runs.glob("*/record.json")))], of)
    submission = Submission("we", form.division, of, "box", DESCRIPTION | asked, trial=False)
    write(tree(submission, entries), made)
    return made


@dataclass(frozen=True)
class Spoil:
    """One thing that makes a tree unfit."""

    name: str
    rule: str
    """Which rule that breaks."""
    act: Callable[[Path], None]
    """Given the submitter's folder."""
    form: str = "closed edge"


def said_in(path: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    """Change the text of a file."""

    def act(top: Path) -> None:
        (top / path).write_text(change((top / path).read_text()))

    return act


def key(path: str, name: str, value: object) -> Callable[[Path], None]:
    """Give a key of a JSON object another value; None takes it out."""

    def changed(text: str) -> str:
        said = {**json.loads(text), name: value}
        return json.dumps({known: what for known, what in said.items() if what is not None})

    return said_in(path, changed)


def log(path: str, name: str, value: object) -> Callable[[Path], None]:
    """Let LoadGen say something else in a detail log."""

    def changed(text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join(detail_log({name: value}) if f'"key": "{name}"' in line else line for line in lines)

    return said_in(path, changed)


def added(path: str, text: str = "any\n") -> Callable[[Path], None]:
    """Put a file there."""

    def act(top: Path) -> None:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text)

    return act


def gone(path: str) -> Callable[[Path], None]:
    """Take a file, or a folder with all that is in it, away, and the folders that are empty then."""

    def act(top: Path) -> None:
        if (top / path).is_dir():
            shutil.rmtree(top / path)
        else:
            (top / path).unlink()
        for folder in (top / path).parents:
            if folder == top or any(folder.iterdir()):
                return
            folder.rmdir()

    return act


def _error(text: str) -> str:
    return text + detail_log({"error_runtime": "no answer came"}).replace('"is_error": false', '"is_error": true')


def _linked(top: Path) -> None:
    (top / "code/retinanet/link").symlink_to("nowhere")


OFFLINE, SINGLE = "results/box/retinanet/Offline", "results/box/retinanet/SingleStream"
RUN, ANSWERED = f"{OFFLINE}/performance/run_1/mlperf_log_detail.txt", f"{OFFLINE}/accuracy/mlperf_log_detail.txt"
SINGLE_RUN = f"{SINGLE}/performance/run_1/mlperf_log_detail.txt"
SUMMARY = f"{OFFLINE}/performance/run_1/mlperf_log_summary.txt"
SCORE = f"{OFFLINE}/accuracy/accuracy.txt"
SERVER = "results/box/retinanet/Server/performance/run_1/mlperf_log_detail.txt"
SYSTEM, MEASURED = "systems/box.json", "measurements/box/retinanet/Offline"
AUDIT = "compliance/box/retinanet/Offline/TEST01"
LONG, AUDIT_LONG = f"{OFFLINE}/accuracy/mlperf_log_accuracy.json", f"{AUDIT}/accuracy/mlperf_log_accuracy.json"
AUDIT_SCORE = f"{AUDIT}/accuracy/compliance_accuracy.txt"
AUDITED = f"{AUDIT}/performance/run_1/mlperf_log_detail.txt"
OTHER = "closed edge, other answers in the audit"
LISTED = ':::MLLOG {"key": [], "value": 1, "metadata": {"is_error": false}}\n'
DEEP = ":::MLLOG " + "[" * 100_000
CENTER, NEW = "closed datacenter", "closed datacenter and edge, v6.0"

SPOILS: Sequence[Spoil] = (
    Spoil("a file beside the divisions", "names.root", added("../../notes.txt")),
    Spoil("a file beside the submitters", "names.root", added("../notes.txt")),
    Spoil("a division that is none", "names.division", added("../../ajar/we/systems/box.json")),
    Spoil("a hidden file", "names.hidden", added("code/retinanet/.hidden")),
    Spoil("a space in a name", "names.space", added("code/retinanet/a b.py")),
    Spoil("what Python compiled", "names.pycache", added("code/retinanet/__pycache__/a.pyc")),
    Spoil("an empty folder", "names.empty", lambda top: (top / "code/retinanet/empty").mkdir()),
    Spoil("a link to nothing", "names.link", _linked),
    Spoil("a file of 51 MiB", "names.size", lambda top: _grow(top / "code/big")),
    Spoil("a byte that is no text", "names.text", lambda top: _damaged(top / SCORE)),
    Spoil("no results at all", "names.nothing", gone("results")),
    Spoil("a submitter without results", "names.results", added("../others/systems/box.json", "{}")),
    Spoil("no description of the system", "system.file", gone(SYSTEM)),
    Spoil("a description that is no JSON", "system.file", added(SYSTEM, "box")),
    Spoil("a description without cooling", "system.keys", key(SYSTEM, "cooling", None)),
    Spoil("nothing said of the memory", "system.meaning", key(SYSTEM, "host_memory_capacity", "")),
    Spoil("a status that is none", "system.status", key(SYSTEM, "status", "soon")),
    Spoil("a system type that is none", "system.system_type", key(SYSTEM, "system_type", "desk")),
    Spoil("another submitter", "system.submitter", key(SYSTEM, "submitter", "they")),
    Spoil("another division", "system.division", key(SYSTEM, "division", "open")),
    Spoil("a system over a network", "system.is_network", key(SYSTEM, "is_network", "true")),
    Spoil("a framework that is a number", "system.framework", key(SYSTEM, "framework", 1.32)),
    Spoil("a number of nodes in words", "system.number_of_nodes", key(SYSTEM, "number_of_nodes", "one"), NEW),
    Spoil("a second system without results", "system.results", added("systems/other.json", json.dumps(DESCRIPTION))),
    Spoil("no word on calibration", "measurements.calibration", gone("calibration.md")),
    Spoil("no code", "measurements.code", gone("code/retinanet")),
    Spoil("no measurements", "measurements.file", gone(MEASURED)),
    Spoil("nothing said of retraining", "measurements.keys", key(f"{MEASURED}/box.json", "retraining", "")),
    Spoil("no user.conf", "measurements.files", gone(f"{MEASURED}/user.conf")),
    Spoil("an empty README", "measurements.files", added(f"{MEASURED}/README.md", "")),
    Spoil("a model of another round", "scenarios.model", lambda top: _renamed(top, "retinanet", "yolo-99")),
    Spoil("a scenario that is missing", "scenarios.missing", gone(SINGLE)),
    Spoil("Server on edge", "scenarios.extra", lambda top: _copied(top / OFFLINE, "Server")),
    Spoil("edge alone in v6.0", "scenarios.category", key(SYSTEM, "system_type", "edge"), NEW),
    Spoil("no accuracy.txt", "accuracy.files", gone(SCORE)),
    Spoil("the detections beside the accuracy", "accuracy.files", added(f"{OFFLINE}/accuracy/detections.json")),
    Spoil("no score", "accuracy.value", said_in(SCORE, lambda text: text.replace("mAP=", "score "))),
    Spoil("a score below the target", "accuracy.target", said_in(SCORE, lambda text: text.replace("37.520", "37.170"))),
    Spoil("no hash", "accuracy.hash", said_in(SCORE, lambda text: text.partition("\nhash=")[0])),
    Spoil("a hash that is none", "accuracy.hash", said_in(SCORE, lambda text: text.replace("hash=", "hash=x"))),
    Spoil("the hash of another log", "accuracy.hash", added(LONG, "[\n]\n")),
    Spoil("no hash, open", "accuracy.hash", said_in(SCORE, lambda text: text.partition("\nhash=")[0]), "open edge"),
    Spoil("a whole accuracy log, open", "accuracy.truncated", added(LONG, "x" * 10241), "open edge"),
    Spoil("500 pictures, open", "accuracy.samples", log(ANSWERED, "qsl_reported_total_count", 500), "open edge"),
    Spoil("an audit without a hash", "audit.hash", added(f"{AUDIT}/accuracy/accuracy.txt")),
    Spoil("a whole accuracy log", "accuracy.truncated", added(LONG, "x" * 10241)),
    Spoil("an error in the accuracy run", "accuracy.errors", said_in(ANSWERED, _error)),
    Spoil("500 pictures", "accuracy.samples", log(ANSWERED, "qsl_reported_total_count", 500)),
    Spoil("500 pictures answered", "accuracy.samples", log(ANSWERED, "effective_accuracy_sample_count", 500)),
    Spoil("another mode", "accuracy.mode", log(ANSWERED, "effective_test_mode", "PerformanceOnly")),
    Spoil("no performance run", "performance.files", gone(f"{OFFLINE}/performance/run_1")),
    Spoil("a damaged line in the log", "performance.log", said_in(RUN, lambda text: text + ":::MLLOG {\n")),
    Spoil("INVALID", "performance.valid", log(RUN, "result_validity", "INVALID")),
    Spoil("a summary of another run", "performance.summary", added(SUMMARY, "Result is : INVALID\n")),
    Spoil("an error in the performance run", "performance.errors", said_in(RUN, _error)),
    Spoil("seeds of another round", "performance.seeds", log(RUN, "effective_schedule_rng_seed", 1)),
    Spoil("63 samples in memory", "performance.loaded", log(RUN, "effective_performance_sample_count", 63)),
    Spoil("599,999 ms", "performance.duration", log(RUN, "effective_min_duration_ms", 599_999)),
    Spoil("24,575 samples in Offline", "performance.samples", log(RUN, "effective_samples_per_query", 24_575)),
    Spoil("the log of another scenario", "performance.scenario", log(RUN, "effective_scenario", "SingleStream")),
    Spoil("no least number of queries", "performance.queries", log(RUN, "effective_min_query_count", None)),
    Spoil("an error that is only counted", "performance.errors", log(RUN, "num_errors", 1)),
    Spoil("no throughput", "performance.metric", log(RUN, "result_samples_per_second", 0)),
    Spoil("the log of an audit", "performance.audit", log(RUN, "effective_accuracy_log_sampling_target", 256)),
    Spoil("stopped too early", "performance.stopping", log(SINGLE_RUN, "early_stopping_met", 0)),
    Spoil("Server with 200 ms", "performance.latency", log(SERVER, "effective_target_latency_ns", 2e8), CENTER),
    Spoil("no audit", "audit.missing", gone(AUDIT)),
    Spoil("an audit that failed", "audit.performance", added(f"{AUDIT}/verify_performance.txt", "TEST FAIL\n")),
    Spoil("an audit without a verdict", "audit.accuracy", gone(f"{AUDIT}/verify_accuracy.txt")),
    Spoil("other answers, and no scores", "audit.files", added(f"{AUDIT}/verify_accuracy.txt", "TEST FAIL\n")),
    Spoil("other answers, more than 1 % worse", "audit.accuracy", added(AUDIT_SCORE, "mAP=37.1%"), OTHER),
    Spoil("an audit with other seeds", "audit.seeds", log(AUDITED, "effective_qsl_rng_seed", 1)),
    Spoil("an audit that sampled nothing", "audit.sampled", log(AUDITED, "effective_accuracy_log_sampling_target", 0)),
    Spoil("an audit at another pace", "audit.pace", log(AUDITED, "result_samples_per_second", 30.0)),
    Spoil("an audit with a whole log", "audit.truncated", added(AUDIT_LONG, "x" * 10241)),
    Spoil("INVALID in v6.0", "performance.valid", log(RUN, "result_validity", "INVALID"), NEW),
    Spoil("no audit in v6.0", "audit.missing", gone(f"{OFFLINE}/TEST01"), NEW),
    Spoil("no measurements in v6.0", "measurements.file", gone(f"{OFFLINE}/measurements.json"), NEW),
    Spoil("an error in the performance run in v6.0", "performance.errors", said_in(RUN, _error), NEW),
    Spoil("a hidden file in v6.0", "names.hidden", added("src/retinanet/.hidden"), NEW),
)  # fmt: skip
"""Each breaks one rule of a good tree."""

ODD: Sequence[Spoil] = (
    Spoil("a link out of the tree beside the divisions", "names.link", lambda top: _led(top / "../../notes.md")),
    Spoil("a folder that lies elsewhere", "names.link", lambda top: _led(top / "../../assets")),
    Spoil("a pipe", "names.file", lambda top: os.mkfifo(top / "code/retinanet/pipe")),
    Spoil("a pipe for a description", "system.file", lambda top: _piped(top / SYSTEM)),
    Spoil("a pipe for a log", "accuracy.log", lambda top: _piped(top / ANSWERED)),
    Spoil("a line break in a name", "names.space", added("code/retinanet/a\nb.py")),
    Spoil("a list of system types", "system.system_type", key(SYSTEM, "system_type", ["edge"])),
    Spoil("a description that nobody can parse", "system.file", added(SYSTEM, "[" * 100_000)),
    Spoil("a score that is no number", "accuracy.value", said_in(SCORE, lambda text: text.replace("37.520", "37.5.2"))),
    Spoil("a list for a key in the log", "performance.log", said_in(RUN, lambda text: text + LISTED)),
    Spoil("a log that nobody can parse", "performance.log", said_in(RUN, lambda text: text + DEEP)),
    Spoil("a duration that is no number", "performance.duration", log(RUN, "effective_min_duration_ms", math.nan)),
    Spoil("endless samples in Offline", "performance.samples", log(RUN, "effective_samples_per_query", math.inf)),
    Spoil("a word for having seen enough", "performance.stopping", log(SINGLE_RUN, "early_stopping_met", "no")),
)  # fmt: skip
"""What nobody submits by mistake: a checker must neither break down over it, nor wait for ever, nor believe it."""


def _led(place: Path) -> None:
    """Let a path lead to a folder outside of the tree, or to a file in it."""
    outside = place.resolve().parents[1] / "outside"
    outside.mkdir()
    (outside / "file").write_text("nothing of the tree\n")
    place.symlink_to(outside / "file" if place.suffix else outside)


def _piped(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _damaged(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\xff")


def _grow(file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(51 << 20)


def _renamed(top: Path, model: str, other: str) -> None:
    for folder in sorted(top.rglob(model), reverse=True):
        folder.rename(folder.with_name(other))


def _copied(source: Path, name: str) -> None:
    for file in [item for item in source.rglob("*") if item.is_file()]:
        copy = source.with_name(name) / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
