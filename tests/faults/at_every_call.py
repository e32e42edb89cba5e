"""A command that meets its fate at each of its calls in turn, and what has to be true each time."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.forks import Forks
from tests.faults.system_calls import KILL, LET, RENAMES, SYNCS, UNLINKS, WRITES, Call
from tests.functional.conftest import Checkout, Result

CHANGES = (*RENAMES, *SYNCS, *WRITES, *UNLINKS)
"""The calls that change what is on the disk."""

AT_MOST = 30
"""How many calls of one name are tried, unless said otherwise; of more, a sample in even steps. (Of those that change
what is on the disk, only SQLite's writes of pages are more.)"""


@dataclass
class Door:
    """Counts the calls that a command makes on files below a folder, and gives the n-th its fate."""

    below: Path
    number: int = 0
    fate: int | Callable[["Door"], int] = LET
    stays_so: bool = False
    """Whether all later ones share it."""
    seen: list[Call] = field(default_factory=list)

    def __call__(self, call: Call) -> int:
        """The verdict."""
        if not call.own or not call.path.startswith(f"{self.below}/"):
            return LET
        self.seen.append(call)
        met = len(self.seen) > self.number if self.stays_so else len(self.seen) == self.number + 1
        if not met:
            return LET
        return self.fate if isinstance(self.fate, int) else self.fate(self)


def at_every_call(
    forks: Forks,
    checkout: Checkout,
    command: Sequence[str],
    after: Callable[[Checkout, Result], None],
    *,
    calls: Collection[str] = CHANGES,
    fate: int | Callable[[Door], int] = KILL,
    stays_so: bool = False,
    at_most: int = AT_MOST,
) -> list[Call]:
    """Run a command once for each of its calls on the store, let it meet its fate there, and name the calls.

    Args:
        forks: runs it.
        checkout: where; each time with a copy of its store.
        command: the arguments of envmgr.
        after: called with the checkout and how the command ended: says what has to be true.
        calls: the names of the system calls.
        fate: KILL, the error number with which the call fails, or what is done while it waits, and says so.
        stays_so: whether all later calls share the fate.
        at_most: how many calls of one name are tried.
    """
    undisturbed = Door(_copied(checkout, 0).store)
    forks(checkout.with_store(undisturbed.below), *command, calls=calls, verdict=undisturbed)
    met = []
    for number in _sample(undisturbed.seen, at_most):
        copy = _copied(checkout, number + 1)
        door = Door(copy.store, number, fate, stays_so)
        fork = forks.start(copy, *command, calls=calls)
        ended = fork.end(door)
        if len(door.seen) <= number:
            continue  # its threads shared the work otherwise this time, and there was no such call
        try:
            after(copy, ended)
            if fate == KILL:
                fork.see_off()
        except BaseException as error:
            error.add_note(
                f"at call {number} of {len(undisturbed.seen)}: {door.seen[number]}; it said:\n{ended.stderr}"
            )
            raise
        met.append(door.seen[number])
        shutil.rmtree(copy.store)
    return met


def _sample(calls: Sequence[Call], at_most: int) -> list[int]:
    """The places of the calls, of each name as many as are to be tried."""
    places = defaultdict(list)
    for place, call in enumerate(calls):
        places[call.name].append(place)
    return sorted(place for found in places.values() for place in found[:: -(-len(found) // at_most)])


def _copied(checkout: Checkout, number: int) -> Checkout:
    store = checkout.store.with_name(f"store-{number}")
    if checkout.store.exists():
        shutil.copytree(checkout.store, store, symlinks=True)
    return checkout.with_store(store)
