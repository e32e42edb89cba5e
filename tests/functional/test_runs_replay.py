"""`envmgr runs replay`: repeat a run as it was."""

import json

from tests.functional.conftest import Checkout
from tests.records import imported, keep

BENCH = """
inputs.model = "model"
[run.settings]
batch = 1
rate = ""
[run.targets]
mAP = 55
[run.files."user.conf"]
when = {{ scenario = "Offline" }}
text = '''
batch = {{batch}}
rate = {{rate}}
'''
[[run.steps]]
name = "measure"
argv = {argv}
environment = {{ SCENARIO = "{{scenario}}" }}
[variants.scenario]
default = "Offline"
Offline = {{}}
Server = {{}}
"""


def bench(checkout: Checkout, score: float = 61.5) -> None:
    """A benchmark that prints its model, settings, axes, variables and files, and scores so."""
    script = (
        "read -r weights < {model}/weights; echo $weights {batch} $SCENARIO $THREADS; "
        "while read -r line; do echo $line; done < {results}/user.conf; "
        f"echo '{json.dumps({'mAP': score, 'result_valid': True})}' > {{step}}/metrics.json"
    )
    checkout.script("model", 'echo weights > "{out}/weights"')
    checkout.recipe("bench", BENCH.format(argv=json.dumps(["/bin/sh", "-c", script])))


def test_a_run_is_repeated_as_it_was_though_recipes_have_changed_and_gone(checkout: Checkout) -> None:
    checkout.script("other", 'echo heavier > "{out}/weights"')
    bench(checkout)
    asked = ("--with", "model=other", "--set", "batch=4", "--env", "THREADS=3")
    first = checkout("run", "bench", *asked, "--json").data["run"]
    checkout.recipe("bench", "[build]\nbuilder = 'tree'\n")
    (checkout.top / "recipes" / "other.toml").unlink()
    answer = checkout("runs", "replay", first["id"], "--json").data
    again = answer["run"]
    assert answer["replays"] == again["replays"] == first["id"] != again["id"]
    folders = [checkout.store / "runs" / run["id"] for run in (first, again)]
    outputs = [(folder / "measure" / "output.txt").read_text() for folder in folders]
    assert outputs[0] == outputs[1] == "heavier 4 Offline 3\nbatch = 4\n"
    moved = {"id", "replays", "started", "seconds", "before", "after", "steps"}
    assert {name: value for name, value in again.items() if name not in moved} == {
        name: value for name, value in first.items() if name not in moved
    }
    assert first["targets"] == {"mAP": 55}
    assert (answer["differences"]["stated"], answer["differences"]["lent"]) == ([], [])
    assert answer["differences"]["metrics"][0]["verdict"] == "same"
    shown = checkout("runs", "replay", again["id"][:-1]).stdout
    assert [words for words in ("repeats", "mAP: 61.5", "no difference", "load before") if words not in shown] == []


def test_a_replay_ends_as_the_run_would(checkout: Checkout) -> None:
    bench(checkout, score=12.5)
    low = checkout("run", "bench", "--json", expect=9).data["run"]
    assert checkout.fails(9, "runs", "replay", low["id"])["class"] == "AccuracyError"


def test_what_cannot_be_repeated_is_refused_with_what_would_help(checkout: Checkout) -> None:
    bench(checkout)
    run = checkout("run", "bench", "--json").data["run"]
    assert checkout.fails(2, "runs", "replay", "2025")["class"] == "NoSuchRunError"
    keep(checkout.store / "runs", imported("20260101-000000-aaaaaa"))
    assert checkout.fails(3, "runs", "replay", "20260101")["class"] == "NotMadeHereError"
    checkout("root", "remove", run["id"])
    checkout("gc", "--now")
    error = checkout.fails(7, "runs", "replay", run["id"])
    assert error["class"] == "GoneObjectsError"
    assert run["closure"][0] in error["message"]
    words = error["fix"].partition(": envmgr ")[2].split()
    assert words == ["realize", "bench", "--set", "scenario=Offline"]
    checkout(*words)
    checkout("runs", "replay", run["id"])
    texts = checkout.store / "runs" / run["id"] / "derivations.jsonl"
    texts.write_text("")
    assert checkout.fails(7, "runs", "replay", run["id"])["class"] == "NoTextsError"
