"""`envmgr bisect`: what moved a number between two runs."""

import json
import signal
from collections.abc import Mapping
from typing import Any

from envmgr.cli.command_line import envmgr
from envmgr.cli.schema_command import answer_schema, data_types
from tests.functional.conftest import Checkout, Result, until
from tests.json_schema import faults

ROUNDS = 5
MEASURE = """
set -eu
read -r engine < {engine}/cost
read -r data < {data}/name
echo "{\\"samples_per_second\\": $((1000 - engine - 10 * {threads}))}" > {step}/metrics.json
"""


def bench(checkout: Checkout, note: str = "same") -> None:
    """A benchmark whose number goes by a setting and by an engine, which takes it from its core; not by its data."""
    checkout.recipe("data", "sources.names = { kind = 'local', path = '../names' }\n" + tree("name", "names/name"))
    texts = f"settings.texts.note = '{note}'\n"
    checkout.recipe(
        "core", "sources.source = { kind = 'local', path = '../source' }\n" + tree("cost", "source/cost") + texts
    )
    checkout.recipe("engine", "inputs.core = 'core'\n" + tree("cost", "core/cost"))
    steps = f"[[run.steps]]\nname = 'measure'\nargv = ['/bin/sh', '-c', {json.dumps(MEASURE)}]\n"
    checkout.recipe(
        "bench",
        f"inputs = {{ engine = 'engine', data = 'data' }}\nrun.settings.threads = 1\n{steps}",
    )


def tree(path: str, source: str) -> str:
    """How an artifact is made of one file of an input."""
    return f"[build]\nbuilder = 'tree'\nsettings.files = {{ {path} = '{source}' }}\n"


def run(checkout: Checkout, cost: int, name: str, *arguments: str) -> str:
    """A run over what stands in these files; its id."""
    checkout.write("source/cost", f"{cost}\n")
    checkout.write("names/name", f"{name}\n")
    made: str = checkout("run", "bench", *arguments, "--json").data["run"]["id"]
    return made


def named(data: Mapping[str, Any]) -> dict[str, float]:
    """The shares of what was named, by all that it is."""
    return {
        " and ".join(item["field"] for item in found["elements"]): round(found["share"]["median"], 2)
        for found in data["named"]
    }


def records(checkout: Checkout) -> list[dict[str, Any]]:
    """The records of all runs that belong to a series."""
    found = [json.loads(file.read_text()) for file in (checkout.store / "runs").glob("*/record.json")]
    return [record for record in found if record["series"]]


def rounds(result: Result) -> int:
    """How many runs were made."""
    return sum(" measured " in line for line in result.stderr.splitlines())


def test_a_setting_and_a_source_two_inputs_down_are_named_with_their_shares(checkout: Checkout) -> None:
    bench(checkout)
    good = run(checkout, 100, "one")
    bench(checkout, note="another")
    bad = run(checkout, 160, "two", "--set", "threads=3")
    with checkout.start("bisect", good, bad, "--json") as process:
        said = until(process, "measured bad in")
        checkout("gc", "--now")  # what mixes are built from is kept as long as it goes on
        stdout, stderr = process.communicate()
    result = Result(process.returncode, stdout, "".join(said) + stderr)
    data = result.data
    assert faults(result.json(), answer_schema("bisect", dict(data_types(envmgr))["bisect"])) == []
    assert (data["verdict"], data["metric"], data["difference"]["median"]) == ("named", "samples_per_second", -80)
    assert named(data) == {
        "input engine > core": 0.75,
        "input engine > core > source": 1,
        "setting threads": 0.25,
    }
    setting = data["named"][-1]
    assert (setting["elements"][0]["before"], setting["elements"][0]["after"]) == (1, 3)
    assert (setting["alone"]["median"], setting["last"]["median"], setting["interacts"]) == (-20, -20, False)
    source = data["named"][1]
    assert (source["within"], source["is_bottom"]) == ("input engine > core", True)
    assert source["causes"][0]["files"][0]["text"]["lines"][-2:] == ["-100", "+160"]
    assert (data["rest"]["median"], data["came_back"], data["unfit"]) == (0, 1, [])
    assert data["swapped"] == ["setting threads", "input engine", "input data"]
    lines = checkout("bisect", good, bad, "--resume", data["series"]).stdout.splitlines()
    assert lines[3:5] == [
        "75 %: input engine > core, in which it is:",
        "  100 % of input engine > core: input engine > core > source",
    ]
    assert lines[-2:] == ["25 %: setting threads: 1 -> 3", "0 % is no single one's of: input data"]
    series = {record["series"]["series"] for record in records(checkout)}
    assert {name.rpartition("-")[0] for name in series} == {data["series"]}


def test_ends_that_are_alike_today_are_the_hosts_affair(checkout: Checkout) -> None:
    bench(checkout)
    good, bad = run(checkout, 100, "one"), run(checkout, 100, "two")
    result = checkout("bisect", good, bad, "--json")
    assert (result.data["verdict"], result.data["named"], result.data["came_back"]) == ("host", [], None)
    assert rounds(result) == 2 * (ROUNDS + 1)
    text = checkout("bisect", good, good).stdout
    assert "nothing that could be swapped differs: what is left is the host, its load, and noise" in text


def test_parts_that_only_go_together_are_named_together_and_a_killed_bisection_goes_on(checkout: Checkout) -> None:
    bench(checkout)
    good = run(checkout, 100, "one")
    engine = checkout.top / "recipes/engine.toml"
    engine.write_text(engine.read_text().replace("cost = 'core/cost'", "price = 'core/cost'"))
    bench_file = checkout.top / "recipes/bench.toml"
    bench_file.write_text(bench_file.read_text().replace("{engine}/cost", "{engine}/price"))
    bad = run(checkout, 150, "two")
    with checkout.start("bisect", good, bad) as process:
        said = [line for _ in range(3) for line in until(process, "measured bad in")]
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate()
        assert process.returncode == 130
    series = said[0].split()[4].rstrip(",")
    assert f"--resume {series}" in stderr
    damaged = checkout.store / "runs" / "20000101-000000-aaaaaa"
    damaged.mkdir()
    (damaged / "record.json").write_text("{}")
    result = checkout("bisect", good, bad, "--resume", series, "--json")
    assert named(result.data) == {"step measure: argv and input engine": 1}
    assert {item["label"] for item in result.data["unfit"]} >= {"good with step measure: argv"}
    made = rounds(result)
    assert named(checkout("bisect", good, bad, "--resume", series, "--json").data) == named(result.data)
    (damaged / "record.json").unlink()
    assert made < len(records(checkout))
    error = checkout.fails(2, "bisect", bad, good, "--resume", series)
    assert error["class"] == "OtherQuestionError"


def test_an_input_whose_sources_were_collected_is_named_as_a_whole_with_all_that_differs(checkout: Checkout) -> None:
    bench(checkout)
    good = run(checkout, 100, "one")
    bench(checkout, note="another")
    bad = run(checkout, 160, "one")
    checkout("gc", "--now")
    data = checkout("bisect", good, bad, "--json").data
    assert named(data) == {"input engine > core": 1}
    assert data["named"][0]["is_bottom"]
    assert {"/".join(cause["way"]) for cause in data["named"][0]["causes"]} == {"engine/core", "engine/core/source"}
    assert any("source-0" in item["why"] for item in data["unfit"])


def test_what_cannot_be_searched_is_refused_before_anything_runs(checkout: Checkout) -> None:
    bench(checkout)
    good = run(checkout, 100, "one")
    assert checkout.fails(5, "bisect", good, good, "--metric", "speed")["class"] == "NoNumberError"
    assert checkout.fails(2, "bisect", good, "20000101")["class"] == "NoSuchRunError"
    assert checkout.fails(2, "bisect", good, good, "--repeat", "4")["class"] == "UsageError"
    assert (
        checkout.fails(2, "bisect", good, good, "--resume", "s-20260101-000000-abcdef")["class"] == "OtherQuestionError"
    )
