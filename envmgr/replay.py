"""A recorded run as the question that it was: the same closure, settings and variables, whatever the recipes say today.

What is executed stands in the derivation text that the run left beside its record, with the files that it wrote; what
was chosen stands in the record. Nothing is built and no recipe is read: an object that is gone is named.
"""

from collections.abc import Sequence
from dataclasses import replace

from envmgr.builders.nvidia_driver import LIBRARY, NvidiaDriver
from envmgr.explain.kept_plan import kept_plan
from envmgr.model.errors import IntegrityError
from envmgr.model.host import HostFacts
from envmgr.model.run_record import RunRecord
from envmgr.model.store_path import StorePath
from envmgr.results.repeat import realize_command
from envmgr.run import Question
from envmgr.store.store import Store


class GoneObjectsError(IntegrityError):
    """Objects that a run was made with are no longer in the store."""

    def __init__(self, record: RunRecord, paths: Sequence[StorePath]) -> None:
        self.run, self.paths = record.id, tuple(paths)
        named = ", ".join(map(str, self.paths[:3])) + (" and more" if len(self.paths) > 3 else "")  # noqa: PLR2004
        super().__init__(
            f"{len(self.paths)} objects of run {record.id} are not in the store: {named}",
            fix=f"`envmgr cache pull CACHE {self.paths[0]}` brings it back from a cache that has it; where the recipes "
            f"are as they were: {realize_command(record)}",
        )


def uses_driver(record: RunRecord) -> bool:
    """Whether the run was lent NVIDIA's driver."""
    return LIBRARY in record.bare_host


def require_objects(store: Store, record: RunRecord) -> None:
    """Return if all that a run was made with is in the store.

    Raises:
        GoneObjectsError: something is not.
    """
    if gone := [path for path in record.closure if store.object(path) is None]:
        raise GoneObjectsError(record, gone)


def question(record: RunRecord, store: Store, facts: HostFacts, driver: NvidiaDriver | None) -> Question:
    """What a run was asked to be, with the same objects.

    Args:
        record: the run.
        store: where its objects are, and the texts that it left.
        facts: those of the host that is to repeat it.
        driver: what is lent of NVIDIA's driver, where the run uses it.

    Raises:
        GoneObjectsError: an object of its closure is not in the store.
        NoTextsError: the texts that it left are gone, or damaged.
    """
    plan = kept_plan(store, record)
    require_objects(store, record)
    run = plan.run and plan.run.model_copy(update={"targets": record.targets})
    return Question(
        node=replace(plan, run=run),
        inputs={item.derivation: item for item in record.inputs.values()},
        settings=record.settings,
        lockfile=record.lockfile,
        facts=facts,
        environment=record.environment,
        replaced=record.replaced,
        driver=driver,
        replays=record.id,
    )
