"""The state of the machine at this moment, as far as it may move a number."""

import os
from pathlib import Path

from envmgr.model.run_record import Observation

CPU0 = Path("/sys/devices/system/cpu/cpu0/cpufreq")
TICKS = os.sysconf("SC_CLK_TCK")


def observe() -> Observation:
    """Look now."""
    steal, busy = _processor_seconds()
    return Observation(
        load_1m=os.getloadavg()[0],
        memory_available_bytes=_available(),
        governor=_read(CPU0 / "scaling_governor"),
        frequency_khz=int(_read(CPU0 / "scaling_cur_freq") or 0),
        steal_seconds=steal,
        busy_seconds=busy,
    )


def _available() -> int:
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _processor_seconds() -> tuple[float, float]:
    """Seconds since boot, over all cores: taken by the hypervisor, and by processes."""
    words = _read(Path("/proc/stat")).partition("\n")[0].split()
    if words[:1] != ["cpu"]:
        return 0.0, 0.0
    user, nice, system, _idle, _wait, irq, softirq, steal = (int(word) / TICKS for word in words[1:9])
    return steal, user + nice + system + irq + softirq


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
