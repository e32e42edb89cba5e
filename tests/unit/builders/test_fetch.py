"""Fixed outputs from addresses, package indexes, commits and the checkout."""

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from envmgr.archive.symlinks import StrayLinkError
from envmgr.builders.builder import BuildReport, BuildTask, Limits
from envmgr.builders.fetch import FetchBuilder, NoSourceError, WrongTreeError
from envmgr.builders.git import GitError, NoGitError
from envmgr.builders.sandbox import executor
from envmgr.manifest import manifest_of
from envmgr.model.canonical import Value
from envmgr.model.derivation import Derivation, FixedOutput
from envmgr.model.digest import Digest
from envmgr.model.errors import BuildError
from envmgr.model.source import FetchedSource, GitSource, LocalSource, PypiSource, UrlSource
from envmgr.network.address import Network, UnreachableError
from envmgr.network.checked_file import WrongContentError
from tests.loopback import Origin, Reply

BODY = b"some weights"
SHA256 = Digest.of(BODY).hex
MD5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
NOTHING = str(Digest.of(b""))
MakeTask = Callable[..., BuildTask]
Fetch = Callable[..., BuildTask]


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as origin:
        yield origin


@pytest.fixture
def fetch(make_task: MakeTask, tmp_path: Path) -> Fetch:
    """Fetch a source of which something is known, and give the finished task."""

    def act(source: FetchedSource | None, known: Mapping[str, Value], **fields: object) -> BuildTask:
        output = FixedOutput("file", known) if "manifest" not in known else FixedOutput("tree", known)
        derivation = Derivation("example", "1.0", "any", "fetch", 1, output)
        task = replace(make_task(executor("none"), "fetch", {}), derivation=derivation, source=source, **fields)  # type: ignore[arg-type]
        environ = {"HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}
        environ["PIP_FIND_LINKS"] = str(tmp_path / "links")
        report = FetchBuilder(environ, Network(sleep=lambda _: None)).build(task)
        assert report in (BuildReport("sandboxed"), BuildReport("sandboxed", manifest=manifest_of(task.out)))
        return task

    return act


def test_a_file_at_an_address_is_the_one_file_of_the_object(origin: Origin, fetch: Fetch) -> None:
    seen: list[int] = []
    urls = (origin.url + "/none", origin.serve("/a", Reply(BODY)))
    source = UrlSource(kind="url", urls=urls, file="weights.onnx", sha256=SHA256)
    task = fetch(source, {"sha256": SHA256}, progress=lambda done, _: seen.append(done))
    assert [path.name for path in task.out.iterdir()] == ["weights.onnx"]
    assert (task.out / "weights.onnx").read_bytes() == BODY
    assert seen == [len(BODY)]


def test_a_file_is_checked_by_all_that_its_source_knows(origin: Origin, fetch: Fetch) -> None:
    urls = (origin.serve("/a", Reply(BODY)),)
    right = UrlSource(kind="url", urls=urls, file="a", md5=MD5, size=len(BODY))
    assert (fetch(right, {"md5": MD5, "size": len(BODY)}).out / "a").read_bytes() == BODY
    wrong = right.model_copy(update={"sha256": SHA256, "md5": "0" * 32})
    with pytest.raises(WrongContentError) as caught:
        fetch(wrong, {"sha256": SHA256})
    assert caught.value.checked == "md5"


def test_a_file_of_unknown_size_is_bounded_by_the_limits_of_the_build(origin: Origin, fetch: Fetch) -> None:
    source = UrlSource(kind="url", urls=(origin.serve("/a", Reply(BODY, endless=True)),), file="a", sha256=SHA256)
    with pytest.raises(UnreachableError, match="bound"):
        fetch(source, {"sha256": SHA256}, limits=Limits(output_bytes=1000))


def test_a_file_of_a_package_index_is_found_where_pip_looks(fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links/demo-1.0-py3-none-any.whl").write_bytes(BODY)
    source = PypiSource(
        kind="pypi", project="demo", version="1.0", file="demo-1.0-py3-none-any.whl", sha256=SHA256, size=len(BODY)
    )
    assert (fetch(source, {"sha256": SHA256}).out / source.file).read_bytes() == BODY


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a folder of recipes with a tree in it."""
    tree = tmp_path / "recipes/tree"
    (tree / "sub/__pycache__").mkdir(parents=True)
    (tree / "empty").mkdir()
    (tree / "sub/tool").write_text("#!/bin/sh\n")
    (tree / "sub/tool").chmod(0o755)
    (tree / "sub/notes.txt").write_text("x")
    (tree / "sub/__pycache__/a.pyc").write_text("x")
    (tree / "link").symlink_to("sub/tool")
    return tmp_path / "recipes"


def manifest(folder: Path, *exclude: str) -> dict[str, Value]:
    return {"manifest": str(manifest_of(folder, exclude={"__pycache__", *exclude}).digest)}


def test_a_tree_of_the_checkout_is_copied_without_what_is_excluded(fetch: Fetch, checkout: Path) -> None:
    source = LocalSource(kind="local", path="tree", exclude=("notes.txt",))
    task = fetch(source, manifest(checkout / "tree", "notes.txt"), checkout=checkout)
    names = {str(path.relative_to(task.out)) for path in task.out.rglob("*")}
    assert names == {"sub", "sub/tool", "empty", "link"}


def test_a_file_of_the_checkout_is_a_tree_of_one_file(fetch: Fetch, checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(BODY)
    (tmp_path / "tool").chmod(0o700)
    (tmp_path / "expected").mkdir()
    (tmp_path / "expected/tool").hardlink_to(tmp_path / "tool")
    task = fetch(LocalSource(kind="local", path="../tool"), manifest(tmp_path / "expected"), checkout=checkout)
    assert (task.out / "tool").read_bytes() == BODY


def test_a_tree_that_changed_since_it_was_planned_is_refused(fetch: Fetch, checkout: Path) -> None:
    known = manifest(checkout / "tree")
    (checkout / "tree/sub/notes.txt").write_text("y")
    with pytest.raises(WrongTreeError) as caught:
        fetch(LocalSource(kind="local", path="tree"), known, checkout=checkout)
    assert caught.value.expected == known["manifest"]
    assert caught.value.actual == manifest(checkout / "tree")["manifest"]


def test_a_link_out_of_a_local_tree_is_refused(fetch: Fetch, checkout: Path) -> None:
    (checkout / "tree/out").symlink_to("../../secret")
    with pytest.raises(StrayLinkError):
        fetch(LocalSource(kind="local", path="tree"), manifest(checkout / "tree"), checkout=checkout)


def test_what_is_no_file_in_a_local_tree_is_refused_and_does_not_block(fetch: Fetch, checkout: Path) -> None:
    os.mkfifo(checkout / "tree/fifo")
    with pytest.raises(BuildError):
        fetch(LocalSource(kind="local", path="tree"), {"manifest": NOTHING}, checkout=checkout)


def run_git(folder: Path, *words: str) -> str:
    identity = {f"GIT_{who}_{what}": "test@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **identity}
    done = subprocess.run(["git", *words], cwd=folder, env=environ, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(checkout: Path) -> Path:
    """Make a repository of two commits out of the tree."""
    tree = checkout / "tree"
    run_git(tree, "init", "--quiet")
    run_git(tree, "add", "--all")
    run_git(tree, "commit", "--quiet", "--message", "one")
    (tree / "later").write_text("x")
    run_git(tree, "add", "--all")
    run_git(tree, "commit", "--quiet", "--message", "two")
    return tree


def commit_source(repository: Path, commit: str, digest: Value = NOTHING) -> GitSource:
    return GitSource(kind="git", url=repository.as_uri(), commit=commit, manifest=Digest.parse(str(digest)))


def test_a_commit_is_fetched_without_its_history(fetch: Fetch, repository: Path) -> None:
    first = run_git(repository, "rev-parse", "HEAD~1")
    known = manifest_without(repository, ".git", "later", "empty")
    task = fetch(commit_source(repository, first, known["manifest"]), known)
    assert not (task.out / ".git").exists()
    assert not (task.out / "later").exists()
    assert (task.out / "sub/tool").stat().st_mode & 0o100


def manifest_without(folder: Path, *exclude: str) -> dict[str, Value]:
    """Know a tree as git gives it, which knows `__pycache__` like any other name."""
    return {"manifest": str(manifest_of(folder, exclude=exclude).digest)}


def test_another_tree_than_the_pinned_one_is_refused(fetch: Fetch, repository: Path) -> None:
    head = run_git(repository, "rev-parse", "HEAD")
    with pytest.raises(WrongTreeError) as caught:
        fetch(commit_source(repository, head), {"manifest": NOTHING})
    assert caught.value.origin == repository.as_uri()


def test_hooks_and_filters_of_the_user_do_not_run(
    fetch: Fetch, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / ".gitattributes").write_text("* filter=mine\n")
    run_git(repository, "add", "--all")
    run_git(repository, "commit", "--quiet", "--message", "three")
    templates = tmp_path / "templates/hooks"
    templates.mkdir(parents=True)
    (templates / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (templates / "post-checkout").chmod(0o755)
    (tmp_path / ".gitconfig").write_text(
        f'[init]\n\ttemplateDir = {tmp_path}/templates\n[filter "mine"]\n\tsmudge = touch {tmp_path}/ran\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(tmp_path / "templates"))
    known = manifest_without(repository, ".git", "empty")
    fetch(commit_source(repository, run_git(repository, "rev-parse", "HEAD"), known["manifest"]), known)
    assert not (tmp_path / "ran").exists()


def test_a_commit_that_is_not_there_is_a_fetch_error_with_what_git_said(fetch: Fetch, repository: Path) -> None:
    with pytest.raises(GitError) as caught:
        fetch(commit_source(repository, "0" * 40), {"manifest": NOTHING})
    assert caught.value.exit_code == 6
    assert caught.value.tail


def test_a_host_without_git_is_told_to_install_it(
    fetch: Fetch, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = run_git(repository, "rev-parse", "HEAD")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoGitError) as caught:
        fetch(commit_source(repository, head), {"manifest": NOTHING})
    assert caught.value.exit_code == 12


def test_a_fixed_output_without_a_source_is_a_fault(fetch: Fetch) -> None:
    with pytest.raises(NoSourceError) as caught:
        fetch(None, {"sha256": SHA256})
    assert caught.value.exit_code == 1
