"""What tests of builders start from: executors, and tasks over inputs that are written down in the test."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from envmgr.builders.action import Executor
from envmgr.builders.builder import BuildTask, Input, Limits
from envmgr.builders.policy import Policy
from envmgr.builders.sandbox import executor, probe, probe_landlock
from envmgr.model.canonical import Value
from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath

MakeTask = Callable[..., BuildTask]


def executor_or_skip(policy: Policy) -> Executor:
    if policy == "required" and probe().program is None:
        pytest.skip(f"no sandbox here: {probe().reason}")
    if policy == "confined" and not probe_landlock().version:
        pytest.skip(f"no Landlock here: {probe_landlock().reason}")
    return executor(policy)


@pytest.fixture
def sandbox() -> Executor:
    """The full sandbox."""
    return executor_or_skip("required")


@pytest.fixture(params=["required", "confined", "none"])
def any_executor(request: pytest.FixtureRequest) -> Executor:
    """Each executor in turn."""
    return executor_or_skip(request.param)


@pytest.fixture
def make_task(tmp_path: Path) -> MakeTask:
    """Make a task in a new folder: `make_task(executor, "script", settings, {role: {path: text}})`."""
    count = iter(range(100))

    def make(
        runner: Executor,
        builder: str,
        settings: Mapping[str, Value],
        inputs: Mapping[str, Mapping[str, str | bytes]] | None = None,
        limits: Limits | None = None,
    ) -> BuildTask:
        top = tmp_path / f"task{next(count)}"
        for name in ("out", "work"):
            (top / name).mkdir(parents=True)
        ready = {role: _input(top, role, files) for role, files in (inputs or {}).items()}
        return BuildTask(
            derivation=Derivation("example", "1.0", "x86_64-linux", builder, 1, BuiltOutput(), settings),
            inputs=ready,
            closure={item.store_path: item.folder for item in ready.values()},
            out=top / "out",
            work=top / "work",
            log=top / "log",
            executor=runner,
            limits=limits or Limits(seconds=60, output_bytes=10_000_000),
        )

    return make


def _input(top: Path, role: str, files: Mapping[str, str | bytes]) -> Input:
    path = StorePath.of(kind="built", manifest=Digest.of(repr(sorted(files.items())).encode()), name=role, version="1")
    folder = top / "objects" / str(path)
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return Input(path, folder)
