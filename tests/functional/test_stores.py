"""Stores that cannot be written, are too new, are full, or belong to somebody else."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from sysconfig import get_path
from tempfile import TemporaryDirectory

import pytest

from tests.functional.conftest import Checkout
from tests.loopback import Origin, Reply

NOBODY = 65534
"""The user `nobody` of every Linux."""
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="mounting and becoming another user are root's")
BIG = 8 * 2**20
"""Bytes; more than the small disk has."""


@pytest.fixture
def small_disk(checkout: Checkout) -> Iterator[Checkout]:
    """The store on a file system of 4 MiB."""
    checkout.store.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=755", "none", str(checkout.store)]
    mounted = subprocess.run(mount, check=False, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"nothing can be mounted here: {mounted.stderr.strip()}")
    yield checkout
    subprocess.run(["umount", "--lazy", str(checkout.store)], check=True)


def one_object(checkout: Checkout) -> Path:
    """The path of a realised recipe `there`; `missing` is not realised."""
    checkout.script("there", 'echo there > "{out}/file"')
    checkout.script("missing", 'echo missing > "{out}/file"')
    return checkout("realize", "there").path


def test_a_store_of_a_newer_version_is_refused_and_left_alone(checkout: Checkout) -> None:
    one_object(checkout)
    index = checkout.store / "db.sqlite"
    with sqlite3.connect(index) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = index.read_bytes()
    for arguments in (["realize", "missing"], ["verify"], ["gc"]):
        error = checkout.fails(12, *arguments)
        assert error["class"] == "NewerStoreError"
        assert "99" in error["message"]
        assert error["where"] == str(index)
    assert index.read_bytes() == before


def test_a_store_without_its_index_is_refused_until_it_is_rebuilt(checkout: Checkout) -> None:
    path = one_object(checkout)
    (checkout.store / "db.sqlite").unlink()
    error = checkout.fails(7, "realize", "there", "missing")
    assert (error["class"], "--rebuild-db" in error["fix"]) == ("DamagedIndexError", True)
    checkout("verify", "--rebuild-db")
    result = checkout("realize", "missing", "there")
    assert (result.path, result.built) == (path, ["missing-1"])


def test_a_store_that_can_only_be_read_answers_what_it_has_and_refuses_the_rest(checkout: Checkout) -> None:
    path = one_object(checkout)
    _make_read_only(checkout.store)
    assert checkout("realize", "there").path == path
    assert checkout("realize", "there", "--json").data["outputs"][0]["store_path"] == path.name
    error = checkout.fails(12, "realize", "missing")
    assert (error["class"], error["where"]) == ("ReadOnlyStoreError", str(checkout.store))
    assert checkout.objects() == {path.name}


def test_a_store_that_cannot_be_made_is_refused(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    checkout.script("missing", 'echo missing > "{out}/file"')
    error = checkout.with_store(tmp_path / "file" / "store").fails(12, "realize", "missing")
    assert error["class"] == "ReadOnlyStoreError"


@root_only
@pytest.mark.parametrize("kind", ["script", "tree", "fetch"])
def test_a_full_disk_is_said_to_be_full_and_the_store_goes_on_when_there_is_room(
    small_disk: Checkout, origin: Origin, kind: str
) -> None:
    """Whoever meets the full disk: a program of a build, envmgr itself, or a download."""
    path = one_object(small_disk)
    small_disk.write("data/data", bytes(BIG))
    line = "s=0123456789abcdef; i=0; while [ $i -lt 10 ]; do s=$s$s; i=$((i+1)); done"  # 16 KiB
    write = 'i=0; while [ $i -lt 512 ]; do echo "$s" >> "{out}/file"; i=$((i+1)); done'
    small_disk.script("script", line, write)
    copy = "[build]\nbuilder = 'tree'\nsettings.files = { copy = 'data/data' }\n"
    small_disk.recipe("tree", f"[sources]\ndata = {{ kind = 'local', path = '../data' }}\n{copy}")
    pin = f"file = 'data', md5 = '{'0' * 32}', size = {BIG}"
    url = origin.serve("/data", Reply(bytes(BIG)))
    small_disk.recipe("fetch", f"[sources]\ndata = {{ kind = 'url', urls = ['{url}'], {pin} }}\n{copy}")
    error = small_disk.fails(12, "realize", kind)
    assert error["class"] == "DiskFullError"
    assert small_disk.objects() == {path.name}
    assert small_disk("realize", "missing").built == ["missing-1"]
    assert small_disk("verify", "--json").data["damages"] == []


@root_only
def test_another_user_in_another_folder_gets_the_same_store_paths(checkout: Checkout) -> None:
    one_object(checkout)
    checkout("realize", "missing")
    with TemporaryDirectory() as folder:  # the folder of the tests is closed to others
        shutil.copytree(checkout.top, Path(folder, "checkout"))
        for path in (folder, f"{folder}/checkout"):
            os.chown(path, NOBODY, NOBODY)
        path = f"{checkout.environ['PYTHONPATH']}:{get_path('platlib')}"
        store = {"ENVMGR_STORE": f"{folder}/store", "HOME": folder, "TMPDIR": folder, "PYTHONPATH": path}
        _as_nobody({**checkout.environ, **store}, Path(folder, "checkout"), "realize", "there", "missing")
        assert {path.name for path in Path(folder, "store", "objects").iterdir()} == checkout.objects()
        assert Path(folder, "store").stat().st_uid == NOBODY


def _as_nobody(environ: Mapping[str, str], folder: Path, *arguments: str) -> None:
    """Run envmgr as the user `nobody`, with an interpreter that this user can run; skip where there is none.

    That it runs once is no proof: it is found while setpriv is still root.
    """
    become = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    again = "import os, sys; os.execv(sys.executable, [sys.executable, '-m', 'envmgr', 'list'])"
    for python in (sys.executable, "/usr/bin/python3"):
        command = [*become, python, "-c", again]
        if subprocess.run(command, cwd=folder, env=environ, check=False, capture_output=True).returncode == 0:
            subprocess.run([*become, python, "-m", "envmgr", *arguments], cwd=folder, env=environ, check=True)
            return
    pytest.skip("another user can't run this checkout with any interpreter")


def _make_read_only(store: Path) -> None:
    """Root may write anything, so for root the store is somebody else's."""
    if os.geteuid() == 0:
        for path in (store, *store.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    for path in (store, *store.iterdir()):
        if path.is_dir():
            path.chmod(0o555)
