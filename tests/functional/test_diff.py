"""`envmgr diff`: two runs, two objects, two closures, two lockfiles."""

import json
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from tests.functional.conftest import Checkout


def test_entries_that_differ_are_listed_and_of_text_files_the_lines(checkout: Checkout) -> None:
    for name, files in {
        "old": {"text": b"one\ntwo\n", "bytes": b"a\0b", "same": b"same", "tool": b"run", "gone": b"gone"},
        "new": {"text": b"one\n2\n", "bytes": b"a\0cd", "same": b"same", "tool": b"run"},
    }.items():
        for file, content in files.items():
            checkout.write(f"{name}/{file}", content)
        source = f"sources.all = {{ kind = 'local', path = '../{name}' }}"
        checkout.recipe(name, f"{source}\n[build]\nbuilder = 'tree'\nsettings.files = {{ all = 'all' }}\n")
    (checkout.top / "new/tool").chmod(0o755)
    checkout("realize", "old", "new")
    data = checkout("diff", "old", "new", "--json").data
    assert (data["kind"], data["equal"]) == ("object", False)
    found = {entry["path"]: entry for entry in data["entries"]}
    assert found.keys() == {"all/bytes", "all/gone", "all/text", "all/tool"}
    text, binary, tool = (found[f"all/{name}"] for name in ("text", "bytes", "tool"))
    assert text["text"]["lines"][2:] == ["@@ -1,2 +1,2 @@", " one", "-two", "+2"]
    assert (binary["text"], binary["first_byte"], binary["after"]["size"]) == (None, 2, 4)
    assert found["all/gone"]["after"] is None
    assert (tool["before"]["executable"], tool["after"]["executable"]) == (False, True)


def test_what_people_read_names_both_and_what_differs(checkout: Checkout) -> None:
    checkout.recipe("old", "[build]\nbuilder = 'tree'\nsettings.texts = { hello = 'hello' }\n")
    checkout.recipe("new", "[build]\nbuilder = 'tree'\nsettings.texts = { hello = 'goodbye' }\n")
    old, new = checkout("realize", "old").path, checkout("realize", "new").path
    lines = checkout("diff", str(old), new.name).stdout.splitlines()
    assert lines[:2] == [f"before: {old.name}", f"after:  {new.name}"]
    assert lines[2].startswith("hello: 5 -> 7 bytes, the first that differs is byte 0;")
    assert lines[-2:] == ["-hello (no line break at the end)", "+goodbye (no line break at the end)"]


def test_equal_objects_have_no_difference_and_the_exit_code_is_0_either_way(checkout: Checkout) -> None:
    checkout.recipe("tree", "[build]\nbuilder = 'tree'\nsettings.texts = { hello = 'hello' }\n")
    checkout("realize", "tree")
    result = checkout("diff", "tree", "tree", "--json")
    assert (result.data["equal"], result.data["entries"]) == (True, [])
    assert checkout("diff", "tree", "tree").stdout.splitlines()[-1] == "no difference"


def test_closures_are_compared_object_by_object(checkout: Checkout) -> None:
    checkout.script("base", 'echo base > "{out}/file"')
    checkout.script("extra", 'echo extra > "{out}/file"')
    checkout.script("one", 'echo "{base.name}" > "{out}/file"', head="inputs.base = 'base'")
    checkout.script(
        "two", 'echo "{base.name} {extra.name}" > "{out}/file"', head="inputs = { base = 'base', extra = 'extra' }"
    )
    one, two, extra = checkout("realize", "one", "two", "extra").stdout.splitlines()
    data = checkout("diff", "--closure", "one", "two", "--json").data
    assert (data["kind"], data["equal"], data["common"]) == ("closure", False, 1)
    assert data["objects"] == [
        {"name": "extra", "before": None, "after": Path(extra).name},
        {"name": "one", "before": Path(one).name, "after": None},
        {"name": "two", "before": None, "after": Path(two).name},
    ]


def test_lockfiles_show_what_was_changed_apart_from_what_follows(checkout: Checkout) -> None:
    checkout.script("inner", 'echo first > "{out}/file"')
    checkout.script(
        "outer", 'read -r line < "{inner}/file"; echo "$line" > "{out}/file"', head="inputs.inner = 'inner'"
    )
    checkout("lock", "outer")
    (checkout.top / "recipes.lock").rename(checkout.top / "old.lock")
    checkout.script("inner", 'echo second > "{out}/file"')
    checkout("lock", "outer")
    data = checkout("diff", "old.lock", "recipes.lock", "--json").data
    assert (data["kind"], data["equal"]) == ("lockfile", False)
    inner, outer = data["entries"]
    assert (inner["recipe"], inner["kind"]) == ("inner", "changed")
    assert [field["field"] for field in inner["fields"]] == ["settings.argv[2]"]
    assert (outer["recipe"], outer["kind"], outer["fields"], outer["inputs"]) == ("outer", "follows", [], ["inner"])
    assert outer["before"] != outer["after"]
    assert [change["field"] for change in outer["contents"]] == ["file"]
    text = checkout("diff", "old.lock", "recipes.lock").stdout
    assert "settings.argv[2]: set -eu\\necho first" in text
    assert checkout("diff", "old.lock", "old.lock", "--json").data["equal"]


def test_roots_and_entries_of_one_lockfile_only_are_listed(checkout: Checkout) -> None:
    checkout.script("one", 'echo one > "{out}/file"')
    checkout.script("two", 'echo two > "{out}/file"')
    checkout("lock", "one")
    (checkout.top / "old.lock").write_bytes((checkout.top / "recipes.lock").read_bytes())
    checkout("lock", "two")
    data = checkout("diff", "old.lock", "recipes.lock", "--json").data
    assert data["roots"] == [{"recipe": "two", "set": {}, "kind": "added"}]
    assert [(entry["recipe"], entry["kind"]) for entry in data["entries"]] == [("two", "added")]


def test_a_lockfile_and_an_object_cannot_be_compared_nor_can_a_run_s_tree(checkout: Checkout) -> None:
    checkout.script("one", 'echo one > "{out}/file"')
    checkout("lock", "one")
    assert checkout.fails(2, "diff", "recipes.lock", "one")["class"] == "DifferentKindsError"
    checkout.recipe("bench", "inputs = { a = 'one', b = 'two' }\n[[run.steps]]\nname = 'go'\nargv = ['/bin/true']\n")
    checkout.script("two", 'echo two > "{out}/file"')
    checkout("realize", "bench")
    assert checkout.fails(2, "diff", "bench", "one")["class"] == "NoOneObjectError"
    assert checkout("diff", "--closure", "bench", "one", "--json").data["common"] == 1


MEASURE = """read -r cost < {program}/cost; echo '{"samples_per_second": '$cost'}' > {step}/metrics.json"""
BENCH = f"""
inputs.program = "program"
run.settings.threads = 1
[[run.steps]]
name = "measure"
argv = ["/bin/sh", "-c", {json.dumps(MEASURE)}]
"""


def bench(checkout: Checkout, cost: int) -> str:
    """A run of `bench`, whose number stands in a folder of the checkout, two inputs down; its id."""
    checkout.write("data/cost", f"{cost}\n")
    checkout.recipe(
        "base",
        "sources.data = { kind = 'local', path = '../data' }\n"
        "[build]\nbuilder = 'tree'\nsettings.files = { cost = 'data/cost' }\n",
    )
    checkout.recipe("program", "inputs.base = 'base'\n[build]\nbuilder = 'tree'\nsettings.files.cost = 'base/cost'\n")
    checkout.recipe("bench", BENCH)
    run: str = checkout("run", "bench", "--json").data["run"]["id"]
    return run


def again(checkout: Checkout, run: str, configuration: str, values: Sequence[float]) -> None:
    """Runs like one that is there, as a series measured them: one value a round, and a warm-up that does not count."""
    runs = checkout.store / "runs"
    text = json.loads((runs / run / "record.json").read_text())
    for number, value in enumerate([0.0, *values]):
        name = f"20260101-0000{number:02d}-{sha256(configuration.encode()).hexdigest()[:6]}"
        place = {"series": "s-one", "configuration": configuration, "round": number}
        record = text | {"id": name, "metrics": {"samples_per_second": value}, "series": place}
        shutil.copytree(runs / run, runs / name)
        (runs / name / "record.json").write_text(json.dumps(record))


def test_two_runs_differ_down_to_the_line_of_a_source_and_one_run_a_side_proves_nothing(checkout: Checkout) -> None:
    old, new = bench(checkout, 100), bench(checkout, 50)
    data = checkout("diff", old, new, "--json").data
    assert (data["kind"], data["before"]["runs"], data["after"]["runs"]) == ("run", [old], [new])
    (metric,) = data["records"]["metrics"]
    assert (metric["before"]["median"], metric["ratio"]["median"], metric["verdict"]) == (100, 0.5, "too few")
    assert data["records"]["stated"] == []
    assert data["records"]["lent"] == []
    (cause,) = data["closure"]["causes"]
    assert cause["way"] == ["program", "base", "data"]
    assert cause["files"][0]["text"]["lines"][-2:] == ["-100", "+50"]
    assert [item["way"] for item in data["closure"]["follows"]] == [[], ["program"], ["program", "base"]]
    assert [item["name"] for item in data["closure"]["objects"]] == ["program"]
    text = checkout("diff", old, new).stdout
    assert "samples_per_second: 100, 50: not known from so few runs" in text
    assert "->" not in text.partition("settings")[0]
    assert "because of program > base > data, which is data-0:" in text


def test_what_was_chosen_for_two_runs_is_told_apart_from_what_they_were_made_of(checkout: Checkout) -> None:
    old = bench(checkout, 100)
    new = checkout("run", "bench", "--set", "threads=2", "--env", "MODE=quick", "--json").data["run"]["id"]
    data = checkout("diff", old, new, "--json").data
    assert [(item["field"], item["before"], item["after"]) for item in data["records"]["stated"]] == [
        ("environment.MODE", None, "quick"),
        ("settings.threads", 1, 2),
    ]
    assert (data["records"]["metrics"][0]["verdict"], data["closure"]["causes"]) == ("same", [])
    assert "no difference" in checkout("diff", old, old).stdout
    assert checkout.fails(2, "diff", old, "bench")["class"] == "DifferentKindsError"


def test_configurations_of_a_series_differ_only_where_noise_cannot_have_made_it(checkout: Checkout) -> None:
    old, slower = bench(checkout, 100), bench(checkout, 50)
    again(checkout, old, "cost=100", [100, 104, 98, 101, 99, 103])
    again(checkout, slower, "cost=50", [51, 52, 49, 50, 50, 51])
    again(checkout, old, "other", [99, 105, 98, 100, 101, 102])
    data = checkout("diff", "s-one:cost=100", "s-one:cost=50", "--json").data
    (metric,) = data["records"]["metrics"]
    assert (metric["verdict"], metric["before"]["count"], metric["better"]) == ("differs", 6, "higher")
    assert metric["ratio"]["low"] <= 0.5 <= metric["ratio"]["high"]
    text = checkout("diff", "s-one:cost=100", "s-one:cost=50").stdout
    assert ": lower, 0.5" in text
    assert "times, which is worse" in text
    noise = checkout("diff", "s-one:cost=100", "s-one:other").stdout.splitlines()
    assert noise[3].endswith("within noise")
    assert "->" not in noise[3]


def test_a_run_made_elsewhere_is_compared_by_what_is_known_of_it(checkout: Checkout) -> None:
    old = bench(checkout, 100)
    runs = checkout.store / "runs"
    record = json.loads((runs / old / "record.json").read_text())
    known = {name: record[name] for name in ("recipe", "version", "axes", "settings", "started", "seconds", "steps")}
    imported = {"schema": "envmgr.imported-run/1", "id": "20250101-000000-abcdef", "exit_code": 0, "source": "logs"}
    (runs / "20250101-000000-abcdef").mkdir()
    text = json.dumps(known | imported | {"metrics": {"samples_per_second": 80}})
    (runs / "20250101-000000-abcdef/record.json").write_text(text)
    data = checkout("diff", "20250101", old, "--json").data
    assert (data["closure"], data["records"]["lent"], data["records"]["conditions"]) == (None, [], [])
    assert data["records"]["metrics"][0]["after"]["median"] == 100
    assert "a side was made elsewhere" in checkout("diff", "20250101", old).stdout
