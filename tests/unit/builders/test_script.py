"""Builds that are one process of a recipe's own."""

import sys
from collections.abc import Callable

import pytest

from envmgr.builders.action import BuildFailedError, BuildTimeoutError, Executor
from envmgr.builders.builder import BuildTask, Limits
from envmgr.builders.placeholders import UnknownPlaceholderError, fill
from envmgr.builders.script import ScriptBuilder
from envmgr.builders.workplace import InvalidSettingsError
from envmgr.manifest import manifest_of

ABI = f"cp3{sys.version_info.minor}"
LIBRARY = f"python3.{sys.version_info.minor}"

MakeTask = Callable[..., BuildTask]


def shell(script: str, *words: str) -> dict[str, object]:
    return {"argv": ["/bin/sh", "-euc", script, *words]}


def test_a_script_turns_its_inputs_into_its_output(any_executor: Executor, make_task: MakeTask) -> None:
    settings = shell('read line < "$0/greeting"; echo "$line, world" > "$1/hello"', "{words}", "{out}")
    task = make_task(any_executor, "script", settings, {"words": {"greeting": "hello\n"}})
    report = ScriptBuilder().build(task)
    assert (task.out / "hello").read_text() == "hello, world\n"
    assert report.isolation == any_executor.isolation
    assert "libc.so.6" in report.bare_host


def test_every_executor_gives_the_same_bytes(sandbox: Executor, any_executor: Executor, make_task: MakeTask) -> None:
    settings = {
        "argv": ["{python}", "{source}/make.py", "{out}"],
        "python": ABI,
    }
    program = (
        "import os, pathlib, sys\n"
        "out = pathlib.Path(sys.argv[1])\n"
        "out.joinpath('set').write_text(str({'a', 'b', 'c', 'd'}))\n"
        "out.joinpath('threads').write_text(os.environ['OMP_NUM_THREADS'])\n"
        "out.joinpath('tool').write_text('#!/bin/sh\\n'); out.joinpath('tool').chmod(0o777 & ~os.umask(0))\n"
    )
    digests = set()
    for runner in (sandbox, any_executor):
        task = make_task(runner, "script", settings, {"source": {"make.py": program}})
        report = ScriptBuilder().build(task)
        digests.add(manifest_of(task.out).digest)
        assert any(name.startswith("python-3.") for name in report.bare_host)
    assert len(digests) == 1


def test_names_of_inputs_and_jobs_can_be_written_down(any_executor: Executor, make_task: MakeTask) -> None:
    settings = {**shell('echo "$NAME $1" > "$0/names"', "{out}", "{jobs}"), "environment": {"NAME": "../{words.name}"}}
    task = make_task(any_executor, "script", settings, {"words": {"greeting": "hello\n"}})
    ScriptBuilder().build(task)
    assert (task.out / "names").read_text() == f"../{task.inputs['words'].store_path} 1\n"


def test_folders_of_inputs_come_first_on_the_path(any_executor: Executor, make_task: MakeTask) -> None:
    task = make_task(
        any_executor,
        "script",
        {"argv": ["tool", "{out}"], "path": ["{tools}/bin"]},
        {"tools": {"bin/tool": '#!/bin/sh\necho "$0" > "$1/which"\n'}},
    )
    (task.inputs["tools"].folder / "bin" / "tool").chmod(0o755)
    ScriptBuilder().build(task)
    assert (task.out / "which").read_text().endswith("-tools-1/bin/tool\n")


def test_packages_of_an_environment_are_found(any_executor: Executor, make_task: MakeTask) -> None:
    settings = {"argv": ["{python}", "-c", "import greeting; greeting.write('{out}')"], "python_env": "env"}
    module = "import pathlib\ndef write(out): pathlib.Path(out, 'file').write_text('hello')\n"
    task = make_task(any_executor, "script", settings, {"env": {f"lib/{LIBRARY}/site-packages/greeting.py": module}})
    ScriptBuilder().build(task)
    assert (task.out / "file").read_text() == "hello"


def test_a_failing_script_shows_the_end_of_what_it_said(any_executor: Executor, make_task: MakeTask) -> None:
    task = make_task(any_executor, "script", shell("echo this went wrong; exit 4"))
    with pytest.raises(BuildFailedError) as caught:
        ScriptBuilder().build(task)
    assert (caught.value.label, caught.value.exit) == ("example-1.0", 4)
    assert caught.value.tail == ("this went wrong",)
    assert caught.value.log == task.log


def test_a_hanging_script_is_ended(any_executor: Executor, make_task: MakeTask) -> None:
    task = make_task(any_executor, "script", shell("while :; do :; done"), limits=Limits(0.3, 1000))
    with pytest.raises(BuildTimeoutError):
        ScriptBuilder().build(task)


def test_an_unknown_placeholder_is_named_with_the_nearest_known(sandbox: Executor, make_task: MakeTask) -> None:
    task = make_task(sandbox, "script", shell("echo {sorce}"), {"source": {"file": ""}})
    with pytest.raises(UnknownPlaceholderError) as caught:
        ScriptBuilder().build(task)
    assert caught.value.name == "sorce"
    assert "{source}" in caught.value.fix


@pytest.mark.parametrize("text", ["${out}", "{ out }", "{}", '{"key": 1}', "{0}", "{Out}"])
def test_braces_that_name_nothing_of_ours_stay_as_they_are(text: str) -> None:
    assert fill(text, {"out": "/envmgr/out"}, "example") == text


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({}, "argv"),
        ({"argv": []}, "argv"),
        ({"argv": ["x"], "pyton": "cp311"}, "pyton"),
        ({"argv": ["x"], "python_env": "env"}, "python_env"),
        ({"argv": ["x"], "python_env": "words"}, "python_env"),
        ({"argv": ["x"], "python_env": "packages", "python": ABI}, "python"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    sandbox: Executor, make_task: MakeTask, settings: dict[str, object], key: str
) -> None:
    inputs = {"words": {"greeting": "hello"}, "packages": {"lib/python3.99/site-packages/module.py": ""}}
    with pytest.raises(InvalidSettingsError) as caught:
        ScriptBuilder().build(make_task(sandbox, "script", settings, inputs))
    assert key in caught.value.problems[0]


def test_the_build_folder_is_writable_and_the_inputs_are_not(sandbox: Executor, make_task: MakeTask) -> None:
    settings = shell('echo x > file; pwd; if echo x > "$0/file"; then exit 9; fi', "{words}")
    task = make_task(sandbox, "script", settings, {"words": {"file": "hello"}})
    ScriptBuilder().build(task)
    assert (task.work / "file").exists()
    assert task.log.read_text().startswith("/envmgr/build\n")
    assert (task.inputs["words"].folder / "file").read_text() == "hello"
