"""What NAME|PATH|RUN of the command line stands for, and all that there is to say about where that comes from."""

from envmgr.cli.operand import planned, realised, store_path
from envmgr.cli.project import NoCheckoutError, Project
from envmgr.model.errors import InvalidInputError
from envmgr.model.run_record import RunRecord
from envmgr.planning.licences import Declared
from envmgr.provenance.subject import Subject
from envmgr.results.records import find
from envmgr.store.store import Store


class ImportedRunError(InvalidInputError):
    """A run was made elsewhere, and nothing is known of what it was made with."""

    def __init__(self, run: str) -> None:
        self.run = run
        super().__init__(
            f"run {run} was made elsewhere: its logs are all that is known of it", fix="name a run that was made here"
        )


def subject(project: Project, store: Store, what: str, axes: dict[str, str]) -> Subject:
    """The run, the object or the realised recipe that a text names.

    Raises:
        UnknownNameError: it is none of these.
        NotRealisedError: it is a recipe, and not realised.
        ImportedRunError: it is a run of somebody else's.
    """
    record = find(store.layout.runs, what)
    if isinstance(record, RunRecord):
        return Subject.of_run(record)
    if record is not None:
        raise ImportedRunError(record.id)
    path = store_path(what)
    if path is not None:
        return Subject(path.name, path.version, {path: None})
    node = planned(project, what, axes)
    needed = node.inputs.values() if node.run else [node]
    starts = {path: item.digest for item in needed for path in realised(store, item)}
    return Subject(what, node.derivation.version, starts)


def declared(project: Project) -> Declared:
    """What the recipes at hand say of licences; where there are none, they say nothing."""
    try:
        return Declared.of(project.catalog)
    except NoCheckoutError:
        return Declared()
