"""From names on the command line to an environment, and from there to a program that this process becomes."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from envmgr import places
from envmgr.cli.live import watching
from envmgr.cli.named import named
from envmgr.cli.project import Project, keep_printed
from envmgr.environment.lent import lent
from envmgr.environment.variables import Environment, environment, python_abi
from envmgr.model.errors import NotStartedError
from envmgr.model.store_path import StorePath


def environment_of(
    project: Project,
    names: Sequence[str],
    *,
    axes: dict[str, str],
    lock: Path | None,
    work: Mapping[str, Any],
    lasting: bool,
) -> tuple[list[StorePath], Environment]:
    """The objects that some names stand for, and their environment.

    Args:
        project: where this command works.
        names: recipes and store paths.
        axes: the axes that were set.
        lock: the lockfile that was named.
        work: the shared options.
        lasting: keep the objects for the program that this process becomes; else for some minutes.
    """
    with project.store() as store:
        with watching(stream=work["stream"]) as notice:
            found = named(project, store, names, axes=axes, lock=lock, work=work, notice=notice)
        paths = list(dict.fromkeys(path for item in found for path in item.paths))
        folders = [store.layout.object(path) for path in paths]
        made = environment(" ".join(names), folders, lent(python_abi(folders), Path(places.cache())))
        if lasting:
            store.hand_over(paths)
        else:
            keep_printed(store, paths)
    return paths, made


def become(argv: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """End this program and be another one, found on the PATH of that environment; its exit code is ours.

    Raises:
        NotStartedError: it can't be started.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python, for itself; a program would inherit that
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], [*argv], environ)  # noqa: S606  what the user asked for
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise NotStartedError(
            f"{argv[0]}: {reason}", where=f"PATH={environ['PATH']}", fix="name a program of this environment"
        ) from error
