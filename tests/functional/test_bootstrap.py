"""First contact by the command line: real processes, the real uv, and a loopback package index."""

import ast
import hashlib
import io
import os
import platform
import runpy
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.loopback import Origin, Reply

TOP = Path(__file__).parents[2]
BOOTSTRAP = TOP / "bootstrap.py"
HTML = {"Content-Type": "text/html"}

# Python code that becomes bootstrap.py in an interpreter that lacks the modules named first.
STAND_IN = """
import runpy, sys
sys.modules.update(dict.fromkeys(sys.argv[1].split(",")))
sys.argv[:] = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

# The command in the checkouts made here.
MAIN = """
import site
import sys

def main():
    assert not any("site-packages" in path for path in sys.path)
    site.main()
    import small
    print("envmgr", sys.argv[1:], small.ANSWER)
    sys.exit(3)
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of what bootstrap.py needs, with pins of its own, and a home for the user who calls it."""

    top: Path
    home: Path

    def command(self, *arguments: str, without: str = "pip,ensurepip") -> list[str]:
        return [sys.executable, "-c", STAND_IN, without, str(self.top / "bootstrap.py"), *arguments]

    def environ(self, **more: str) -> dict[str, str]:
        cache = str(self.home / "cache")
        return {"PATH": os.defpath, "HOME": str(self.home), "XDG_CONFIG_DIRS": "", "UV_CACHE_DIR": cache, **more}

    def call(self, *arguments: str, without: str = "pip,ensurepip", **environ: str) -> subprocess.CompletedProcess[str]:
        command = self.command(*arguments, without=without)
        return subprocess.run(command, env=self.environ(**environ), capture_output=True, text=True, check=False)

    def left_over(self) -> set[str]:
        return {path.name for path in self.top.glob(".venv*/*")}


@dataclass(frozen=True)
class Wheel:
    """A wheel made here."""

    name: str
    version: str
    file: str
    content: bytes

    @property
    def pin(self) -> str:
        return f"{self.name}=={self.version} \\\n    --hash=sha256:{hashlib.sha256(self.content).hexdigest()}\n"

    @property
    def page(self) -> bytes:
        return f'<a href="../files/{self.file}">{self.file}</a>'.encode()

    def serve(self, origin: Origin) -> None:
        origin.serve(f"/{self.name}/", Reply(self.page, headers=HTML))
        origin.serve(f"/files/{self.file}", Reply(self.content))


def make_wheel(name: str, version: str, files: Mapping[str, bytes], tag: str = "py3-none-any") -> Wheel:
    """A wheel that pip and uv install."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    kind = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()
    files = {**files, f"{info}/METADATA": metadata, f"{info}/WHEEL": kind}
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"]).encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, data in {**files, f"{info}/RECORD": record}.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, data)
    return Wheel(name, version, f"{name}-{version}-{tag}.whl", content.getvalue())


@pytest.fixture(scope="session")
def uv() -> Wheel:
    """The real uv of this environment, packed as a wheel again."""
    program = Path(find_uv_bin())
    version = subprocess.check_output([program, "--version"], text=True).split()[1]
    tag = f"py3-none-manylinux_2_17_{platform.machine()}.musllinux_1_1_{platform.machine()}"
    return make_wheel("uv", version, {f"uv-{version}.data/scripts/uv": program.read_bytes()}, tag)


SMALL = make_wheel("small", "1.0", {"small.py": b"ANSWER = 42\n"})
TESTER = make_wheel("pytest", "9.0", {"pytest.py": b"import sys\nprint('tests', sys.argv[1:])\n"})


@pytest.fixture
def index(uv: Wheel) -> Iterator[Origin]:
    """A package index with uv and two small projects."""
    with Origin() as origin:
        for wheel in (uv, SMALL, TESTER):
            wheel.serve(origin)
        yield origin


@pytest.fixture
def checkout(uv: Wheel, tmp_path: Path) -> Checkout:
    top = tmp_path / "a checkout"
    for path in (
        "bootstrap.py",
        "envmgr/__init__.py",
        "envmgr/network/__init__.py",
        "envmgr/network/first_uv.py",
        "envmgr/network/pip_settings.py",
    ):
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / path, top / path)
    shutil.copytree(TOP / "envmgr/model", top / "envmgr/model")
    (top / "envmgr/__main__.py").write_text(MAIN)
    (top / "envmgr/requirements.txt").write_text(SMALL.pin + uv.pin)
    (top / "tests").mkdir()
    (top / "tests/requirements.txt").write_text(TESTER.pin)
    (tmp_path / "home").mkdir()
    return Checkout(top, tmp_path / "home")


@pytest.mark.parametrize("version", ["(2, 7, 18)", "(3, 5, 3)", "(3, 10, 9)", "(3, 15, 0)"])
def test_an_unfit_python_is_told_which_one_is_needed(version: str) -> None:
    code = f"import runpy, sys; sys.version_info = {version}; runpy.run_path({str(BOOTSTRAP)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "3.11 to 3.14" in done.stderr
    assert "Traceback" not in done.stderr


def test_python_2_7_can_read_the_whole_file() -> None:
    source = BOOTSTRAP.read_bytes()
    assert source.isascii()
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.YieldFrom, ast.Starred, ast.Match)
    for node in ast.walk(ast.parse(source)):
        assert not isinstance(node, newer)
        assert not (isinstance(node, ast.arguments) and (node.kwonlyargs or node.posonlyargs))
        assert not (isinstance(node, ast.arg) and node.annotation)
        assert not (isinstance(node, ast.FunctionDef) and node.returns)
        assert not (isinstance(node, ast.Raise) and node.cause)


def test_no_argument_gives_a_short_help_and_makes_nothing(checkout: Checkout) -> None:
    done = checkout.call()
    assert done.returncode == 0
    assert "bootstrap.py test" in done.stdout
    assert not (checkout.top / ".venv").exists()


def test_without_pip_and_index_both_remedies_are_named(checkout: Checkout) -> None:
    done = checkout.call("list", PIP_CONFIG_FILE=os.devnull)
    assert done.returncode == 12
    assert "python3-venv" in done.stderr
    assert "PIP_INDEX_URL" in done.stderr
    assert checkout.left_over() == {"lock"}


def test_the_first_call_makes_the_command_and_the_second_does_nothing(checkout: Checkout, index: Origin) -> None:
    first = checkout.call("list", "two words", PIP_INDEX_URL=index.url)
    assert (first.returncode, first.stdout) == (3, "envmgr ['list', 'two words'] 42\n")
    index.requests.clear()
    second = checkout.call("list", "two words", PIP_CONFIG_FILE=os.devnull)
    assert (second.returncode, second.stdout, second.stderr) == (3, first.stdout, "")
    assert index.requests == []
    command = subprocess.run([checkout.top / ".venv/bin/envmgr"], capture_output=True, text=True, check=False)
    assert command.stdout == "envmgr [] 42\n"


def test_the_environment_of_the_tests_serves_envmgr_too_and_uv_is_fetched_once(
    checkout: Checkout, index: Origin, uv: Wheel
) -> None:
    assert checkout.call("list", PIP_INDEX_URL=index.url).stdout == "envmgr ['list'] 42\n"
    assert checkout.call("test", "-k", "name", PIP_INDEX_URL=index.url).stdout == "tests ['-k', 'name']\n"
    assert checkout.call("list").stdout == "envmgr ['list'] 42\n"
    assert len(index.asked(f"/files/{uv.file}")) == 1


def test_pip_conf_says_where_the_index_is(checkout: Checkout, index: Origin) -> None:
    configuration = checkout.home / ".config/pip/pip.conf"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(f"[global]\nindex-url = {index.url}\n")
    assert checkout.call("list").stdout == "envmgr ['list'] 42\n"


def test_pip_brings_uv_where_ensurepip_is(checkout: Checkout, index: Origin) -> None:
    pytest.importorskip("ensurepip")
    done = checkout.call("list", without="pip", PIP_CONFIG_FILE=os.devnull, UV_DEFAULT_INDEX=index.url)
    assert done.stdout == "envmgr ['list'] 42\n"
    assert checkout.left_over() >= {"lock", "stamp"}


def test_a_uv_with_another_hash_is_refused_and_nothing_is_left(checkout: Checkout, index: Origin, uv: Wheel) -> None:
    index.serve(f"/files/{uv.file}", Reply(uv.content + b"one byte more"))
    done = checkout.call("list", PIP_INDEX_URL=index.url)
    assert done.returncode == 7
    assert "not pinned" in done.stderr
    assert checkout.left_over() == {"lock"}


def test_a_package_with_another_hash_is_refused_and_the_old_one_stays(checkout: Checkout, index: Origin) -> None:
    checkout.call("list", PIP_INDEX_URL=index.url)
    (checkout.top / "tests/requirements.txt").write_text(f"pytest==9.0 \\\n    --hash=sha256:{'0' * 64}\n")
    done = checkout.call("test", PIP_INDEX_URL=index.url)
    assert done.returncode == 6
    assert "pytest" in done.stderr
    assert checkout.call("list").stdout == "envmgr ['list'] 42\n"


def test_an_index_that_does_not_answer_is_named(checkout: Checkout) -> None:
    done = checkout.call("list", PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert done.returncode == 6
    assert "http://127.0.0.1:9/simple/uv/" in done.stderr
    assert "HTTPS_PROXY" in done.stderr


def test_a_folder_that_cannot_be_written_to_is_named(checkout: Checkout, index: Origin) -> None:
    (checkout.top / ".venv.work").write_text("in the way")
    done = checkout.call("list", PIP_INDEX_URL=index.url)
    assert done.returncode == 12
    assert str(checkout.top) in done.stderr


def test_two_at_once_make_one_environment(checkout: Checkout, index: Origin, uv: Wheel) -> None:
    environ = checkout.environ(PIP_INDEX_URL=index.url)
    both = [subprocess.Popen(checkout.command("list"), env=environ, stdout=subprocess.PIPE, text=True) for _ in "12"]
    assert [process.communicate()[0] for process in both] == ["envmgr ['list'] 42\n"] * 2
    assert len(index.asked(f"/files/{uv.file}")) == 1


def test_after_a_kill_half_way_the_same_call_waits_for_what_is_still_running_and_works(
    checkout: Checkout, index: Origin
) -> None:
    index.serve("/small/", Reply(SMALL.page, headers=HTML, trickle=0.005), Reply(SMALL.page, headers=HTML))
    environ = checkout.environ(PIP_INDEX_URL=index.url)
    with subprocess.Popen(checkout.command("list"), env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert any(line.startswith("Using Python") for line in process.stderr)  # uv asks the slow index now
        process.kill()
        assert checkout.call("list", PIP_INDEX_URL=index.url).stdout == "envmgr ['list'] 42\n"


def test_changed_pins_make_the_environment_anew(checkout: Checkout, index: Origin) -> None:
    checkout.call("list", PIP_INDEX_URL=index.url)
    with (checkout.top / "envmgr/requirements.txt").open("a") as pins:
        pins.write("# another line\n")
    done = checkout.call("list", PIP_INDEX_URL=index.url)
    assert "making .venv" in done.stderr
    assert done.stdout == "envmgr ['list'] 42\n"


@pytest.mark.parametrize("folder", ["plain", "with a space"])
def test_the_command_hears_of_no_variable_of_pythons_and_finds_what_is_installed(tmp_path: Path, folder: str) -> None:
    bootstrap = runpy.run_path(str(BOOTSTRAP), run_name="bootstrap")
    python, command = tmp_path / folder / "python", tmp_path / "envmgr"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    command.write_text(bootstrap["LAUNCHER"] % (bootstrap["first_line"](str(python)), ascii(str(TOP))))
    command.chmod(0o755)
    (tmp_path / "click.py").write_text("raise SystemExit('another click')")
    environ = {"PYTHONPATH": str(tmp_path), "PYTHONHOME": str(tmp_path), "PATH": os.defpath}
    done = subprocess.run([command, "--version"], env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(".") == 2
