"""The state of the machine at this moment, as far as it may move a number."""

import os
from collections import defaultdict
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
        frequency_khz=int(_read(CPU0 / "scaling_cur_freq") or _told_khz()),
        steal_seconds=steal,
        busy_seconds=busy,
        own_seconds=_own_seconds(),
    )


def _available() -> int:
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _told_khz() -> int:
    """What the processor tells of its first core, where no driver sets its frequency."""
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        if line.startswith("cpu MHz"):
            return round(float(line.partition(":")[2]) * 1000)
    return 0


def _processor_seconds() -> tuple[float, float]:
    """Seconds since boot, over all cores: taken by the hypervisor, and by processes."""
    words = _read(Path("/proc/stat")).partition("\n")[0].split()
    if words[:1] != ["cpu"]:
        return 0.0, 0.0
    user, nice, system, _idle, _wait, irq, softirq, steal = (int(word) / TICKS for word in words[1:9])
    return steal, user + nice + system + irq + softirq


def _own_seconds() -> float:
    """Seconds that this process took and all that it started, those that have ended included.

    A process that has ended counts with the one that waited for it; so the living ones below this one hold all.
    """
    ticks, children = {}, defaultdict(list)
    for file in Path("/proc").glob("[0-9]*/stat"):
        words = _read(file).rpartition(")")[2].split()  # from the state on: a name may hold blanks and brackets
        if words:  # else it has ended meanwhile
            process = int(file.parent.name)
            ticks[process] = sum(map(int, words[11:15]))
            children[int(words[1])].append(process)
    own, total = [os.getpid()], 0
    while own:
        process = own.pop()
        total += ticks.get(process, 0)
        own += children[process]
    return total / TICKS


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()  # processes may call themselves anything
    except OSError:
        return ""
