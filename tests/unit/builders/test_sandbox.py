"""What a process of a build can see, do and leave behind."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from envmgr.builders.action import (
    BUILD_PLACE,
    OUT_PLACE,
    STORE_PLACE,
    BuildFailedError,
    BuildTimeoutError,
    Executor,
    Exited,
    OutputTooBig,
    OutputTooBigError,
    Stopped,
    TimedOut,
    require_success,
)
from envmgr.builders.interpreter import InterpreterMissingError, interpreter
from envmgr.builders.sandbox import Probed, SandboxRefusedError, describe, executor, probe, probe_landlock
from envmgr.builders.unsandboxed import Unsandboxed
from envmgr.model.errors import BuildError, HostError
from tests.unit.builders.box import Box


@pytest.fixture
def box(sandbox: Executor, tmp_path: Path) -> Box:
    return Box(sandbox, tmp_path)


@pytest.fixture
def any_box(any_executor: Executor, tmp_path: Path) -> Box:
    return Box(any_executor, tmp_path)


def processes_with(word: str) -> list[str]:
    """The processes of this machine that have a word among their arguments."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in arguments and folder.name != str(os.getpid()):
            found.append(folder.name)
    return found


# What it sees


def test_the_sandbox_shows_its_inputs_and_nothing_else_of_the_host(box: Box, tmp_path: Path) -> None:
    (tmp_path / "object").mkdir()
    (tmp_path / "object" / "file").write_text("hello")
    place = f"{STORE_PLACE}/abc-hello-1"
    action = replace(
        box.action(f"read line < {place}/file || :; echo $line; echo /* /envmgr/* /envmgr/store/*"),
        readable={place: tmp_path / "object"},
    )
    said = box.said(action).split()
    assert said[0] == "hello"
    lent = {"/bin", "/dev", "/lib", "/lib64", "/proc", "/tmp"}  # noqa: S108  inside the box
    assert set(said[1:]) <= {*lent, "/envmgr", OUT_PLACE, STORE_PLACE, place}


def test_the_environment_is_fixed_and_nothing_is_inherited(any_box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "inherited")
    said = any_box.said(any_box.python("import os; print(sorted(os.environ.items()))"))
    assert "SECRET" not in said
    for entry in ("('LANG', 'C.UTF-8')", "('TZ', 'UTC')", "('SOURCE_DATE_EPOCH', '1')", "('USER', 'envmgr')"):
        assert entry in said


def test_user_group_host_name_and_umask_are_fixed(box: Box) -> None:
    said = box.said(box.python("import os; print(os.getuid(), os.getgid(), os.uname().nodename, oct(os.umask(0)))"))
    assert said == "1000 1000 envmgr 0o22\n"


def test_the_sandbox_has_no_network(box: Box) -> None:
    program = "import socket; print([name for _, name in socket.if_nameindex()])"
    assert box.said(box.python(program)) == "['lo']\n"


def test_the_sandbox_shows_its_own_processes_only(box: Box) -> None:
    said = box.said(box.action("echo /proc/[0-9]*"))
    assert len(said.split()) <= 3


def test_no_descriptor_of_ours_reaches_the_process(any_box: Box, tmp_path: Path) -> None:
    with (tmp_path / "ours").open("w") as file:
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003  its only form
        said = any_box.said(any_box.python("import os; print(sorted(os.listdir('/proc/self/fd')))"))
    assert said == "['0', '1', '2', '3']\n"  # 3 lists the folder


def test_the_interpreter_brings_its_library_and_nothing_that_the_host_installed(box: Box) -> None:
    said = box.said(
        box.python(
            "import ssl, sqlite3, ctypes, sys; print(sys.prefix)\nimport pytest".replace(
                "import pytest", "try: import pytest\nexcept ImportError: print('none')"
            )
        )
    )
    assert said == "/envmgr/python\nnone\n"


def test_an_interpreter_that_is_not_here_is_named_with_a_way_to_get_it() -> None:
    with pytest.raises(InterpreterMissingError) as caught:
        interpreter("cp399")
    assert caught.value.abi == "cp399"
    assert caught.value.exit_code == HostError.exit_code
    assert "python3.99" in caught.value.fix


def test_a_word_that_is_no_abi_is_refused() -> None:
    with pytest.raises(BuildError):
        interpreter("../../bin/sh")


# What it can do


def test_what_is_written_to_the_output_is_there(any_box: Box) -> None:
    any_box.said(any_box.action('echo hello > "$out/file"'))
    assert (any_box.out / "file").read_text() == "hello\n"


@pytest.mark.parametrize("place", ["/file", "/envmgr/file", "/bin/file", "/dev/file", "/proc/file", STORE_PLACE + "/x"])
def test_writing_elsewhere_fails(box: Box, place: str) -> None:
    assert box.runner.run(box.action(f"echo x > {place}"), box.log) == Exited(2)


def test_an_input_cannot_be_changed(box: Box, tmp_path: Path) -> None:
    (tmp_path / "object").mkdir()
    action = replace(box.action("echo x > /envmgr/store/a/file"), readable={"/envmgr/store/a": tmp_path / "object"})
    assert box.runner.run(action, box.log) == Exited(2)
    assert list((tmp_path / "object").iterdir()) == []


def test_it_works_in_the_folder_it_is_told(any_box: Box, tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    place = any_box.runner.place(tmp_path / "build", BUILD_PLACE)
    action = replace(any_box.action("pwd"), folder=place, writable={BUILD_PLACE: tmp_path / "build"})
    assert any_box.said(action) == f"{place}\n"


def test_each_line_is_told_while_the_process_runs(any_box: Box) -> None:
    told: list[str] = []
    action = any_box.action("echo one; echo two >&2; printf three")
    assert any_box.runner.run(action, any_box.log, told.append) == Exited(0)
    assert told == ["one", "two", "three"]
    assert any_box.log.read_text() == "one\ntwo\nthree"


# How it ends


def test_an_exit_code_is_told(any_box: Box) -> None:
    assert any_box.runner.run(any_box.action("exit 3"), any_box.log) == Exited(3)


def test_a_signal_is_told_as_the_shell_does(any_box: Box) -> None:
    assert any_box.runner.run(any_box.action("kill -9 $$"), any_box.log) == Exited(128 + 9)


def test_a_program_that_is_not_there_fails_and_the_log_says_so(any_box: Box) -> None:
    outcome = any_box.runner.run(replace(any_box.action(""), argv=("/no/such/program",)), any_box.log)
    assert isinstance(outcome, Exited)
    assert outcome.code != 0
    assert "/no/such/program" in any_box.log.read_text()


def test_a_hanging_process_is_killed_at_its_time_limit(any_box: Box) -> None:
    action = replace(any_box.action("while :; do :; done"), seconds=0.3)
    assert any_box.runner.run(action, any_box.log) == TimedOut(0.3)


def test_a_process_left_in_the_background_is_dead_afterwards(any_box: Box) -> None:
    word = f"survivor-{os.getpid()}-{time.monotonic_ns()}"
    program = (
        "import os, subprocess, sys\n"
        f"command = [sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(600)', '{word}']\n"
        "child = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, env={})\n"
        "child.stdout.readline()\n"
        "os._exit(0)"
    )
    any_box.said(any_box.python(program))
    assert processes_with(word) == []


def test_a_process_that_closed_its_output_is_still_waited_for(any_box: Box) -> None:
    any_box.said(any_box.python("import os, time; os.close(1); os.close(2); time.sleep(0.3); open('late', 'w')"))
    assert (any_box.out / "late").exists()


def test_too_much_output_is_an_error_even_if_the_process_succeeds(any_box: Box) -> None:
    action = any_box.python("for name in 'abc': open(name, 'wb').write(bytes(500_000))")
    assert any_box.runner.run(action, any_box.log) == OutputTooBig(1_000_000)


def test_one_big_file_ends_the_process_at_the_limit(any_box: Box) -> None:
    action = any_box.action('while :; do echo 0123456789012345678901234567890123456789; done > "$out/file"')
    assert any_box.runner.run(action, any_box.log) == OutputTooBig(1_000_000)
    assert (any_box.out / "file").stat().st_size <= 1_000_512


def test_a_process_that_prints_without_end_is_stopped(any_box: Box) -> None:
    assert any_box.runner.run(any_box.action("while :; do echo y; done"), any_box.log) == OutputTooBig(1_000_000)


def test_stop_ends_what_runs_and_later_actions_do_not_start(any_box: Box) -> None:
    started = threading.Event()

    def on_line(_: str) -> None:
        any_box.runner.stop()
        started.set()

    assert any_box.runner.run(any_box.action("echo up; while :; do :; done"), any_box.log, on_line) == Stopped()
    assert started.is_set()
    assert any_box.runner.run(any_box.action("echo again"), any_box.log) == Stopped()
    assert any_box.log.read_text() == "up\n"


INTERRUPTED = """
import sys
from pathlib import Path
from envmgr.builders.action import Action
from envmgr.builders.sandbox import executor
policy, folder, word = sys.argv[1:]
runner = executor(policy)
action = Action(("/bin/sh", "-c", "echo up; while :; do :; done", word), {}, {}, {}, "/", 60, 1000000)
try:
    runner.run(action, Path(folder, "log"), lambda line: print(line, flush=True))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("policy", ["preferred", "confined", "none"])
def test_ctrl_c_passes_through_once_the_processes_are_gone(policy: str, tmp_path: Path) -> None:
    word = f"interrupted-{os.getpid()}-{time.monotonic_ns()}"
    command = [sys.executable, "-c", INTERRUPTED, policy, str(tmp_path), word]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "interrupted\n"
    assert processes_with(word) == []


@pytest.mark.parametrize("policy", ["preferred", "confined", "none"])
def test_actions_end_when_envmgr_is_killed(policy: str, tmp_path: Path) -> None:
    word = f"orphan-{os.getpid()}-{time.monotonic_ns()}"
    command = [sys.executable, "-c", INTERRUPTED, policy, str(tmp_path), word]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        actions = [os.pidfd_open(int(action)) for action in processes_with(word)]
        process.kill()
    assert len(actions) > 1
    for action in actions:
        assert select.select([action], [], [], 60)[0]
        os.close(action)


# What is said about it


def test_success_is_no_error(tmp_path: Path) -> None:
    require_success(Exited(0), "hello-1", tmp_path / "log")


def test_a_failure_carries_the_tail_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    with pytest.raises(BuildFailedError) as caught:
        require_success(Exited(3), "hello-1", log)
    assert caught.value.exit == 3
    assert caught.value.log == log
    assert caught.value.tail == tuple(f"line {number}" for number in range(80, 100))
    assert "line 99" in caught.value.message


def test_a_time_limit_and_a_size_limit_are_errors_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(BuildTimeoutError) as late:
        require_success(TimedOut(5), "hello-1", tmp_path / "log")
    assert late.value.seconds == 5
    with pytest.raises(OutputTooBigError) as big:
        require_success(OutputTooBig(7), "hello-1", tmp_path / "log")
    assert big.value.limit == 7


def test_a_stopped_action_is_an_interrupt(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        require_success(Stopped(), "hello-1", tmp_path / "log")


def test_what_the_host_lends_is_told(any_executor: Executor) -> None:
    assert {"sh", "libc.so.6"} <= set(any_executor.bare_host)
    assert all(digest.startswith("sha256:") for digest in any_executor.bare_host.values())


def test_without_a_sandbox_the_policy_decides_and_the_reason_is_told() -> None:
    """In a box of its own, where no user namespace can be made."""
    program = probe().program
    if program is None:
        assert describe()["remedy"]
        return
    script = (
        "from envmgr.builders.sandbox import *\n"
        "print(describe()['level'], len(describe()['reason']) > 0, len(describe()['remedy']) > 0)\n"
        "print(executor('preferred').isolation)\n"
        "try: executor('required')\n"
        "except SandboxRefusedError as error: print(error.exit_code)\n"
    )
    nested = [str(program), "--dev-bind", "/", "/", "--unshare-user", "--disable-userns", sys.executable, "-c", script]
    done = subprocess.run(nested, capture_output=True, text=True, check=True)
    less = "confined" if probe_landlock().version else "unsandboxed"
    assert done.stdout == f"{less} True True\n{less}\n12\n"


def test_nobody_is_made_to_take_the_sandbox() -> None:
    assert isinstance(executor("none"), Unsandboxed)


def test_a_refusal_names_the_reason_and_the_remedy() -> None:
    refused = SandboxRefusedError(Probed(None, "no namespaces", "allow them"))
    assert (refused.reason, refused.remedy) == ("no namespaces", "allow them")
    assert "allow them" in refused.fix
