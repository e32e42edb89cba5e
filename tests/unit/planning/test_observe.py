"""The state of the machine."""

import subprocess
import sys
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import pytest

from envmgr.planning.observe import observe

WORK = "import time\nwhile time.process_time() < 0.2: pass"


def processor_seconds() -> float:
    return sum(used.ru_utime + used.ru_stime for used in (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)))


def test_what_we_and_our_processes_took_is_counted_and_nothing_else() -> None:
    before, clock = observe(), processor_seconds()
    subprocess.run([sys.executable, "-c", WORK], check=True)
    after, took = observe(), processor_seconds() - clock
    assert after.own_seconds - before.own_seconds == pytest.approx(took, abs=0.1)
    assert after.memory_available_bytes > 0


def test_a_process_may_have_any_name() -> None:
    named = "open('/proc/self/comm', 'wb').write(b'\\xff) R 1 (')"
    program = f"{named}; print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        before = observe()
        process.communicate(b"\n")
    assert observe().own_seconds >= before.own_seconds > 0
