"""The state of the machine at this moment, as far as it may move a number."""

import os
from pathlib import Path

from envmgr.model.run_record import Observation

CPU0 = Path("/sys/devices/system/cpu/cpu0/cpufreq")


def observe() -> Observation:
    """Look now."""
    return Observation(
        load_1m=os.getloadavg()[0],
        memory_available_bytes=_available(),
        governor=_read(CPU0 / "scaling_governor"),
        frequency_khz=int(_read(CPU0 / "scaling_cur_freq") or 0),
    )


def _available() -> int:
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
