"""Builds by CMake: how its three steps are called. A script that writes its calls down stands in CMake's place."""

from collections.abc import Callable

import pytest

from envmgr.builders.action import BuildFailedError, Executor
from envmgr.builders.builder import BuildTask
from envmgr.builders.cmake import CMakeBuilder
from envmgr.builders.placeholders import UnknownPlaceholderError
from envmgr.builders.workplace import InvalidSettingsError

MakeTask = Callable[..., BuildTask]

WRITES_DOWN = """#!/bin/sh
for word in "$@"; do echo "$word" >> /envmgr/out/calls; done
echo "$ZIG $LIBCXX $ZIG_GLOBAL_CACHE_DIR $ZIG_LOCAL_CACHE_DIR" > /envmgr/out/environment
"""
FAILS_TO_BUILD = '#!/bin/sh\n[ "$1" != --build ] || { echo no such file: x.cc; exit 2; }\n'


def task_with(make_task: MakeTask, executor: Executor, cmake: str, settings: dict[str, object]) -> BuildTask:
    inputs = {
        "cmake": {"bin/cmake": cmake},
        "ninja": {"bin/ninja": ""},
        "zig": {"zig": ""},
        "libcxx": {"lib/libc++.a": ""},
        "toolchain": {"zig.cmake": ""},
        "source": {"CMakeLists.txt": ""},
    }
    task = make_task(executor, "cmake", settings, inputs)
    (task.inputs["cmake"].folder / "bin" / "cmake").chmod(0o755)
    return task


def test_a_project_is_configured_built_and_installed(sandbox: Executor, make_task: MakeTask) -> None:
    task = task_with(make_task, sandbox, WRITES_DOWN, {"definitions": {"LOADGEN": "{source}/x", "RUN_PATH": "$ORIGIN"}})
    report = CMakeBuilder().build(task)
    place = {role: f"/envmgr/store/{item.store_path}" for role, item in task.inputs.items()}
    configure = [
        *("-G", "Ninja", "-S", place["source"], "-B", "/envmgr/build/tree"),
        "-DCMAKE_BUILD_TYPE=Release",
        "-DCMAKE_INSTALL_PREFIX=/envmgr/out",
        f"-DCMAKE_MAKE_PROGRAM={place['ninja']}/bin/ninja",
        f"-DCMAKE_TOOLCHAIN_FILE={place['toolchain']}/zig.cmake",
        f"-DLOADGEN={place['source']}/x",
        "-DRUN_PATH=$ORIGIN",
    ]
    build = ["--build", "/envmgr/build/tree", "--parallel", "1"]
    assert (task.out / "calls").read_text().splitlines() == [*configure, *build, "--install", "/envmgr/build/tree"]
    assert report.isolation == "sandboxed"


def test_the_compiler_is_told_where_its_inputs_and_its_cache_are(sandbox: Executor, make_task: MakeTask) -> None:
    task = task_with(make_task, sandbox, WRITES_DOWN, {})
    CMakeBuilder().build(task)
    zig, libcxx = (f"/envmgr/store/{task.inputs[role].store_path}" for role in ("zig", "libcxx"))
    cache = "/envmgr/build/compiler-cache"
    assert (task.out / "environment").read_text() == f"{zig} {libcxx} {cache} {cache}\n"


def test_a_step_that_fails_ends_the_build_with_what_it_said(any_executor: Executor, make_task: MakeTask) -> None:
    with pytest.raises(BuildFailedError) as caught:
        CMakeBuilder().build(task_with(make_task, any_executor, FAILS_TO_BUILD, {}))
    assert (caught.value.exit, caught.value.tail) == (2, ("no such file: x.cc",))


def test_a_place_that_is_not_there_is_named(sandbox: Executor, make_task: MakeTask) -> None:
    with pytest.raises(UnknownPlaceholderError) as caught:
        CMakeBuilder().build(task_with(make_task, sandbox, WRITES_DOWN, {"definitions": {"LOADGEN": "{loadgen}"}}))
    assert caught.value.name == "loadgen"


def test_a_setting_that_is_not_there_is_named(sandbox: Executor, make_task: MakeTask) -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        CMakeBuilder().build(task_with(make_task, sandbox, WRITES_DOWN, {"defines": {}}))
    assert "defines" in caught.value.problems[0]
