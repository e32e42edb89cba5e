"""Makes .venv beside this file and becomes envmgr (or pytest); a bare python3 is all it needs.

The environment is built in .venv.work, under a lock, and takes .venv's place when it is whole: killed at any moment,
the next call finds the old one or none. Python 2.7 must be able to read this file, to be told what is needed.
"""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 14):
    sys.stderr.write("bootstrap: this is Python %d.%d, and envmgr needs 3.11 to 3.14.\n" % tuple(sys.version_info[:2]))
    sys.stderr.write("  Call it with one of these, as in `python3.11 bootstrap.py`: Debian 12 and 13 have one.\n")
    sys.exit(2)

import fcntl
import hashlib
import os
import shlex
import shutil
from pathlib import Path

HERE = Path(__file__).absolute().parent
VENV, WORK = HERE / ".venv", HERE / ".venv.work"
PINS = [HERE / "envmgr/requirements.txt"]
TEST_PINS = PINS + [HERE / "tests/requirements.txt"]
USAGE = """\
python3 bootstrap.py COMMAND...           runs envmgr, which is .venv/bin/envmgr from then on
python3 bootstrap.py test [ARGUMENT...]   runs its tests: pytest with these arguments
"""
LAUNCHER = "%s\nimport sys\nsys.path.insert(0, %s)\nfrom envmgr.__main__ import main\nmain()\n"


def main(arguments):
    """Becomes what is asked for, once .venv is ready for it."""
    if not arguments:
        sys.stdout.write(USAGE)
        sys.exit()
    testing = arguments[0] == "test"
    if not is_ready(testing):
        prepare(testing)
    program = str(VENV / "bin" / ("python" if testing else "envmgr"))
    if testing:
        os.chdir(HERE)
        arguments = ["-m", "pytest"] + arguments[1:]
    os.execv(program, [program] + arguments)


def is_ready(testing):
    """Whether .venv is made from what it should be made from; the tests' one has all that envmgr needs."""
    try:
        found = (VENV / "stamp").read_text()
    except FileNotFoundError:
        return False
    return found == stamp(TEST_PINS) or (found == stamp(PINS) and not testing)


def stamp(pins):
    """The digest of what .venv is made from: the interpreter, the place of the checkout, this file, the pins."""
    made_from = [os.path.realpath(sys.executable), sys.version, str(HERE)]
    made_from += [path.read_text() for path in [Path(__file__)] + pins]
    return hashlib.sha256("\0".join(made_from).encode()).hexdigest()


def prepare(testing):
    """Makes .venv; of two at once the second waits and finds it made.

    Each step inherits the lock, so that what a killed bootstrap left running is waited for as well.
    """
    WORK.mkdir(exist_ok=True)
    with (WORK / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        sys.stderr.write("bootstrap: making .venv for Python %d.%d\n" % sys.version_info[:2])
        fcntl.flock(lock, fcntl.LOCK_EX)
        build = WORK / "build"
        shutil.rmtree(build, ignore_errors=True)
        try:
            if not is_ready(testing):
                build.mkdir()
                make(build, TEST_PINS if testing else PINS)
        finally:
            shutil.rmtree(build, ignore_errors=True)


def make(build, pins):
    """Makes an environment in the build folder, compiled (Python may not be let write bytecode later), and moves it."""
    from envmgr.network.first_uv import make_venv, run
    from envmgr.network.pip_settings import uv_environment

    environ, venv = uv_environment(os.environ), build / "venv"
    uv = make_venv(venv, PINS[0], WORK, environ)
    run([uv, "pip", "sync", "--require-hashes", "--no-build", "--compile-bytecode", "--python", venv] + pins, environ)
    (venv / ("lib/python%d.%d/site-packages/envmgr.pth" % sys.version_info[:2])).write_text("%s\n" % HERE)
    (venv / "bin/envmgr").write_text(LAUNCHER % (first_line(str(VENV / "bin/python")), ascii(str(HERE))))
    (venv / "bin/envmgr").chmod(0o755)
    (venv / "stamp").write_text(stamp(pins))
    if os.path.lexists(VENV):
        VENV.rename(build / "old")
    venv.rename(VENV)


def first_line(python):
    """Starts Python without what is installed, which takes a while: main() adds it where it is needed."""
    if len(python.encode()) < 100 and len(python.split()) == 1:
        return "#!%s -IS" % python
    return "#!/bin/sh\n'''exec' %s -IS \"$0\" \"$@\"\n'''" % shlex.quote(python)  # no path for a kernel


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    from envmgr.model.errors import EnvmgrError

    try:
        main(sys.argv[1:])
    except EnvmgrError as error:
        sys.stderr.write("bootstrap: %s\n  where: %s\n  fix: %s\n" % (error.message, error.where, error.fix))
        sys.exit(error.exit_code)
    except OSError as error:
        sys.stderr.write("bootstrap: %s\n  fix: %s must be yours to write to, with 300 MB free\n" % (error, HERE))
        sys.exit(12)
    except KeyboardInterrupt:
        sys.exit(130)
