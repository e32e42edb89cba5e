"""In which order missing nodes are made: inputs first, one queue of ready nodes, fetches beside builds.

A node is ready when its last input is there; then it is pushed once, and popped once. Nothing is looked at again when
some other node ends, so a wide graph costs what its nodes and edges cost.
"""

import heapq
import itertools
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from envmgr.model.digest import Digest
from envmgr.model.errors import BuildError, EnvmgrError
from envmgr.model.node import Node
from envmgr.model.realisation import Realisation

PARTING_SECONDS = 2.0
"""How long a command that is interrupted, or failed, waits for its threads: builds end at once, a stalled download
may not."""

FETCHES = 4
"""Sources fetched and objects copied at a time: they wait for the network, not for a core."""

Done = dict[Digest, Realisation]
Make = Callable[[Node, Done], Realisation]
"""Makes a node whose inputs are among what is done."""


class SeveralFailedError(BuildError):
    """More than one node failed under --keep-going."""

    def __init__(self, errors: Sequence[EnvmgrError]) -> None:
        self.errors = list(errors)
        super().__init__("\n".join(["several steps failed:", *(f"  {error.message}" for error in errors)]))


class Schedule:
    """One realising: what is ready, what runs, what waits for what."""

    def __init__(
        self,
        missing: Sequence[Node],
        present: Mapping[Digest, Realisation],
        *,
        jobs: int,
        keep_going: bool,
        copied: Collection[Digest] = (),
    ) -> None:
        """Take the nodes to make, inputs first, and what is there already; those to be copied wait for no input."""
        self._copied = copied
        self._done = dict(present)
        self._keep_going = keep_going
        self._slots = {True: FETCHES, False: jobs}
        self._above: dict[Digest, list[Node]] = defaultdict(list)
        self._waiting: dict[Digest, int] = {}
        self._heights = _heights(missing, copied)
        self._order = itertools.count()
        self._ready: dict[bool, list[tuple[int, int, Node]]] = {True: [], False: []}
        """Two heaps, of fetches and of builds; the longest way to a root comes first."""
        self._running = 0
        self._errors: list[EnvmgrError] = []
        self._fault: BaseException | None = None
        """What is no error of a node: an interrupt, or a fault of ours."""
        self._lock = threading.Lock()
        self._changed = {is_fetched: threading.Condition(self._lock) for is_fetched in self._slots}
        self._ended = threading.Condition(self._lock)
        with self._lock:
            self._take(missing)

    def _take(self, missing: Sequence[Node]) -> None:
        for node in missing:
            needed = [] if node.digest in self._copied else node.inputs.values()
            inputs = {item.digest for item in needed} & self._heights.keys()
            self._waiting[node.digest] = len(inputs)
            for digest in inputs:
                self._above[digest].append(node)
            if not inputs:
                self._push(node)

    def run(self, make: Make, stop: Callable[[], None]) -> Done:
        """Make all that is missing; `stop` ends what runs, from another thread.

        Raises:
            EnvmgrError: a node failed; without `keep_going`, the others were stopped.
            SeveralFailedError: more than one failed.
            KeyboardInterrupt: the user's; what ran was stopped.
        """
        for is_fetched, slots in self._slots.items():
            for _ in range(min(slots, len(self._waiting))):
                threading.Thread(target=self._work, args=(is_fetched, make, stop), daemon=True).start()
        try:
            with self._lock:
                self._ended.wait_for(self._is_over)
        except BaseException as error:  # noqa: BLE001  an interrupt; it is raised once all is stopped
            with self._lock:
                self._fault = error
                self._tell()
            stop()
        with self._lock:
            self._ended.wait_for(lambda: not self._running, PARTING_SECONDS)
        if self._fault is not None:
            raise self._fault
        if self._errors:
            raise SeveralFailedError(self._errors) if self._keep_going and len(self._errors) > 1 else self._errors[0]
        return self._done

    def _work(self, is_fetched: bool, make: Make, stop: Callable[[], None]) -> None:  # noqa: FBT001
        """Make one node after the other: what a thread has made, it goes on with, and no other has to wake."""
        while (node := self._next(is_fetched)) is not None:
            try:
                made = make(node, self._done)
            except BaseException as error:  # noqa: BLE001  raised by `run`
                self._failed(error, stop)
            else:
                self._finished(node, made)

    def _next(self, is_fetched: bool) -> Node | None:  # noqa: FBT001
        """The next node of its kind, once there is one; None when none will be started any more."""
        ready = self._ready[is_fetched]
        with self._lock:
            self._changed[is_fetched].wait_for(lambda: ready or self._is_over())
            if self._is_over():
                return None
            self._running += 1
            return heapq.heappop(ready)[2]

    def _finished(self, node: Node, made: Realisation) -> None:
        with self._lock:
            self._done[node.digest] = made
            self._running -= 1
            for above in self._above[node.digest]:
                self._waiting[above.digest] -= 1
                if self._waiting[above.digest] == 0:
                    self._push(above)
            self._tell()

    def _failed(self, error: BaseException, stop: Callable[[], None]) -> None:
        with self._lock:
            self._running -= 1
            if isinstance(error, EnvmgrError):
                self._errors.append(error)
            elif not self._is_ending():  # else it was stopped because another one failed
                self._fault = error
            is_ending = self._is_ending()
            self._tell()
        if is_ending:
            stop()

    def _push(self, node: Node) -> None:
        is_fetched = node.is_fetched or node.digest in self._copied
        heapq.heappush(self._ready[is_fetched], (-self._heights[node.digest], next(self._order), node))
        self._changed[is_fetched].notify()

    def _tell(self) -> None:
        """Wake those who wait for the end, if it has come."""
        if self._is_over():
            for condition in (*self._changed.values(), self._ended):
                condition.notify_all()

    def _is_over(self) -> bool:
        """Whether nothing more will be started."""
        return self._is_ending() or not (self._running or any(self._ready.values()))

    def _is_ending(self) -> bool:
        return self._fault is not None or bool(self._errors and not self._keep_going)


def _heights(missing: Sequence[Node], copied: Collection[Digest]) -> dict[Digest, int]:
    """For each missing node the length of its longest way up to a root; `missing` has inputs first."""
    heights = dict.fromkeys((node.digest for node in missing), 0)
    for node in reversed(missing):
        for item in [] if node.digest in copied else node.inputs.values():
            if item.digest in heights:
                heights[item.digest] = max(heights[item.digest], heights[node.digest] + 1)
    return heights
