"""Have it, copy it, or build it: from a plan to store objects.

A derivation whose realisation is known and whose object is valid needs nothing more, not even its inputs. What is
missing and a cache has is copied, without its inputs. What is still missing is made inputs first: one queue of ready
nodes, the one with the longest way to a root first, fetches and copies beside builds. Before a node is built its inputs
are replaced by their store paths: if that resolved derivation was built before, here or where a cache was filled, its
output is this one's too (early cutoff).

Nothing here assumes that a build happens on this machine: a task goes to a builder, a builder hands actions to an
executor, and the finished tree is published by the store.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from envmgr.builders.action import BUILD_PLACE, OUT_PLACE, PYTHON_PLACE, STORE_PLACE, Executor
from envmgr.builders.builder import BuildReport, BuildTask, Input, Limits
from envmgr.builders.registry import BUILDERS
from envmgr.manifest import sketch
from envmgr.model.digest import Digest
from envmgr.model.errors import EnvmgrError, FetchError, HostError, LockMismatchError
from envmgr.model.event import Event
from envmgr.model.lockfile import Expected
from envmgr.model.node import Node
from envmgr.model.realisation import Realisation
from envmgr.model.source import FilesSource
from envmgr.model.store_path import StorePath
from envmgr.schedule import Schedule
from envmgr.sharing.question import Question
from envmgr.store.commit import Placed
from envmgr.store.durable import room
from envmgr.store.staging import Staging
from envmgr.store.store import Store
from envmgr.survey import Survey, survey

if TYPE_CHECKING:
    from envmgr.sharing.below import Below
    from envmgr.sharing.copying import Copying
    from envmgr.sharing.substituters import Found

SANDBOX_PLACES = tuple(f"{place}/".encode() for place in (STORE_PLACE, OUT_PLACE, BUILD_PLACE, PYTHON_PLACE))
"""What no object may name: the places that things have in a sandbox only."""


class OutputMismatchError(LockMismatchError):
    """An output is not the one that the lockfile pins."""

    def __init__(self, node: Node, expected: Expected, got: Realisation, rows: Sequence[str]) -> None:
        self.label, self.expected, self.got, self.rows = node.derivation.label, expected, got, list(rows)
        listed = "".join(f"\n    {row}" for row in rows)
        super().__init__(
            f"{self.label} came out otherwise than the lockfile pins: locked {expected.store_path}, "
            f"here {got.store_path}{listed}",
            where=f"recipe {node.recipe}",
            fix="if the locked one is right, this host or its sandbox differs: see `envmgr doctor`; else lock again",
        )


class NotInStoreError(FetchError):
    """Something has to be fetched, and the network may not be used."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)
        super().__init__(
            f"offline, and these sources are not in the store: {', '.join(labels)}",
            fix="run once without --offline, or bring the objects along",
        )


class OtherSystemError(HostError):
    """Something would have to be built by a machine of another system than this one."""

    def __init__(self, nodes: Sequence[Node], here: str) -> None:
        self.labels = [node.derivation.label for node in nodes]
        self.systems = {node.derivation.system for node in nodes}
        self.here = here
        super().__init__(
            f"{', '.join(self.labels)} can only be built on {', '.join(sorted(self.systems))}, and this is {here}",
            fix="realize it there, or copy it from a cache that has it",
        )


@dataclass(frozen=True)
class Options:
    """How to realise; none of it changes what comes out."""

    jobs: int = 1
    keep_going: bool = False
    keep_failed: bool = False
    offline: bool = False
    limits: Limits = field(default_factory=Limits)


class Realizer:
    """Realises plans in one store with one executor."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        *,
        options: Options,
        system: str,
        notice: Callable[[Event], None] = lambda event: None,
        copying: "Copying | None" = None,
        below: "Below | None" = None,
    ) -> None:
        self.store = store
        self.executor = executor
        self.options = options
        self.system = system
        self.notice = notice
        self.copying = copying
        self.below = below
        self._stopped = threading.Event()

    def survey(self, roots: Iterable[Node], expected: Mapping[Digest, Expected]) -> Survey:
        """Look what is there and what is missing; the inputs of what is there are not asked for.

        Raises:
            OutputMismatchError: what is there is not what the lockfile pins.
        """
        return survey(roots, expected, known=self._known, copying=self.copying)

    def _known(self, nodes: Collection[Node], expected: Mapping[Digest, Expected]) -> dict[Digest, Realisation]:
        """What is there of some nodes, in this store or below."""
        found: dict[Digest, list[Realisation]] = {node.digest: [] for node in nodes}
        for item in self.store.realisations_of(*found):
            found[item.derivation].append(item)
        known = {node.digest: self._best(node, found[node.digest], expected) for node in nodes}
        return {digest: best for digest, best in known.items() if best}

    def _best(
        self, node: Node, found: Sequence[Realisation], expected: Mapping[Digest, Expected]
    ) -> Realisation | None:
        """The locked output, if it is among several; what nobody vouches for counts only if it is locked."""
        wanted = expected.get(node.digest)
        best = next((item for item in found if wanted and item.store_path == wanted.store_path), None)
        vouched = [item for item in found if item.is_vouched_for]
        if best is None and self.below is not None and (wanted or not vouched):
            best = self.below.answer(node.digest, wanted.store_path if wanted else None)
        if best is None and vouched:
            best = vouched[0]
            self.check(node, best, expected)
        return best

    def realize(self, roots: Sequence[Node], expected: Mapping[Digest, Expected]) -> dict[Digest, Realisation]:
        """Make every root (of a run: every input) valid; the realisations of all that was looked at.

        Raises:
            BuildError, FetchError, IntegrityError, HostError: a step failed.
            OutputMismatchError: an output is not what the lockfile pins.
            NotInStoreError: something must be fetched, and the options forbid it.
            OtherSystemError: something must be built, and not by this machine.
        """
        survey = self.survey(roots, expected)
        self.notice(Event("planned", "plan", text=str(survey)))
        if self.options.offline and survey.fetches:
            raise NotInStoreError([node.derivation.label for node in survey.fetches])
        if elsewhere := [node for node in survey.builds if node.derivation.system != self.system]:
            raise OtherSystemError(elsewhere, self.system)
        schedule = Schedule(
            survey.missing,
            survey.present,
            jobs=self.options.jobs,
            keep_going=self.options.keep_going,
            copied=survey.copies.keys(),
        )
        with self.store.settling():
            if self.below is not None:
                self.below.link(survey.present.values())
            return schedule.run(lambda node, done: self._checked(node, done, expected, survey.copies), self.stop)

    def _checked(
        self,
        node: Node,
        done: Mapping[Digest, Realisation],
        expected: Mapping[Digest, Expected],
        copies: Mapping[Digest, "Found"],
    ) -> Realisation:
        try:
            found = copies.get(node.digest)
            made = self._obtained(node, found, expected) if found else self.make(node, done, expected)
            self.check(node, made, expected)
        except EnvmgrError as error:
            self.notice(Event("failed", node.derivation.label, text=error.message))
            self.store.require_whole()  # else what it was built on was taken away meanwhile: that is why
            raise
        return made

    def _obtained(self, node: Node, found: "Found", expected: Mapping[Digest, Expected]) -> Realisation:
        """A node that a cache has; where no cache gives it after all, made as if none had had it."""
        if self.copying and found.answer and self.copying.obtain(found):
            return found.answer
        label = node.derivation.label
        self.notice(Event("warned", label, text=f"{label} could not be copied, so it is made here"))
        return self.make(node, self.realize(list(node.inputs.values()), expected), expected)

    def make(
        self, node: Node, inputs: Mapping[Digest, Realisation], expected: Mapping[Digest, Expected]
    ) -> Realisation:
        """One node, its inputs realised: known already under its resolved digest, copied, or built and published.

        What is returned can be built on. When it is settled, which is announced, others can have it, too.
        """
        paths = {role: inputs[item.digest].store_path for role, item in node.inputs.items()}
        resolved, label, began = node.derivation.resolved_digest(paths), node.derivation.label, time.monotonic()

        def waiting(holder: str) -> None:
            self.notice(Event("waiting", label, text=f"for {holder}"))

        with ExitStack() as turn:
            seconds = self.options.limits.seconds
            turn.enter_context(self.store.lock(resolved, holder=label, timeout=seconds, waiting=waiting))
            known = self.store.realisation(resolved) or self._substitute(node, resolved, expected)
            placed = self.store.bind(known, node.derivation) if known else self._publish(node, inputs, resolved, turn)
            turn_over = turn.pop_all().close

        def settled(future: Future[None]) -> None:
            turn_over()
            if error := future.exception():
                self.notice(Event("failed", label, text=str(error)))
            elif known is None:
                self.notice(Event("finished", label, _activity(node), seconds=time.monotonic() - began))

        placed.settled.add_done_callback(settled)
        return placed.realisation

    def _substitute(self, node: Node, resolved: Digest, expected: Mapping[Digest, Expected]) -> Realisation | None:
        """What another derivation, which resolved to the same, came to elsewhere.

        Of a source, and of what is pinned, the survey has asked already.
        """
        if resolved == node.digest or node.digest in expected:
            return None
        if self.below is not None and (lent := self.below.resolved_answer(resolved)):
            return lent
        if self.copying is None:
            return None
        found = self.copying.answers([Question(node, resolved, expected)]).get(resolved)
        return found.answer if found and self.copying.obtain(found) else None

    def _publish(self, node: Node, inputs: Mapping[Digest, Realisation], resolved: Digest, turn: ExitStack) -> Placed:
        """Build in a staging folder, which stays until the turn is over: what depends on it need not wait for that."""
        self.notice(Event("started", node.derivation.label, _activity(node), log=self.store.log(node.digest)))
        staging = turn.enter_context(self.store.stage(node.derivation.label, keep=self.options.keep_failed))
        closure = self._closure(node, inputs)
        pieces = turn.enter_context(self.store.partial(resolved)) if isinstance(node.source, FilesSource) else None
        report = self._build(node, inputs, closure, staging, pieces)
        return self.store.publish(
            staging,
            derivation=node.derivation,
            resolved=resolved,
            candidates=closure.keys(),
            isolation=report.isolation,
            bare_host=report.bare_host,
            forbidden=SANDBOX_PLACES,
            manifest=report.manifest,
        )

    def build(self, node: Node, inputs: Mapping[Digest, Realisation], staging: Staging) -> BuildReport:
        """Fill a staging folder, whatever the store has of this node already; its inputs are among `inputs`.

        Raises:
            BuildError, FetchError, IntegrityError, HostError: it failed.
        """
        return self._build(node, inputs, self._closure(node, inputs), staging)

    def _closure(self, node: Node, inputs: Mapping[Digest, Realisation]) -> dict[StorePath, Path]:
        """Every object that a build of the node can see, and where it lies."""
        return self.store.closure(inputs[item.digest].store_path for item in node.inputs.values())

    def _build(
        self,
        node: Node,
        inputs: Mapping[Digest, Realisation],
        closure: Mapping[StorePath, Path],
        staging: Staging,
        partial: Path | None = None,
    ) -> BuildReport:
        derivation, log = node.derivation, self.store.log(node.digest)
        paths = {role: inputs[item.digest].store_path for role, item in node.inputs.items()}
        task = BuildTask(
            derivation=derivation,
            inputs={role: Input(path, self.store.folder(path)) for role, path in paths.items()},
            closure=closure,
            out=staging.out,
            work=staging.work,
            log=log,
            partial=partial,
            executor=self.executor,
            source=node.source,
            checkout=node.folder,
            jobs=self.options.jobs,
            limits=self.options.limits,
            progress=lambda done, total: self._progress(derivation.label, _activity(node), done, total),
        )
        log.unlink(missing_ok=True)
        with room(self.store.root):
            return BUILDERS[derivation.builder].build(task)

    def _progress(self, label: str, activity: str, done: int, total: int | None) -> None:
        if self._stopped.is_set():
            raise KeyboardInterrupt
        self.notice(Event("progressed", label, activity, done=done, total=total))

    def stop(self) -> None:
        """End all that runs; the threads that wait for it come back at once."""
        self._stopped.set()
        self.executor.stop()
        if self.copying is not None:
            self.copying.stop()

    def check(self, node: Node, got: Realisation, expected: Mapping[Digest, Expected]) -> None:
        """Hold an output against the lockfile.

        Raises:
            OutputMismatchError: it is another one.
        """
        wanted = expected.get(node.digest)
        if wanted is not None and wanted.store_path != got.store_path:
            self.store.settle()
            here = sketch(self.store.manifest(got.store_path))
            rows = [
                f"{path}: locked {wanted.contents.get(path, 'nothing')}, here {here.get(path, 'nothing')}"
                for path in sorted({*wanted.contents, *here})
                if wanted.contents.get(path) != here.get(path)
            ]
            raise OutputMismatchError(node, wanted, got, rows)


def _activity(node: Node) -> str:
    return "fetch" if node.is_fetched else "build"
