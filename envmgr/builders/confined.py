"""Actions where a host refuses namespaces and has Landlock: real paths, of which all but the lent ones are shut.

Shut are files outside (to read, to run, to write), the network, abstract sockets, signals to others, and root's
privileges. That is not everything; docs/how-to/hosts-without-a-sandbox.md says what stays open.
"""

from collections.abc import Iterator
from pathlib import Path

from envmgr.builders import landlock, system_calls
from envmgr.builders.action import PYTHON_PROGRAM, Action
from envmgr.builders.bare_environment import bare_environment
from envmgr.builders.bare_host import BareHost
from envmgr.builders.keeper import Confinement
from envmgr.builders.unsandboxed import Unsandboxed
from envmgr.model.realisation import Isolation

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
SYSTEM = ("/proc", "/etc/ld.so.cache")
"""What programs ask about themselves and the machine, and where the loader finds what is lent."""


class Confined(Unsandboxed):
    """The executor that runs actions as plain processes of this host, each in a Landlock domain of its own."""

    isolation: Isolation = "confined"

    def __init__(self, host: BareHost, version: int) -> None:
        """Take what the host lends, and which version of Landlock to ask of it."""
        super().__init__(host)
        self._version = version
        self._refused = system_calls.program([system_calls.UNIX])

    def _confinement(self, action: Action, scratch: str) -> Confinement:
        return self._version, [*self._rules(action), (landlock.WRITE, scratch)], self._refused

    def _rules(self, action: Action) -> Iterator[landlock.Rule]:
        for path in action.writable.values():
            yield (landlock.WRITE, str(path))
        for path in self._host.readable.values():
            yield (landlock.READ, str(path))
        if PYTHON_PROGRAM in action.readable:
            yield (landlock.READ, str(bare_environment(action.readable[PYTHON_PROGRAM])))
        for place, path in action.readable.items():
            inside = (Path(folder) for folder in action.hidden)
            yield from _readable(
                path, {path / folder.relative_to(place) for folder in inside if folder.is_relative_to(place)}
            )
        yield from ((landlock.USE, device) for device in DEVICES if Path(device).exists())
        yield from ((landlock.STEER, str(path)) for path in action.devices.values())
        yield from ((landlock.READ, path) for path in SYSTEM if Path(path).exists())


def _readable(path: Path, hidden: set[Path]) -> Iterator[landlock.Rule]:
    """A rule holds for all that lies below, so what has something hidden in it is opened piece by piece.

    Symlinks stay out: what they lead to is opened where it lies, if it is lent.
    """
    if not any(path in inside.parents for inside in hidden):
        yield (landlock.READ, str(path))
        return
    yield (landlock.LIST, str(path))
    for entry in path.iterdir():
        if entry not in hidden and not entry.is_symlink():
            yield from _readable(entry, hidden)
