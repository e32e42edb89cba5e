"""A plan made ready to run: realised, kept with its lockfile, and lent what it uses of NVIDIA's driver."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.builders.nvidia_driver import nvidia_driver
from envmgr.cli.asked import Asked
from envmgr.cli.project import Project, keep_lockfile
from envmgr.model.digest import Digest
from envmgr.model.lockfile import Expected
from envmgr.planning.cuda.driver import driver
from envmgr.planning.replacement import Replacement
from envmgr.planning.requirements import needs_driver
from envmgr.realize import Realizer
from envmgr.run import Question


@dataclass(frozen=True)
class Terms:
    """What all runs of a command have in common."""

    project: Project
    lock: Path | None
    replacements: Mapping[str, Replacement]
    environment: Mapping[str, str]


def ready(terms: Terms, asked: Asked, realizer: Realizer, expected: Mapping[Digest, Expected]) -> Question:
    """Realise what a run needs; what is left is to run it.

    Raises:
        BuildError, FetchError, IntegrityError, HostError, OutputMismatchError: as `Realizer.realize`.
    """
    node, lock = asked.node, terms.lock
    lent = nvidia_driver(driver(os.environ, start=True)) if needs_driver(node) else None
    inputs = realizer.realize([node], expected)
    keep_lockfile(realizer.store, lock, (inputs[item.digest].store_path for item in node.inputs.values()))
    return Question(
        node,
        inputs,
        asked.settings,
        lockfile=Digest.of(lock.read_bytes()) if lock else None,
        facts=terms.project.facts,
        environment=terms.environment,
        replaced={role: str(item) for role, item in terms.replacements.items()},
        driver=lent,
    )
