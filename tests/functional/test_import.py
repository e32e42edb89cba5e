"""`envmgr import`: objects out of a file that `export` wrote, on a machine that has nothing else."""

import fcntl
import os
import signal
import stat
import subprocess
import sys
import termios
from dataclasses import replace
from pathlib import Path

import pytest

from tests.functional.artifact import artifact
from tests.functional.conftest import Checkout
from tests.functional.test_stores import BIG, small_disk  # noqa: F401  a fixture

STEP = "[[run.steps]]\nname = 'go'\nargv = ['/bin/sh', '-c', '. {tool}/tool > {step}/said']\n"


@pytest.fixture
def file(checkout: Checkout, tmp_path: Path) -> Path:
    """An exported benchmark `bench` that runs `tool`, which was built from `library`, with lockfile and recipes."""
    artifact(checkout, "library", {"words": "words\n"})
    checkout.script(
        "tool", 'echo "echo measured # {library.name}" > "{out}/tool"', head="[inputs]\nlibrary = 'library'"
    )
    checkout.recipe("bench", f"[inputs]\ntool = 'tool'\n{STEP}")
    checkout("lock", "bench")
    file = tmp_path / "bench.tar.zst"
    checkout("export", "bench", "--lock", "recipes.lock", "-o", str(file))
    return file


@pytest.fixture
def elsewhere(checkout: Checkout, tmp_path: Path) -> Checkout:
    """Another machine: an empty folder, and no store."""
    (tmp_path / "elsewhere").mkdir()
    return replace(checkout, top=tmp_path / "elsewhere", store=tmp_path / "elsewhere" / "store")


def left_over(store: Path) -> list[str]:
    """What a store holds that is no object's: staging folders, files beside objects."""
    folders = ("objects", "records", "staging/trash")
    found = [path for folder in folders for path in (store / folder).iterdir()]
    return [str(path) for path in [*found, *(store / "staging").glob("import-*")]]


def test_a_machine_without_network_runs_the_benchmark(elsewhere: Checkout, file: Path) -> None:
    cut = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*cut, "true"], check=False, capture_output=True).returncode:
        pytest.skip("the network can't be cut here")

    def run(folder: Path, *arguments: str) -> str:
        environ = {name: value for name, value in elsewhere.environ.items() if name != "ENVMGR_STORE"}
        command = [*cut, *elsewhere.command(*arguments)]
        return subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True, text=True).stdout

    told = run(elsewhere.top, "import", str(file), "--into", "it's here").splitlines()[-1]
    folder = elsewhere.top / "it's here"
    call = "envmgr run bench --offline --lock recipes.lock"
    assert told.endswith(call)
    run(folder, *call.split()[1:])
    (said,) = (folder / "store" / "runs").glob("*/go/said")
    assert said.read_text() == "measured\n"
    assert not (Path(elsewhere.environ["HOME"]) / ".local").exists()


def test_what_was_imported_is_as_if_it_had_been_built_here(checkout: Checkout, elsewhere: Checkout, file: Path) -> None:
    elsewhere("import", str(file))
    assert elsewhere("verify", "--json").data == {"objects": 2, "damages": [], "runs": [], "proved": []}
    elsewhere("verify", "--rebuild-db")
    there = checkout.with_store(elsewhere.store)
    result = there("realize", "tool", "library", "--offline", "--lock", "recipes.lock")
    assert (result.built, result.fetched) == ([], [])


def test_it_is_kept_until_its_profile_is_removed(elsewhere: Checkout, file: Path) -> None:
    profile = elsewhere("import", str(file), "--json").data["profile"]
    assert elsewhere("gc", "--json").data["objects"] == []
    elsewhere("root", "remove", profile)
    assert len(elsewhere("gc", "--json").data["objects"]) == 2


def test_a_store_takes_only_what_it_does_not_have(checkout: Checkout, elsewhere: Checkout, file: Path) -> None:
    checkout.with_store(elsewhere.store)("realize", "library")
    first, second = (elsewhere("import", str(file), "--json").data["new"] for _ in range(2))
    assert [path.partition("-")[2] for path in first] == ["tool-1"]
    assert second == []


def test_the_folder_is_a_checkout_to_work_in(elsewhere: Checkout, checkout: Checkout, file: Path) -> None:
    source = "files/library/words"
    elsewhere("import", str(file), "--into", ".")
    assert (elsewhere.top / source).read_bytes() == (checkout.top / source).read_bytes()
    assert (elsewhere.top / source).stat().st_mode & stat.S_IWUSR
    elsewhere("lock", "--check", "--offline")
    (elsewhere.top / source).write_text("other words\n")
    assert elsewhere.fails(4, "realize", "tool", "--lock", "recipes.lock")["class"] == "OutOfDateError"


def test_files_that_are_in_the_way_are_left_alone_and_nothing_is_imported(elsewhere: Checkout, file: Path) -> None:
    elsewhere.write("recipes/mine.toml", "")
    error = elsewhere.fails(2, "import", str(file), "--into", ".")
    assert (error["class"], "recipes" in error["message"]) == ("ClashError", True)
    assert [path.name for path in (elsewhere.top / "recipes").iterdir()] == ["mine.toml"]
    assert left_over(elsewhere.store) == []


def test_the_same_files_are_not_in_the_way(elsewhere: Checkout, file: Path) -> None:
    for _ in range(2):
        elsewhere("import", str(file), "--into", ".")
    assert sorted(path.name for path in elsewhere.top.iterdir()) == ["files", "recipes", "recipes.lock", "store"]


def test_a_file_that_is_none_is_refused(elsewhere: Checkout, tmp_path: Path) -> None:
    assert elsewhere.fails(2, "import", str(tmp_path / "missing"))["class"] == "NoFileError"
    (tmp_path / "text").write_text("not an export")
    assert elsewhere.fails(7, "import", str(tmp_path / "text"))["class"] == "DamagedFileError"


def test_interrupted_it_leaves_nothing(elsewhere: Checkout, file: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with elsewhere.start("import", str(pipe)) as process, pipe.open("wb") as writing:
        data = file.read_bytes()
        writing.write(data[: len(data) // 2])
        writing.flush()
        while int.from_bytes(fcntl.ioctl(writing, termios.FIONREAD, bytes(4)), sys.byteorder):
            os.sched_yield()  # until all of it was read
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert left_over(elsewhere.store) == []
    assert len(elsewhere("import", str(file), "--json").data["new"]) == 2


def test_a_full_disk_is_said_to_be_full_and_takes_nothing(small_disk: Checkout, tmp_path: Path) -> None:  # noqa: F811
    artifact(small_disk, "big", {"data": "x" * BIG})
    small_disk.write("files/big/data", os.urandom(BIG))
    small_disk.with_store(tmp_path / "roomy")("export", "big", "-o", str(tmp_path / "file"))
    assert small_disk.fails(12, "import", str(tmp_path / "file"))["class"] == "DiskFullError"
    assert left_over(small_disk.store) == []
