"""A command that meets its fate at each of its calls in turn, and what has to be true each time."""

import shutil
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.forks import Forks
from tests.faults.system_calls import KILL, LET, RENAMES, SYNCS, UNLINKS, WRITES, Call
from tests.functional.conftest import Checkout, Result

CHANGES = (*RENAMES, *SYNCS, *WRITES, *UNLINKS)
"""The calls that change what is on the disk."""

SQLITES = 10
"""How many calls of one name are tried that SQLite makes on its files: it writes page by page, and is tested well."""


@dataclass
class Door:
    """Counts the calls that a command makes on a folder and what lies below, and gives the n-th its fate."""

    below: Path
    number: int = 0
    fate: int | Callable[["Door"], int] = LET
    stays_so: bool = False
    """Whether all later ones share it."""
    counts: Callable[[Call], bool] = lambda _: True
    """Which of the calls count at all."""
    seen: list[Call] = field(default_factory=list)

    def __call__(self, call: Call) -> int:
        """The verdict."""
        if not call.own or not f"{call.path}/".startswith(f"{self.below}/") or not self.counts(call):
            return LET
        self.seen.append(call)
        met = len(self.seen) > self.number if self.stays_so else len(self.seen) == self.number + 1
        if not met:
            return LET
        return self.fate if isinstance(self.fate, int) else self.fate(self)


@dataclass(frozen=True)
class Trial:
    """One run of a command, with a copy of its own of what it changes; only calls on files below that count."""

    checkout: Checkout
    command: Sequence[str]
    below: Path


def in_copies_of_the_store(checkout: Checkout, *command: str) -> Callable[[int], Trial]:
    """Trials of a command that changes its store."""

    def trial(number: int) -> Trial:
        store = checkout.store.with_name(f"store-{number}")
        if checkout.store.exists():
            shutil.copytree(checkout.store, store, symlinks=True)
        return Trial(checkout.with_store(store), command, store)

    return trial


def at_every_call(
    forks: Forks,
    trial: Callable[[int], Trial],
    after: Callable[[Trial, Result], None],
    *,
    calls: Collection[str] = CHANGES,
    counts: Callable[[Call], bool] = lambda _: True,
    fate: int | Callable[[Door], int] = KILL,
    stays_so: bool = False,
    at_most: int = sys.maxsize,
) -> list[Call]:
    """Run a command once for each of its calls, let it meet its fate there, and name the calls.

    Args:
        forks: runs it.
        trial: makes one, with another number each time.
        after: called with the trial and how the command ended, none of its processes being left: says what has to be
            true.
        calls: the names of the system calls.
        counts: which of these count.
        fate: KILL, the error number with which the call fails, or what is done while it waits, and says so.
        stays_so: whether all later calls share the fate.
        at_most: how many calls of one name are tried.
    """
    whole = trial(0)
    undisturbed = Door(whole.below, counts=counts)
    forks(whole.checkout, *whole.command, calls=calls, verdict=undisturbed)
    met = []
    for number in _sample(undisturbed.seen, at_most):
        tried = trial(number + 1)
        door = Door(tried.below, number, fate, stays_so, counts)
        ended = forks(tried.checkout, *tried.command, calls=calls, verdict=door, expect=None)
        if len(door.seen) <= number:
            continue  # its threads shared the work otherwise this time, and there was no such call
        try:
            after(tried, ended)
        except BaseException as error:
            place = f"at call {number} of {len(undisturbed.seen)}: {door.seen[number]}"
            error.add_note(f"{place}; exit {ended.exit}; it said:\n{ended.stderr}")
            raise
        met.append(door.seen[number])
        shutil.rmtree(tried.below)
    return met


def _sample(calls: Sequence[Call], at_most: int) -> list[int]:
    """The places of the calls, of each name as many as are to be tried, in even steps."""
    places = defaultdict(list)
    for place, call in enumerate(calls):
        is_sqlites = "/db.sqlite" in call.path
        places[min(at_most, SQLITES) if is_sqlites else at_most, call.name].append(place)
    return sorted(place for (most, _), found in places.items() for place in found[:: -(-len(found) // most)])
