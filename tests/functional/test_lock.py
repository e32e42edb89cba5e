"""`envmgr lock`, and what `--lock` refuses."""

import json
import platform
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
import tomli

from tests.functional.conftest import Checkout
from tests.loopback import Origin, Reply

INDEX = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
LOCK = ("--lock", "recipes.lock")
SIZES = """
[build]
builder = "tree"

[variants.size]
default = "small"
small.settings.texts = { size = "small" }
big.settings.texts = { size = "big" }
"""


@pytest.fixture
def pair(checkout: Checkout) -> Checkout:
    """`outer` is made from `inner`."""
    checkout.script("inner", 'echo inner > "{out}/file"')
    checkout.script("outer", 'echo outer > "{out}/file"', head="[inputs]\ninner = 'inner'")
    return checkout


def lockfile(checkout: Checkout) -> Path:
    return checkout.top / "recipes.lock"


def test_a_lockfile_is_written_sorted_and_is_the_same_when_it_is_written_again(pair: Checkout) -> None:
    written = pair("lock", "outer", "--json").data
    assert (written["changed"], written["entries"]) == (True, 2)
    assert {path.name for path in pair.top.iterdir()} == {"recipes", "recipes.lock"}
    text = lockfile(pair).read_text()
    recipes = [line for line in text.splitlines() if line.startswith("recipe = ")]
    assert recipes == ['recipe = "outer"', 'recipe = "inner"', 'recipe = "outer"']  # the root, then the entries
    assert str(pair.top) not in text
    assert pair("lock", "--json").data["changed"] is False
    assert lockfile(pair).read_text() == text


def test_the_order_of_locking_does_not_show(pair: Checkout, tmp_path: Path) -> None:
    pair("lock", "inner")
    pair("lock", "outer")
    pair("lock", "outer", "inner", "--lock", str(tmp_path / "other.lock"))
    assert (tmp_path / "other.lock").read_text() == lockfile(pair).read_text()


def test_check_says_whether_the_lockfile_fits_and_never_writes(pair: Checkout) -> None:
    pair("lock", "outer")
    text = lockfile(pair).read_text()
    assert pair("lock", "--check", "--json").data["up_to_date"] is True
    pair.script("inner", 'echo edited > "{out}/file"')
    error = pair.fails(4, "lock", "--check")
    assert (error["class"], "settings.argv" in error["message"]) == ("OutOfDateError", True)
    assert lockfile(pair).read_text() == text


def test_a_locked_recipe_that_was_changed_is_refused_naming_the_field(pair: Checkout) -> None:
    pair("lock", "outer")
    pair.script("inner", 'echo edited > "{out}/file"')
    error = pair.fails(4, "realize", "outer", *LOCK)
    assert error["class"] == "OutOfDateError"
    assert "inner is not what the lockfile pins" in error["message"]
    assert "settings.argv" in error["message"]


def test_a_locked_source_that_was_changed_is_refused_naming_it(checkout: Checkout) -> None:
    checkout.write("data/data.txt", "before\n")
    head = "[sources]\ndata = { kind = 'local', path = '../data' }"
    checkout.script("uses", 'echo used > "{out}/file"', head=head)
    checkout("lock", "uses")
    checkout.write("data/data.txt", "after\n")
    error = checkout.fails(4, "realize", "uses", *LOCK)
    assert "sources.data.manifest" in error["message"]


def test_what_is_not_in_the_lockfile_is_refused(pair: Checkout) -> None:
    pair("lock", "inner")
    error = pair.fails(4, "realize", "outer", *LOCK)
    assert (error["class"], "envmgr lock outer" in error["fix"]) == ("NotLockedError", True)
    assert pair.fails(3, "realize", "outer", "--lock", "other.lock")["class"] == "MissingLockfileError"


def test_an_output_that_came_out_otherwise_is_refused_naming_the_files(checkout: Checkout, tmp_path: Path) -> None:
    line = 'read -r id < /proc/sys/kernel/random/uuid; echo "$id" > "{out}/random"; echo same > "{out}/steady"'
    checkout.script("shaky", line)
    checkout("lock", "shaky")
    elsewhere = checkout.with_store(tmp_path / "elsewhere")
    for _ in ("built now", "there already"):
        error = elsewhere.fails(4, "realize", "shaky", *LOCK)
        assert error["class"] == "OutputMismatchError"
        assert "random: locked " in error["message"]
        assert "steady" not in error["message"]
    assert checkout("realize", "shaky", *LOCK).built == []


def test_entries_of_other_variants_stay(checkout: Checkout) -> None:
    checkout.recipe("sized", SIZES)
    checkout("lock", "sized")
    checkout("lock", "sized", "--set", "size=big")
    for size in ("small", "big"):
        path = checkout("realize", "sized", "--set", f"size={size}", *LOCK).path
        assert (path / "size").read_text() == size


def test_a_root_that_shares_what_was_changed_is_named_until_it_is_locked_again(pair: Checkout) -> None:
    pair.script("sibling", 'echo sibling > "{out}/file"', head="[inputs]\ninner = 'inner'")
    assert pair("lock", "outer", "sibling", "--json").data["out_of_date"] == []
    pair.script("inner", 'echo other > "{out}/file"')
    answer = pair("lock", "outer", "--json")
    (warning,) = answer.json()["warnings"]
    assert [root["recipe"] for root in answer.data["out_of_date"]] == ["sibling"]
    assert warning.endswith(": envmgr lock sibling")
    pair.write("other.lock", lockfile(pair).read_text())
    (warning,) = pair("lock", "outer", "--lock", "other.lock", "--json").json()["warnings"]
    assert warning.endswith(": envmgr lock sibling --lock other.lock")
    pair.fails(4, "realize", "sibling", *LOCK)
    assert pair("lock", "sibling", "--json").data["out_of_date"] == []
    pair("lock", "--check")


def test_without_realizing_it_pins_derivations_and_keeps_pinned_outputs(pair: Checkout) -> None:
    pair("lock", "inner")
    assert lockfile(pair).read_text().count("store_path = ") == 1
    result = pair("lock", "outer", "--no-realize")
    assert result.built == []
    assert lockfile(pair).read_text().count("store_path = ") == 1
    assert lockfile(pair).read_text().count("derivation = ") == 2
    assert pair("realize", "outer", *LOCK).built == ["outer-1"]


@pytest.mark.parametrize("text", ["version = 99\n", "version = 1\n[[entry]\n", "version = 1\nrot = 1\n", ""])
def test_a_lockfile_that_is_newer_or_broken_is_refused_and_left_alone(pair: Checkout, text: str) -> None:
    lockfile(pair).write_text(text)
    assert pair.fails(3, "lock", "inner")["class"] == "LockfileError"
    assert lockfile(pair).read_text() == text


def test_there_must_be_something_to_lock(checkout: Checkout) -> None:
    assert checkout.fails(2, "lock")["class"] == "UsageError"
    assert checkout.fails(3, "lock", "--check")["class"] == "MissingLockfileError"


def test_a_lockfile_that_cannot_be_written_is_said_to_be_so(pair: Checkout) -> None:
    error = pair.fails(5, "lock", "inner", "--lock", "no-such-folder/recipes.lock")
    assert error["class"] == "NotWrittenError"


def publish(origin: Origin, project: str, platform_tag: str = "any") -> tuple[str, bytes]:
    """Have an index serve a wheel of version 1 that holds nothing but what says that it is one; its name and bytes."""
    name, content, info = f"{project}-1-py3-none-{platform_tag}.whl", BytesIO(), f"{project}-1.dist-info"
    with ZipFile(content, "w") as wheel:
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {project}\nVersion: 1\n")
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-{platform_tag}\n")
        wheel.writestr(f"{info}/RECORD", "")
    data = content.getvalue()
    url = origin.serve(f"/files/{name}", Reply(data))
    file = {"filename": name, "url": url, "hashes": {"sha256": sha256(data).hexdigest()}, "size": len(data)}
    page = {"meta": {"api-version": "1.1"}, "name": project, "versions": ["1"], "files": [file]}
    origin.serve(f"/simple/{project}/", Reply(json.dumps(page).encode(), headers=INDEX))
    return name, data


def test_update_pins_the_wheels_of_every_variant_those_for_old_systems_too(checkout: Checkout, origin: Origin) -> None:
    files = {"plain": publish(origin, "plain"), "old": publish(origin, "old", f"manylinux2010_{platform.machine()}")}
    source = "{{ kind = 'wheels', path = 'wheels/{0}.toml', requirements = ['{0}'] }}"
    checkout.recipe(
        "environment",
        f"sources.wheels = {source.format('plain')}\n[build]\nbuilder = 'python_env'\n"
        f"[variants.device]\ndefault = 'cpu'\ncpu = {{}}\ncuda.sources.wheels = {source.format('old')}\n"
        "[variants.python]\ndefault = 'cp312'\ncp312.settings.python = 'cp312'\n",
    )
    (checkout.top / "recipes/wheels").mkdir()
    environ = {"PIP_INDEX_URL": f"{origin.url}/simple", "UV_NO_CACHE": "1"}
    checkout("lock", "environment", "--update", "--no-realize", expect=0, **environ)
    for project, (name, data) in files.items():
        (pinned,) = tomli.loads((checkout.top / f"recipes/wheels/{project}.toml").read_text())["cp312"].values()
        assert (pinned["file"], pinned["size"], pinned["sha256"]) == (name, len(data), sha256(data).hexdigest())
