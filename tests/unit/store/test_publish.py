"""From a finished tree to a valid object: what is refused, who wins a race, and what a kill leaves behind."""

import os
import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from envmgr.manifest import Manifest
from envmgr.model.derivation import Derivation, FixedOutput
from envmgr.model.digest import Digest
from envmgr.model.errors import BuildError
from envmgr.model.realisation import Realisation
from envmgr.model.store_path import StorePath
from envmgr.sealed import FIXED_TIME
from envmgr.store.db import NotValidError
from envmgr.store.durable import NotWrittenError
from envmgr.store.publish import LocationLeakError
from envmgr.store.record import read
from envmgr.store.store import Store
from envmgr.store.verify import verify
from envmgr.tree import UnfitTreeError

from .conftest import ENVIRONMENT, PRELUDE, Child, Publish, derivation_of

CRASH_SCRIPT = Path(__file__).with_name("crash_script.py")


def publish_out(store: Store, name: str, make: object) -> Realisation:
    assert callable(make)
    derivation = derivation_of(name)
    with store.stage(name) as staging:
        make(staging.out)
        return store.publish(
            staging,
            derivation=derivation,
            resolved=derivation.digest,
            candidates=[],
            isolation="confined",
            bare_host={"libc.so.6": "sha256:0"},
        ).wait()


def test_the_store_path_is_that_of_the_manifest(store: Store, publish: Publish) -> None:
    made = publish(store, "hello", {"bin/hello": "hi"})
    manifest = Manifest.parse(read(store.layout.record(made.store_path)).manifest)
    assert made.manifest == manifest.digest
    assert made.store_path == StorePath.of(kind="built", manifest=manifest.digest, name="hello", version="1")
    assert (store.folder(made.store_path) / "bin" / "hello").read_text() == "hi"


def test_the_truth_is_written_down_beside_the_index(store: Store, publish: Publish) -> None:
    made = publish(store, "hello", {"file": "hi"})
    record = read(store.layout.record(made.store_path))
    assert record.described == store.object(made.store_path)
    (written,) = record.written
    assert written.text == derivation_of("hello").text
    assert written.realisation == made == store.realisation(made.resolved)
    assert Digest.of(record.manifest) == made.manifest
    assert record.faults == ()


def test_an_object_is_read_only_with_one_time_and_no_set_id_bits(store: Store) -> None:
    def make(out: Path) -> None:
        (out / "sub").mkdir()
        (out / "sub" / "run").write_text("x")
        (out / "sub" / "run").chmod(0o6755)
        (out / "data").write_text("x")
        (out / "data").chmod(0o602)
        (out / "link").symlink_to("data")

    top = store.folder(publish_out(store, "modes", make).store_path)
    modes = {entry: stat.S_IMODE((top / entry).lstat().st_mode) for entry in (".", "sub", "sub/run", "data")}
    assert modes == {".": 0o555, "sub": 0o555, "sub/run": 0o555, "data": 0o444}
    assert {(top / entry).lstat().st_mtime for entry in (".", "sub", "sub/run", "data", "link")} == {FIXED_TIME}


def test_what_the_builder_left_without_permissions_is_published_all_the_same(store: Store) -> None:
    def make(out: Path) -> None:
        (out / "sub").mkdir()
        (out / "sub" / "file").write_text("x")
        (out / "sub" / "file").chmod(0)
        (out / "sub").chmod(0)
        out.chmod(0)

    top = store.folder(publish_out(store, "closed", make).store_path)
    assert (top / "sub" / "file").read_text() == "x"


def test_a_file_with_a_second_name_outside_is_copied(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("before")
    made = publish_out(store, "linked", lambda out: os.link(outside, out / "file"))
    outside.write_text("after")
    assert (store.folder(made.store_path) / "file").read_text() == "before"
    assert verify(store) == []


@pytest.mark.parametrize("levels", [65, 1_000])
def test_a_tree_that_is_too_deep_is_refused_and_its_staging_is_gone(store: Store, levels: int) -> None:
    def make(out: Path) -> None:
        folder = os.open(out, os.O_RDONLY)
        for _ in range(levels):
            os.mkdir("d", dir_fd=folder)
            below = os.open("d", os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = below
        os.close(folder)

    with pytest.raises(UnfitTreeError):
        publish_out(store, "deep", make)
    store.close()
    assert list(store.layout.staging.iterdir()) == [store.layout.trash]
    assert list(store.layout.trash.iterdir()) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda out: os.mkfifo(out / "fifo"),
        lambda out: (out / os.fsdecode(b"\xe9")).touch(),
        lambda out: (out / "link").symlink_to(os.fsdecode(b"\xe9")),
        lambda out: (out.rmdir(), out.touch()),
        lambda out: (out.rmdir(), out.symlink_to("/")),
    ],
    ids=["fifo", "name", "target", "file", "link"],
)
def test_what_no_object_may_hold_is_refused(store: Store, make: object) -> None:
    with pytest.raises(UnfitTreeError):
        publish_out(store, "unfit", make)
    assert store.statistics().objects == 0


def test_references_are_found_among_the_candidates(store: Store, publish: Publish) -> None:
    lib = publish(store, "lib", {"lib.so": "x"}).store_path
    other = publish(store, "other", {"file": "y"}).store_path
    app = publish(store, "app", {"app": f"$ORIGIN/../../{lib}/lib"}, uses=[lib, other]).store_path
    described = store.object(app)
    assert described is not None
    assert described.references == (lib,)
    assert store.closure([app]) == {path: store.folder(path) for path in sorted([app, lib])}


def test_an_object_that_refers_to_what_is_not_valid_is_refused(store: Store, publish: Publish) -> None:
    absent = StorePath.of(kind="built", manifest=Digest.of(b""), name="absent", version="1")
    with pytest.raises(NotValidError) as caught:
        publish(store, "app", {"app": str(absent)}, uses=[absent])
    assert caught.value.missing == {absent}
    assert store.statistics().objects == 0


def test_files_that_name_the_store_staging_or_a_forbidden_place_are_named(store: Store, publish: Publish) -> None:
    files = {
        "a": f"{store.root}/objects/x",
        "b": f"-L{store.root}/staging/y",
        "c": "/fixed/place/z",
        "clean": "/usr/lib",
    }
    with pytest.raises(LocationLeakError) as caught:
        publish(store, "leaky", files, forbidden=[b"/fixed/place"])
    assert caught.value.files == ("a", "b", "c")
    assert isinstance(caught.value, BuildError)
    assert store.statistics().objects == 0
    assert list(store.layout.objects.iterdir()) == []


def test_a_fixed_output_is_not_searched_as_it_was_known_before(store: Store) -> None:
    text = f"{store.root}/objects"
    output = FixedOutput("file", {"sha256": "0" * 64}, "readme")
    derivation = Derivation("source", "1", "any", "fetch", 1, output)
    with store.stage("source") as staging:
        (staging.out / "readme").write_text(text)
        made = store.publish(
            staging,
            derivation=derivation,
            resolved=derivation.digest,
            candidates=[],
            isolation="unsandboxed",
            bare_host={},
        ).wait()
    assert made.store_path == StorePath.of(kind="fixed", manifest=made.manifest, name="source", version="1")


def test_the_same_bytes_from_another_derivation_are_the_same_object(store: Store, publish: Publish) -> None:
    first = publish(store, "same", {"file": "x"}, flag="1")
    inode = store.folder(first.store_path).stat().st_ino
    second = publish(store, "same", {"file": "x"}, flag="2")
    assert first.resolved != second.resolved
    assert first.store_path == second.store_path
    assert store.folder(first.store_path).stat().st_ino == inode
    assert store.realisation(first.resolved) == first
    assert store.realisation(second.resolved) == second
    assert store.statistics().objects == 1


def test_a_folder_without_a_row_is_rubbish_and_replaced(store: Store, publish: Publish) -> None:
    made = publish(store, "hello", {"file": "x"})
    store.database.drop([made.store_path])
    (store.folder(made.store_path) / "file").chmod(0o644)
    (store.folder(made.store_path) / "file").write_text("half")
    assert publish(store, "hello", {"file": "x"}) == made
    assert verify(store) == []


def test_a_row_without_a_folder_is_not_valid_and_mended_by_the_next_build(store: Store, publish: Publish) -> None:
    made = publish(store, "hello", {"file": "x"})
    store.folder(made.store_path).chmod(0o755)
    store.folder(made.store_path).rename(store.root / "taken")
    assert store.object(made.store_path) is None
    assert store.realisation(made.resolved) is None
    publish(store, "hello", {"file": "x"})
    assert store.realisation(made.resolved) == made


def test_processes_that_publish_the_same_object_at_once_all_succeed(root: Path, store: Store, child: Child) -> None:
    script = f"""
with Store.open(Path({str(root)!r})) as store:
    say("ready"); wait()
    say(str(publish(store, "same", "x" * 100_000).store_path)); wait()
"""
    with ExitStack() as stack:
        others = [stack.enter_context(child(script)) for _ in range(3)]
        for other in others:
            assert other.stdout is not None
            assert other.stdout.readline() == "ready\n"
        for other in others:
            assert other.stdin is not None
            other.stdin.write("go\n")
            other.stdin.flush()
        said = {other.stdout.readline().strip() for other in others if other.stdout is not None}
    assert said == {str(path) for path in store.database.objects()}
    assert verify(store) == []
    assert [entry.name for entry in store.layout.objects.iterdir()] == list(said)


@pytest.mark.parametrize("kernel", [(5, 7), (5, 8)])
def test_a_disk_that_reports_an_error_makes_this_and_every_later_build_fail(
    root: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch, kernel: tuple[int, int]
) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr("envmgr.store.disk._kernel", lambda: kernel)
    with Store.open(root) as store:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", broken)
            patch.setattr("envmgr.store.disk._syncfs", broken)
            with pytest.raises(NotWrittenError) as caught:
                publish(store, "hello", {"file": "x"})
        assert isinstance(caught.value, BuildError)
        assert store.statistics().objects == 0
        assert list(store.layout.objects.iterdir()) == []
        with pytest.raises(NotWrittenError):
            publish(store, "other", {"file": "y"})
    with Store.open(root) as store:
        publish(store, "hello", {"file": "x"})
        assert verify(store) == []


FULL_DISK_SCRIPT = (
    PRELUDE
    + """
from envmgr.store.durable import DiskFullError
from envmgr.store.verify import verify

store = Store.open(Path("store"))
publish(store, "small", "x")
derivation = derivation_of("large")
try:
    with store.stage("large") as staging:
        status = os.statvfs(".")
        (staging.out / "file").write_bytes(bytes(status.f_bavail * status.f_frsize))
        store.publish(staging, derivation=derivation, resolved=derivation.digest, candidates=[],
                      isolation="sandboxed", bare_host={}).wait()
except DiskFullError:
    say("full")
store.close()
store = Store.open(Path("store"))
publish(store, "after", "y")
say(len(list(store.layout.objects.iterdir())))
say(verify(store))
"""
)


def test_a_full_disk_is_told_and_leaves_a_store_that_works(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=4m tmpfs "$0" && cd "$0" && exec "$@"'
    inside = ["sh", "-c", mount, str(tmp_path), sys.executable, "-c", FULL_DISK_SCRIPT]
    command = ["unshare", "--mount", "--map-root-user", *inside]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no file system of our own here: {done.stderr}")
    assert done.stdout.split() == ["full", "2", "[]"], done.stderr


@pytest.mark.parametrize("work", ["publish", "collect"])
def test_a_kill_at_any_step_leaves_a_store_that_works(tmp_path: Path, work: str) -> None:
    command = [sys.executable, str(CRASH_SCRIPT), str(tmp_path / "store"), work]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) > 20


def test_processes_that_add_to_one_object_at_once_lose_nothing(root: Path, publish: Publish, child: Child) -> None:
    with Store.open(root) as store:
        made = publish(store, "hello", {"file": "x"})
    script = f"""
with Store.open(Path({str(root)!r})) as store:
    made = store.realisation(derivation_of("hello").digest)
    say("ready"); name = wait().strip()
    for number in range(8):
        store.bind(made, derivation_of(f"{{name}}{{number}}")).wait()
say("done")
"""
    with ExitStack() as stack:
        processes = [stack.enter_context(child(script)) for _ in range(3)]
        assert [process.stdout.readline() for process in processes if process.stdout] == ["ready\n"] * 3
        for name, process in zip("abc", processes, strict=True):
            assert process.stdin is not None
            process.stdin.write(f"{name}\n")
            process.stdin.flush()
        assert [process.stdout.readline() for process in processes if process.stdout] == ["done\n"] * 3
    with Store.open(root) as store:
        written = read(store.layout.record(made.store_path)).written
        assert len(written) == len(store.database.realisations_of(made.store_path)) == 25
        assert verify(store) == []
