"""`envmgr diff`: two objects, two closures, two lockfiles."""

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
