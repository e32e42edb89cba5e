"""What something is asked about: a recipe, an object or a run, as the objects that it comes down to."""

from collections.abc import Mapping
from dataclasses import dataclass

from envmgr.model.digest import Digest
from envmgr.model.run_record import RunRecord
from envmgr.model.store_path import StorePath


@dataclass(frozen=True)
class Subject:
    """What is asked about."""

    name: str
    version: str
    starts: Mapping[StorePath, Digest | None]
    """The objects, each with the derivation that it is asked about by, if one was named."""
    run: RunRecord | None = None
    """The record, where it is a run; its objects are then the run's inputs."""

    @classmethod
    def of_run(cls, record: RunRecord) -> "Subject":
        """A run."""
        starts = {item.store_path: item.derivation for item in record.inputs.values()}
        return cls(record.recipe, record.version, starts, record)
