"""`envmgr export`: a closure as one file."""

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import zstandard

from tests.functional.artifact import artifact
from tests.functional.conftest import Checkout


@pytest.fixture
def tools(checkout: Checkout) -> Checkout:
    """A checkout with `tool`, which refers to `library`, and a lockfile of both."""
    artifact(checkout, "library", {"lib/words": "words\n"})
    artifact(checkout, "tool", {"bin/tool": "echo tool"})
    checkout.script(
        "both", 'echo "{library.name} {tool.name}" > "{out}/uses"', head="[inputs]\nlibrary='library'\ntool='tool'"
    )
    checkout("lock", "both")
    return checkout


def names(file: Path) -> list[str]:
    """The entries of an exported file, as Python's tar reads them."""
    with file.open("rb") as opened, zstandard.ZstdDecompressor().stream_reader(opened) as stream:
        plain = io.BytesIO(stream.read())
    with tarfile.open(fileobj=plain) as archive:
        return archive.getnames()


def test_the_file_is_a_tar_of_the_closure_references_first(tools: Checkout, tmp_path: Path) -> None:
    file = tmp_path / "both.tar.zst"
    data = tools("export", "both", "-o", str(file), "--json").data
    assert [path.partition("-")[2] for path in data["objects"]][-1] == "both-1"
    assert {path.partition("-")[2] for path in data["objects"]} == {"both-1", "library-1", "tool-1"}
    parts = [f"objects/{path}.{kind}" for path in data["objects"] for kind in ("json", "manifest", "content")]
    assert names(file) == ["export.json", "checkout.manifest", "checkout.content", *parts]
    if shutil.which("tar") and shutil.which("zstd"):
        listed = subprocess.run(["tar", "--zstd", "-tf", file], capture_output=True, text=True, check=True)
        assert listed.stdout.splitlines() == names(file)


def test_the_same_closure_is_the_same_file_whoever_writes_it_and_on_however_many_cores(
    tools: Checkout, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("first", "second", "third")]
    tools("export", "both", "-o", str(files[0]))
    tools("realize", "tool")
    core = str(min(os.sched_getaffinity(0)))
    call = tools.command("export", "both", "-o", str(files[1]))
    environ = {**tools.environ, "ENVMGR_STORE": str(tools.store)}
    subprocess.run(["taskset", "-c", core, *call], cwd=tools.top, env=environ, check=True, capture_output=True)
    other = tools.with_store(tmp_path / "other")
    other("import", str(files[0]))
    other("export", "both", "-o", str(files[2]), "--offline")
    assert len({file.read_bytes() for file in files}) == 1


def test_what_is_missing_is_realised_first(checkout: Checkout, tmp_path: Path) -> None:
    artifact(checkout, "tool", {"bin/tool": "echo tool"})
    result = checkout("export", "tool", "-o", str(tmp_path / "file"))
    assert (result.built, result.path) == (["tool-1"], tmp_path / "file")


def test_a_store_path_is_exported_without_recipes(tools: Checkout, tmp_path: Path) -> None:
    path = tools("realize", "tool").path
    data = tools("export", str(path), "-o", str(tmp_path / "file"), "--json").data
    assert (data["checkout"], data["objects"]) == (False, [path.name])
    other = tools.with_store(tmp_path / "other")
    assert other("import", str(tmp_path / "file"), "--json").data["profile"] == f"imported-{path.name}"
    assert other("exec", path.name, "--", "tool").stdout == "tool\n"


def test_a_damaged_object_is_not_exported_and_the_older_file_stays(tools: Checkout, tmp_path: Path) -> None:
    words = tools("realize", "library").path / "lib" / "words"
    (tmp_path / "file").write_text("older")
    words.chmod(0o644)
    words.write_text("WORDS\n")
    error = tools.fails(7, "export", "both", "-o", str(tmp_path / "file"))
    assert (error["class"], "lib/words" in error["message"]) == ("DamagedTreeError", True)
    assert (tmp_path / "file").read_text() == "older"
    assert not list(tmp_path.glob(".file*"))


def test_a_file_that_cannot_be_made_is_said(tools: Checkout, tmp_path: Path) -> None:
    error = tools.fails(12, "export", "tool", "-o", str(tmp_path / "missing" / "file"))
    assert error["class"] == "NotWritableError"


def test_a_lockfile_outside_of_the_checkout_is_refused(tools: Checkout, tmp_path: Path) -> None:
    shutil.copy(tools.top / "recipes.lock", tmp_path / "elsewhere.lock")
    lock = str(tmp_path / "elsewhere.lock")
    error = tools.fails(2, "export", "both", "--lock", lock, "-o", str(tmp_path / "file"))
    assert (error["class"], error["where"]) == ("NotTakenError", str(tmp_path))


def test_a_source_in_a_hidden_folder_is_not_taken_along(checkout: Checkout, tmp_path: Path) -> None:
    checkout.write(".hidden/text", "text\n")
    source = "[sources]\nfiles = { kind = 'local', path = '../.hidden' }\n"
    checkout.recipe("tool", f"{source}[build]\nbuilder = 'tree'\nsettings.files = {{ text = 'files/text' }}\n")
    assert checkout.fails(2, "export", "tool", "-o", str(tmp_path / "file"))["class"] == "NotTakenError"
