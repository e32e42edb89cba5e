"""Ctrl-C and kill -9: what is left, and that the same command works afterwards."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest

from tests.functional.conftest import Checkout, until
from tests.loopback import Origin, Reply

BODY = b"0123456789" * 100
NOTES = "[sources]\nnotes = { kind = 'local', path = '../notes' }"
HANGS = "kill -STOP $$"
"""A shell that does this waits for ever, and uses no processor meanwhile."""

ENDLESS = 2**43
"""Bytes of a hole: whoever reads them is not done before the test is."""

Send = Callable[[subprocess.Popen[str]], None]


def to_the_group(process: subprocess.Popen[str]) -> None:
    """As the terminal does it on Ctrl-C."""
    os.killpg(process.pid, signal.SIGINT)


def to_the_process(process: subprocess.Popen[str]) -> None:
    """As `kill -INT` does it."""
    process.send_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Let commands hear SIGINT, also where the tests themselves run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(params=[to_the_group, to_the_process])
def send(request: pytest.FixtureRequest) -> Send:
    """Each way of interrupting in turn."""
    chosen: Send = request.param
    return chosen


@pytest.fixture
def token() -> Iterator[str]:
    """A word on the command lines of the builds of one test; what it could not end is ended here."""
    token = f"token-{uuid4()}"
    yield token
    for process_id in states(token):
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)


def states(token: str) -> dict[int, str]:
    """The processes that have a token on their command line, with their states: T for one that hangs."""
    found = {}
    for folder in Path("/proc").iterdir():
        with suppress(OSError):  # gone meanwhile
            if folder.name.isdecimal() and token.encode() in (folder / "cmdline").read_bytes():
                found[int(folder.name)] = (folder / "stat").read_text().rpartition(")")[2].split()[0]
    return found


def hanging(token: str) -> int:
    """How many of them hang."""
    return list(states(token).values()).count("T")


def wait_for(condition: Callable[[], object]) -> None:
    """Return when it holds; what hangs is ended by the clock of the test run."""
    pause = Event()
    while not condition():
        pause.wait(0.01)


def assert_clean(checkout: Checkout) -> None:
    """No object without its row, no staging folder, nothing damaged."""
    checked = checkout("verify", "--json").data
    assert (checked["damages"], checked["objects"]) == ([], len(checkout.objects()))
    assert [path.name for path in (checkout.store / "staging").iterdir()] == ["trash"]


@pytest.mark.parametrize("sandbox", ["preferred", "none"])
def test_an_interrupted_build_leaves_no_process_and_no_half_object(
    checkout: Checkout, send: Send, token: str, sandbox: str
) -> None:
    token = f"token-{uuid4()}"
    child = f"/bin/sh -c ': {token}; {HANGS}' &"
    checkout.script("slow", f': {token}; echo half > "{{out}}/half"', child, HANGS)
    with checkout.start("realize", "slow", "--sandbox", sandbox) as process:
        wait_for(lambda: hanging(token) == 2)
        send(process)
        _, said = process.communicate()
    assert process.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said
    assert states(token) == {}
    assert checkout.objects() == set()
    checkout.script("slow", 'echo whole > "{out}/whole"')
    assert checkout("realize", "slow").built == ["slow-1"]
    assert_clean(checkout)


def test_an_interrupted_download_goes_on_with_the_same_command(checkout: Checkout, origin: Origin) -> None:
    url = origin.serve("/data", Reply(BODY, stall_after=500), Reply(BODY))
    pin = f"file = 'data', sha256 = '{sha256(BODY).hexdigest()}', size = {len(BODY)}"
    checkout.recipe(
        "copy",
        f"[sources]\nurl = {{ kind = 'url', urls = ['{url}'], {pin} }}\n"
        "[build]\nbuilder = 'tree'\nsettings.files = { data = 'url/data' }\n",
    )
    with checkout.start("realize", "copy", "--json") as process:
        until(process, "fetch data-0")
        wait_for(lambda: origin.asked("/data"))
        to_the_group(process)
        said, _ = process.communicate()
    assert process.returncode == 130
    assert '"InterruptedByUserError"' in said
    assert checkout.objects() == set()
    assert (checkout("realize", "copy").path / "data").read_bytes() == BODY
    assert_clean(checkout)


def test_an_interrupted_run_leaves_no_process_and_no_record(checkout: Checkout, send: Send, token: str) -> None:
    checkout.recipe("slow", f"[[run.steps]]\nname = 'wait'\nargv = ['/bin/sh', '-c', ': {token}; {HANGS}']\n")
    with checkout.start("run", "slow") as process:
        until(process, "run wait")
        wait_for(lambda: hanging(token))
        send(process)
        process.communicate()
    assert process.returncode == 130
    assert states(token) == {}
    assert checkout("runs", "list", "--json").data["runs"] == []


def test_a_command_that_waits_for_another_one_can_be_interrupted(checkout: Checkout) -> None:
    checkout.script("slow", HANGS)
    with checkout.start("realize", "slow") as first:
        until(first, "build slow-1")
        with checkout.start("realize", "slow") as second:
            until(second, "waiting slow-1")
            to_the_group(second)
            second.communicate()
            assert second.returncode == 130
        to_the_group(first)
        first.communicate()
    assert first.returncode == 130


@pytest.mark.usefixtures("sandboxed")
def test_killed_at_any_moment_the_same_command_works_and_the_store_is_whole(checkout: Checkout, token: str) -> None:
    moments = ["to build", "fetch notes", "build inner", "built inner", "build outer", "built outer"]
    for number, moment in enumerate(moments):
        checkout.write("notes/notes.txt", f"{number}\n")
        line = f': {token}; read -r line < "{{notes}}/notes.txt"; echo "$line" > "{{out}}/file"'
        checkout.script("inner", line, head=NOTES)
        line = f': {token}; read -r line < "{{inner}}/file"; echo "outer $line" > "{{out}}/file"'
        checkout.script("outer", line, head="[inputs]\ninner = 'inner'")
        with checkout.start("realize", "outer") as process:
            until(process, moment)
            process.kill()
        result = checkout("realize", "outer")
        assert (result.path / "file").read_text() == f"outer {number}\n"
    assert_clean(checkout)
    assert len(checkout.objects()) == 3 * len(moments)


@pytest.mark.usefixtures("sandboxed")
def test_a_build_ends_with_the_command_that_was_killed(checkout: Checkout, token: str) -> None:
    checkout.script("slow", f': {token}; echo half > "{{out}}/half"', HANGS)
    with checkout.start("realize", "slow") as process:
        wait_for(lambda: hanging(token))
        process.kill()
    wait_for(lambda: not states(token))
    checkout.script("slow", 'echo whole > "{out}/whole"')
    assert {path.name for path in checkout("realize", "slow").path.iterdir()} == {"whole"}
    assert_clean(checkout)


@pytest.fixture
def endless(checkout: Checkout) -> None:
    """A store with an object that takes hours to read."""
    checkout.recipe("words", "[build]\nbuilder = 'tree'\nsettings.texts = { words = 'words' }\n")
    words = checkout("realize", "words").path / "words"
    words.chmod(0o644)
    os.truncate(words, ENDLESS)


def readers(of: int) -> list[int]:
    """The processes that read files for another one: what it is stands last on their command lines."""
    return list(states(f"\0{of}\0"))


@pytest.mark.usefixtures("endless")
def test_an_interrupted_verify_leaves_no_process(checkout: Checkout) -> None:
    with checkout.start("verify") as process:
        wait_for(lambda: readers(process.pid))
        to_the_group(process)
        _, said = process.communicate()
    wait_for(lambda: not readers(process.pid))
    assert process.returncode == 130
    assert "Traceback" not in said


@pytest.mark.usefixtures("endless")
def test_a_reader_ends_with_the_command_that_was_killed(checkout: Checkout) -> None:
    with checkout.start("verify") as process:
        wait_for(lambda: readers(process.pid))
        process.kill()
    wait_for(lambda: not readers(process.pid))


@pytest.mark.usefixtures("endless")
def test_a_command_whose_reader_was_killed_says_so(checkout: Checkout) -> None:
    with checkout.start("verify", "--json") as process:
        wait_for(lambda: readers(process.pid))
        (reader,) = readers(process.pid)
        os.kill(reader, signal.SIGKILL)
        said, _ = process.communicate()
    assert process.returncode == 12
    assert '"ReaderGoneError"' in said


def test_a_command_whose_parent_ignores_the_ends_of_children_sees_those_of_its_own(checkout: Checkout) -> None:
    checkout.recipe("words", "[build]\nbuilder = 'tree'\nsettings.texts = { words = 'words' }\n")
    words = checkout("realize", "words").path / "words"
    words.chmod(0o644)
    os.truncate(words, 2**26)
    ignoring = ["env", "--ignore-signal=CHLD", *checkout.command("verify", "--json")]
    environ = {**checkout.environ, "ENVMGR_STORE": str(checkout.store)}
    checked = subprocess.run(ignoring, cwd=checkout.top, env=environ, capture_output=True, text=True, check=False)
    assert checked.returncode == 7
    assert '"DamagedStoreError"' in checked.stdout
