"""A run of Weights & Biases: written offline, and sent from there by its own program. The only gateway to `wandb`.

Offline first: what can't be sent is not lost, and what was sent once is not sent again, as `wandb sync` leaves a mark
beside the file. The id of the run is ours, so that W&B knows it again wherever it comes from.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from envmgr.results.export.tracked import Tracked
from envmgr.results.publishing.faults import MissingPackageError, UnpublishedError

_SECONDS = 600
_PATIENCE = {f"WANDB__{part}_RETRY_MAX": "2" for part in ("GRAPHQL", "FILE_STREAM", "FILE_TRANSFER")}
"""W&B's program tries for hours, and says nothing meanwhile."""
_QUIET = {"WANDB_ERROR_REPORTING": "false"}
"""W&B's makers are not told of faults: what a run was may stand in them."""
_SENT = "*.wandb.synced"
_SHOWN = 3


def write(folder: Path, run: Tracked, project: str) -> bool:
    """Write a run into the folder `wandb` below this one, as W&B does offline; False where it is there already.

    No host name, user, path, source, list of packages or measurement of this machine gets into it.

    Args:
        folder: where people would have started the run.
        run: what was asked for is W&B's config, what came of it W&B's summary.
        project: `[ENTITY/]PROJECT`.

    Raises:
        MissingPackageError: W&B's package is not installed.
        UnpublishedError: W&B's package refuses it: the project cannot be called so, for one.
    """
    if written(folder, run):
        return False
    os.environ.update(_QUIET)
    try:
        import wandb
    except ImportError:
        raise MissingPackageError("wandb") from None
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".publishing-") as draft:
        try:
            _write(draft, run, project)
        except (wandb.Error, ValueError) as error:
            fix = "`envmgr publish --help` says what can be chosen"
            raise UnpublishedError(run.name, str(error).strip(), where=f"project {project}", fix=fix) from error
        (made,) = Path(draft, "wandb").glob(f"offline-run-*-{run.id}")
        for name in ("logs", "tmp"):  # they say where and by whom this was done
            shutil.rmtree(made / name, ignore_errors=True)
        (folder / "wandb").mkdir(exist_ok=True)
        made.rename(folder / "wandb" / made.name)
    return True


def _write(folder: str, run: Tracked, project: str) -> None:
    import wandb

    entity, _, name = project.rpartition("/")
    settings = wandb.Settings(
        mode="offline", root_dir=folder, project=name, entity=entity or None,
        run_id=run.id, run_name=run.name, run_group=run.group, run_tags=run.tags,
        host="", username="", program="envmgr", program_relpath="envmgr", program_abspath="envmgr",
        console="off", silent=True, disable_git=True, disable_code=True, save_code=False, disable_job_creation=True,
        x_disable_meta=True, x_disable_stats=True, x_disable_machine_info=True, x_save_requirements=False,
    )  # fmt: skip
    theirs = wandb.init(settings=settings, config=run.config)
    theirs.summary.update(run.summary)
    theirs.finish(exit_code=0)


def written(folder: Path, run: Tracked) -> Path | None:
    """Where a run was written; None where it was not."""
    return next(iter(sorted(folder.glob(f"wandb/offline-run-*-{run.id}"))), None)


def send(folder: Path, run: Tracked) -> bool:
    """Send a run that was written, with the credentials that W&B's own program finds; False where that was done before.

    Raises:
        UnpublishedError: W&B did not take all of it; it is still there.
    """
    place = written(folder, run)
    if place is None or list(place.glob(_SENT)):
        return False
    if why := _fault(place):
        for mark in place.glob("*.wandb.sync*"):  # W&B's program leaves one even where a part of the run was not taken
            mark.unlink()
        fix = f"`wandb login`, if it is that; then the same command again, or: wandb sync {place}"
        raise UnpublishedError(run.name, why, where=os.environ.get("WANDB_BASE_URL", "W&B"), fix=fix)
    return True


def _fault(place: Path) -> str:
    """Let W&B's program send a run; what went wrong, as it says: its exit code is 0 either way."""
    command = [sys.executable, "-m", "wandb", "sync", str(place)]
    try:
        done = subprocess.run(
            command, env={**_PATIENCE, **os.environ, **_QUIET}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", timeout=_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"W&B's program did not end within {_SECONDS} s"
    said = [line.removeprefix("wandb: ") for line in done.stdout.splitlines() if line.strip()] or ["nothing was said"]
    errors = [line for line in said if "ERROR" in line]
    return "; ".join(errors[-_SHOWN:] if errors else [] if list(place.glob(_SENT)) else said[-1:])
