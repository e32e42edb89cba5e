"""The Python harness is no part of the package envmgr: its tests put it on the path themselves."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "harness" / "python"))
