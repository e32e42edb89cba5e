"""Environments out of wheels that are made in the test."""

import base64
import hashlib
import io
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from envmgr.builders.action import Executor
from envmgr.builders.builder import BuildTask
from envmgr.builders.python_env import ConflictError, PythonEnvBuilder
from envmgr.builders.wheel import InvalidWheelError, WrongTagsError
from envmgr.manifest import manifest_of
from envmgr.model.errors import BuildError

ABI = f"cp3{sys.version_info.minor}"
SITE = f"lib/python3.{sys.version_info.minor}/site-packages"
TAG = f"cpython-3{sys.version_info.minor}"
ANY = "py3-none-any"

MakeTask = Callable[..., BuildTask]

GREETING = {
    "greeting/__init__.py": 'def hello():\n    print("hello from", __name__)\n',
    "greeting/words.py": "WORDS = {'a', 'b', 'c', 'd'}\n",
    "greeting-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = greeting:hello\n",
    "greeting-1.0.data/scripts/say": "#!python\nimport greeting\ngreeting.hello()\n",
    "greeting-1.0.data/headers/greeting.h": "int greeting;\n",
    "greeting-1.0.data/data/share/greeting/text": "hello\n",
    "greeting-1.0.data/purelib/greeting/more.py": "MORE = 1\n",
}


def wheel(
    files: Mapping[str, str], name: str = "greeting", tag: str = ANY, record: str | None = None, version: str = "1.0"
) -> bytes:
    """A wheel with a RECORD of its own, or the given one; `version` is that of the format."""
    info = f"{name}-1.0.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": f"Wheel-Version: {version}\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    rows = [f"{path},sha256={_hash(text)},{len(text.encode())}" for path, text in contents.items()]
    contents[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) if record is None else record
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
    return buffer.getvalue()


def _hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def inputs(**wheels: bytes) -> dict[str, dict[str, bytes]]:
    return {name: {f"{name}-1.0-{ANY}.whl": data} for name, data in wheels.items()}


def built(
    make_task: MakeTask, executor: Executor, wheels: Mapping[str, Mapping[str, bytes]], **settings: object
) -> Path:
    task = make_task(executor, "python_env", {"python": ABI, **settings}, wheels)
    PythonEnvBuilder().build(task)
    return task.out


def files_of(out: Path) -> set[str]:
    return {str(path.relative_to(out)) for path in out.rglob("*") if not path.is_dir()}


def test_files_lie_where_the_specification_wants_them(sandbox: Executor, make_task: MakeTask) -> None:
    out = built(make_task, sandbox, inputs(greeting=wheel(GREETING)))
    info = f"{SITE}/greeting-1.0.dist-info"
    assert files_of(out) == {
        "bin/greet",
        "bin/say",
        f"include/python3.{sys.version_info.minor}/greeting/greeting.h",
        "share/greeting/text",
        *(f"{SITE}/greeting/{name}.py" for name in ("__init__", "words", "more")),
        *(f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "INSTALLER", "entry_points.txt")),
    }
    assert (out / info / "INSTALLER").read_text() == "envmgr\n"


def test_record_is_sorted_and_names_every_file_with_its_hash(sandbox: Executor, make_task: MakeTask) -> None:
    out = built(make_task, sandbox, inputs(greeting=wheel(GREETING)))
    lines = (out / SITE / "greeting-1.0.dist-info" / "RECORD").read_text().splitlines()
    rows = {line.split(",")[0]: line.split(",")[1:] for line in lines}
    assert lines == sorted(lines)
    assert {os.path.normpath(f"{SITE}/{path}") for path in rows} == files_of(out)
    assert rows["greeting/words.py"] == [f"sha256={_hash(GREETING['greeting/words.py'])}", "29"]
    assert rows["greeting-1.0.dist-info/RECORD"] == ["", ""]


def test_it_is_the_same_twice_and_in_every_executor(
    sandbox: Executor, any_executor: Executor, make_task: MakeTask
) -> None:
    other = wheel({"other/__init__.py": "X = {None, 'a', 1.5, (1, 2)}\nY = 1 in {3, 'b', None}\n"}, "other")
    wheels = inputs(greeting=wheel(GREETING), other=other)
    outs = [built(make_task, runner, wheels) for runner in (sandbox, any_executor)]
    first, second = (manifest_of(out) for out in outs)
    assert first.digest == second.digest


@pytest.mark.parametrize("command", ["greet", "say"])
def test_a_command_finds_its_environment_by_where_it_stands(
    sandbox: Executor, make_task: MakeTask, tmp_path: Path, command: str
) -> None:
    out = built(make_task, sandbox, inputs(greeting=wheel(GREETING)))
    moved = out.rename(tmp_path / "moved")
    (tmp_path / "link").symlink_to(moved / "bin" / command)
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    for place in (moved / "bin" / command, tmp_path / "link"):
        done = subprocess.run([place], capture_output=True, text=True, check=True, env={"PATH": path})
        assert done.stdout == "hello from greeting\n"


def test_bytecode_that_a_wheel_brings_is_left_behind(sandbox: Executor, make_task: MakeTask) -> None:
    data = wheel({**GREETING, f"greeting/__pycache__/words.{TAG}.pyc": "stale"})
    out = built(make_task, sandbox, inputs(greeting=data))
    assert not [path for path in files_of(out) if "__pycache__" in path]


def test_two_wheels_may_bring_the_same_file(sandbox: Executor, make_task: MakeTask) -> None:
    both = {name: wheel({"space/__init__.py": "", f"space/{name}.py": ""}, name) for name in ("one", "two")}
    out = built(make_task, sandbox, inputs(**both))
    assert {f"{SITE}/space/{name}.py" for name in ("__init__", "one", "two")} <= files_of(out)


def test_two_wheels_that_differ_about_a_file_are_both_named(sandbox: Executor, make_task: MakeTask) -> None:
    both = {name: wheel({"space/__init__.py": f"# {name}"}, name) for name in ("one", "two")}
    with pytest.raises(ConflictError) as caught:
        built(make_task, sandbox, inputs(**both))
    assert caught.value.place == f"{SITE}/space/__init__.py"
    assert (caught.value.first, caught.value.second) == (f"one-1.0-{ANY}.whl", f"two-1.0-{ANY}.whl")


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        (f"{ABI}-{ABI}-manylinux_2_28_x86_64", True),
        (f"{ABI}-{ABI}-manylinux_2_17_x86_64.manylinux2014_x86_64", True),
        (f"{ABI}-abi3-linux_x86_64", True),
        ("cp38-abi3-manylinux1_x86_64", True),
        ("py2.py3-none-any", True),
        ("cp38-cp38-manylinux1_x86_64", False),
        (f"{ABI}-{ABI}-manylinux_2_28_aarch64", False),
        (f"{ABI}-{ABI}-musllinux_1_2_x86_64", False),
        (f"{ABI}-{ABI}-win_amd64", False),
        (f"{ABI}-{ABI}t-manylinux_2_28_x86_64", False),
    ],
)
def test_a_wheel_must_fit_the_interpreter_and_the_machine(
    sandbox: Executor, make_task: MakeTask, tag: str, *, fits: bool
) -> None:
    wheels = {"greeting": {f"greeting-1.0-{tag}.whl": wheel(GREETING, tag=tag)}}
    if fits:
        assert f"{SITE}/greeting/words.py" in files_of(built(make_task, sandbox, wheels))
    else:
        with pytest.raises(WrongTagsError) as caught:
            built(make_task, sandbox, wheels)
        assert caught.value.abi == ABI


@pytest.mark.parametrize(
    ("files", "record", "problem"),
    [
        ({}, "", "does not name"),
        ({"a.py": "x"}, "a.py,sha256=AAAA,1\n{rest}", "not the file"),
        ({"a.py": "x"}, "a.py,md5=AAAA,1\n{rest}", "strong hash"),
        ({"a.py": "x"}, "a.py\n{rest}", "no hash"),
        ({}, "b.py,sha256=AAAA,1\n{rest}", "not in it"),
        ({"a.py": "x"}, f"a.py,sha256={_hash('x')},2\n{{rest}}", "another size"),
        ({"a.py": "x"}, f"a.py,sha256={_hash('y')},1\na.py,sha256={_hash('x')},1\n{{rest}}", "names twice"),
        ({"a.py": "x"}, f"./a.py,sha256={_hash('x')},1\n{{rest}}", "not in it"),
        ({"a.py": "x"}, f"/a.py,sha256={_hash('x')},1\n{{rest}}", "not in it"),
        ({"a.py": "x"}, f"a.py,sha256={_hash('x')},1,1\n{{rest}}", "no hash"),
        ({}, '"b.py"x,,\n{rest}', "cannot be read"),
    ],
)
def test_a_wheel_that_is_not_what_its_record_says_is_refused(
    sandbox: Executor, make_task: MakeTask, files: dict[str, str], record: str, problem: str
) -> None:
    full = zipfile.ZipFile(io.BytesIO(wheel({}))).read("greeting-1.0.dist-info/RECORD").decode()
    data = wheel(files, record=record.replace("{rest}", full))
    with pytest.raises(InvalidWheelError) as caught:
        built(make_task, sandbox, inputs(greeting=data))
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    "files",
    [
        {"greeting.pth": "/usr/lib/elsewhere\n"},
        {"greeting-1.0.data/elsewhere/file": "x"},
        {"greeting-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = import os\n"},
        {"greeting-1.0.dist-info/entry_points.txt": "[console_scripts]\n../greet = greeting:hello\n"},
        {"second-1.0.dist-info/METADATA": ""},
        {"greeting.pth": "../../../../elsewhere\n"},
        *(
            {"greeting-1.0.dist-info/entry_points.txt": f"[console_scripts]\n{line}\n"}
            for line in (
                ".. = greeting:hello",
                ". = greeting:hello",
                "-c = greeting:hello",
                "a b = greeting:hello",
                "greet = greeting:hello()",
                "greet = greeting:1",
                "greet = greeting..words:hello",
                "greet = greeting:hello\ngreet = greeting:hello",
                "greet = greeting:hello\n[gui_scripts]\ngreet = greeting:hello",
                "greet = greeting:hello\n[console_scripts]\nother = greeting:hello",
                "nothing",
            )
        ),
        {
            "greeting-1.0.dist-info/entry_points.txt": "[console_scripts]\nsay = greeting:hello\n",
            "greeting-1.0.data/scripts/say": "#!python\n",
        },
    ],
    ids=str,
)
def test_what_has_no_place_in_an_environment_is_refused(
    sandbox: Executor, make_task: MakeTask, files: dict[str, str]
) -> None:
    with pytest.raises(InvalidWheelError) as caught:
        built(make_task, sandbox, inputs(greeting=wheel(files)))
    assert caught.value.wheel == f"greeting-1.0-{ANY}.whl"


def test_an_input_that_is_no_wheel_is_refused(sandbox: Executor, make_task: MakeTask) -> None:
    with pytest.raises(BuildError, match="readme"):
        built(make_task, sandbox, {"greeting": {"readme": b""}})


def test_an_environment_needs_no_interpreter_of_its_abi(sandbox: Executor, make_task: MakeTask) -> None:
    task = make_task(sandbox, "python_env", {"python": "cp399"}, inputs(greeting=wheel(GREETING)))
    PythonEnvBuilder().build(task)
    assert "lib/python3.99/site-packages/greeting/words.py" in files_of(task.out)


@pytest.mark.parametrize(
    "data",
    [
        wheel({}, "other"),
        wheel(GREETING).replace(b"greeting-1.0", b"greeting-2.0"),
        wheel({}, version="2.0"),
    ],
    ids=["another project", "another version", "a format of tomorrow"],
)
def test_a_wheel_that_is_another_one_than_its_name_says_is_refused(
    sandbox: Executor, make_task: MakeTask, data: bytes
) -> None:
    with pytest.raises(InvalidWheelError):
        built(make_task, sandbox, inputs(greeting=data))


def test_a_wheel_with_a_symlink_is_refused(sandbox: Executor, make_task: MakeTask) -> None:
    """Some installers make a link of it, and others a file that holds its text."""
    linked = zipfile.ZipInfo("link.py")
    linked.create_system, linked.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    record = f"link.py,sha256={_hash(GREETING['greeting/words.py'])},{len(GREETING['greeting/words.py'])}\n"
    names = wheel(GREETING)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(names)) as whole, zipfile.ZipFile(buffer, "w") as archive:
        for item in whole.infolist():
            content = whole.read(item)
            archive.writestr(item.filename, record.encode() + content if item.filename.endswith("RECORD") else content)
        archive.writestr(linked, "greeting/words.py")
    with pytest.raises(InvalidWheelError) as caught:
        built(make_task, sandbox, inputs(greeting=buffer.getvalue()))
    assert "symlink" in caught.value.problem


def test_a_file_in_the_place_of_anothers_folder_is_a_conflict(sandbox: Executor, make_task: MakeTask) -> None:
    folder, file = wheel({"space/file": ""}, "one"), wheel({"space": ""}, "two")
    for wheels in (
        inputs(one=folder, two=file),
        inputs(one=wheel({"space": ""}, "one"), two=wheel({"space/f": ""}, "two")),
    ):
        with pytest.raises(ConflictError):
            built(make_task, sandbox, wheels)


def test_no_code_of_a_wheel_runs_when_it_is_installed(sandbox: Executor, make_task: MakeTask, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    code = f"import pathlib; pathlib.Path({str(marker)!r}).touch()\n"
    files = dict.fromkeys(("setup.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "greeting.pth"), code)
    files |= {f"greeting/{name}.py": code for name in ("__init__", "__main__", "words")}
    files["greeting-1.0.data/scripts/say"] = f"#!python\n{code}"
    files["greeting-1.0.dist-info/entry_points.txt"] = "[console_scripts]\ngreet = greeting:hello\n"
    out = built(make_task, sandbox, inputs(greeting=wheel(files)))
    assert "bin/greet" in files_of(out)
    assert not marker.exists()
