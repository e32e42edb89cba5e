"""In which order missing nodes are made: inputs first, one queue of ready nodes, fetches beside builds.

A node is ready when its last input is there; then it is pushed once, and popped once. Nothing is looked at again when
some other node ends, so a wide graph costs what its nodes and edges cost.
"""

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

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
        self._errors: list[EnvmgrError] = []
        self._running: dict[Future[Realisation], Node] = {}
        self._above: dict[Digest, list[Node]] = defaultdict(list)
        self._waiting: dict[Digest, int] = {}
        self._heights = _heights(missing, copied)
        self._order = itertools.count()
        self._ready: dict[bool, list[tuple[int, int, Node]]] = {True: [], False: []}
        """Two heaps, of fetches and of builds; the longest way to a root comes first."""
        for node in missing:
            needed = [] if node.digest in copied else node.inputs.values()
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
        pool = ThreadPoolExecutor(max_workers=sum(self._slots.values()))
        try:
            self._start(pool, make)
            while self._running:
                ending = self._errors and not self._keep_going
                seconds = PARTING_SECONDS if ending else None
                finished, _ = wait(self._running, timeout=seconds, return_when=FIRST_COMPLETED)
                if not finished:
                    break
                for future in finished:
                    self._finish(future, stop)
                self._start(pool, make)
        except BaseException:
            stop()
            wait(self._running, timeout=PARTING_SECONDS)
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        if self._errors:
            raise SeveralFailedError(self._errors) if self._keep_going and len(self._errors) > 1 else self._errors[0]
        return self._done

    def _push(self, node: Node) -> None:
        heapq.heappush(self._ready[self._is_fetched(node)], (-self._heights[node.digest], next(self._order), node))

    def _is_fetched(self, node: Node) -> bool:
        return node.is_source or node.digest in self._copied

    def _start(self, pool: ThreadPoolExecutor, make: Make) -> None:
        if self._errors and not self._keep_going:
            return
        for is_fetched, heap in self._ready.items():
            busy = sum(self._is_fetched(node) == is_fetched for node in self._running.values())
            while heap and busy < self._slots[is_fetched]:
                node = heapq.heappop(heap)[2]
                self._running[pool.submit(make, node, self._done)] = node
                busy += 1

    def _finish(self, future: Future[Realisation], stop: Callable[[], None]) -> None:
        node = self._running.pop(future)
        try:
            self._done[node.digest] = future.result()
        except EnvmgrError as error:
            self._errors.append(error)
            if not self._keep_going:
                stop()
            return
        except KeyboardInterrupt:
            if not self._errors:
                raise
            return  # it was stopped because another one failed
        for above in self._above[node.digest]:
            self._waiting[above.digest] -= 1
            if self._waiting[above.digest] == 0:
                self._push(above)


def _heights(missing: Sequence[Node], copied: Collection[Digest]) -> dict[Digest, int]:
    """For each missing node the length of its longest way up to a root; `missing` has inputs first."""
    heights = dict.fromkeys((node.digest for node in missing), 0)
    for node in reversed(missing):
        for item in [] if node.digest in copied else node.inputs.values():
            if item.digest in heights:
                heights[item.digest] = max(heights[item.digest], heights[node.digest] + 1)
    return heights
