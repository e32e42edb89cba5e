"""A Python environment without packages over an interpreter of the host, for builds that no sandbox hides things from.

The interpreter runs with its standard library alone: what the host installed into it is not on its path.
"""

import atexit
import functools
import shutil
import tempfile
import threading
from pathlib import Path

_ONE_AT_A_TIME = threading.Lock()


def bare_environment(program: Path) -> Path:
    """The environment over a program, which is its `bin/python3`; made once a process, and removed with it."""
    with _ONE_AT_A_TIME:
        return _made(program)


@functools.cache
def _made(program: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="envmgr-python-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").symlink_to(program)
    (folder / "pyvenv.cfg").write_text(f"home = {program.parent}\ninclude-system-site-packages = false\n")
    return folder
