"""`envmgr publish`: runs told to Weights & Biases, to MLflow, or into a folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.cache.named import folder as configuration
from envmgr.cli.cache.named import signing_key
from envmgr.cli.project import Project
from envmgr.cli.subject import declared
from envmgr.cli.written import make_folder
from envmgr.model.errors import UsageError
from envmgr.model.run_files import RECORD
from envmgr.model.run_record import AnyRecord, RunRecord
from envmgr.provenance.subject import Subject
from envmgr.results.chosen import chosen
from envmgr.results.export.tracked import Tracked, tracked
from envmgr.results.fields import fields
from envmgr.results.publishing.faults import without_credentials
from envmgr.results.submission.rules import mark
from envmgr.results.untouched import recorded_files, require_untouched
from envmgr.sharing.keys import PrivateKey, names
from envmgr.store.store import Store

BILL = "sbom.cdx.json"


class PublishedRun(TypedDict):
    """A run, and whether this command did it; else it was there already."""

    run: str
    new: bool


class Published(TypedDict):
    """Where runs went."""

    to: str
    place: str
    """A folder or an address, without credentials."""
    runs: list[PublishedRun]


@dataclass(frozen=True)
class _Asked:
    """What the options say."""

    to: str
    output: Path | None
    uri: str
    project: str
    system: str
    offline: bool
    key: str | None

    def check(self) -> None:
        """Raise UsageError where they do not go together."""
        if self.to == "dir" and not self.output:
            raise UsageError("--to dir: into which folder?", fix="-o FOLDER")
        if self.to == "mlflow" and not self.uri:
            raise UsageError("--to mlflow: to which store?", fix="--uri FOLDER, or the address of a tracking server")
        taken = {
            "--offline": (self.offline, ("wandb",)), "--key": (self.key, ("dir",)),
            "--output": (self.output, ("dir", "wandb")), "--system": (self.system, ("wandb", "mlflow")),
        }  # fmt: skip
        for option, (given, kinds) in taken.items():
            if given and self.to not in kinds:
                raise UsageError(f"{option} means nothing for {self.to}", fix=f"leave it out; it is for {kinds[0]}")

    @property
    def folder(self) -> Path | None:
        """The folder that they go into; None where they go to a server."""
        if self.to == "mlflow":
            return None if "://" in self.uri else Path(self.uri)
        return self.output or Path()

    @property
    def place(self) -> str:
        """Where the runs go."""
        if self.to == "mlflow":
            return without_credentials(self.uri)
        return str((self.output or Path()).absolute()) + (f"; project {self.project}" if self.to == "wandb" else "")


@click.command("publish")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--to", type=click.Choice(["wandb", "mlflow", "dir"]), required=True, help="Whom to tell.")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="dir, wandb: into this folder.")
@click.option("--uri", default="", help="mlflow: the folder of a store, or the address of a tracking server.")
@click.option("--project", default="envmgr", show_default=True, help="wandb: [ENTITY/]PROJECT. mlflow: experiment.")
@click.option("--system", default="", help="wandb, mlflow: how this system is called there; else it has no name.")
@click.option("--offline", is_flag=True, help="wandb: write its files, and send nothing.")
@click.option("--key", help="dir: whose key signs the provenance; may be left out if you have but one.")
@click.pass_obj
@answers("publish")
def command(
    checkout: Project,
    /,
    *,
    runs: Sequence[str],
    **options: Any,  # noqa: ANN401  those of _Asked, as click parsed them
) -> Answer[Published]:
    """Publish runs, each once: what is there already stays as it is, and what could not be sent is tried again.

    wandb: config and summary, with the names that CM's dashboard had too. A run is written below the folder wandb/
    first, as W&B does offline, and sent from there. mlflow: parameters and metrics. dir: record, logs, bill of
    materials and, if you have a key, signed provenance.

    Not sent are the names of this host and its user, and variables of a run (--env). Credentials are found by the
    programs of W&B and MLflow; envmgr reads none.
    """
    asked = _Asked(**options)
    asked.check()
    with checkout.store(read_only=True) as store:
        found = [record for text in runs for record in chosen(store.layout.runs, text)]
        for record in found:
            require_untouched(store.layout.runs / record.id, record)
        key = _key(asked) if asked.to == "dir" else None
        if asked.folder:
            make_folder(asked.folder)
        done: list[PublishedRun] = [
            {"run": record.id, "new": _publish(checkout, store, record, asked, key)} for record in found
        ]
    lines = [f"{item['run']}: {'published' if item['new'] else 'there already'}" for item in done]
    notes = [f"to {asked.place}"]
    notes += ["nobody signs: make a key with `envmgr cache keygen NAME`"] if asked.to == "dir" and not key else []
    return Answer({"to": asked.to, "place": asked.place, "runs": done}, "\n".join(lines), notes=notes)


def _publish(checkout: Project, store: Store, record: AnyRecord, asked: _Asked, key: PrivateKey | None) -> bool:
    """Publish a run; False where it is there already."""
    match asked.to:
        case "wandb":
            from envmgr.results.publishing import wandb_run

            folder, run = asked.output or Path(), _tracked(record, asked.system)
            new = wandb_run.write(folder, run, asked.project)
            return new if asked.offline else wandb_run.send(folder, run)
        case "mlflow":
            from envmgr.results.publishing import mlflow_run

            return mlflow_run.publish(asked.uri, asked.project, _tracked(record, asked.system))
    from envmgr.results.publishing import folder as folders

    return folders.publish(asked.output or Path(), record.id, _files(checkout, store, record, key))


def _tracked(record: AnyRecord, system: str) -> Tracked:
    run = tracked(fields(record))
    more = {"SystemName": system, "not_submittable": mark(record)}
    return replace(run, config=run.config | {name: value for name, value in more.items() if value})


def _files(checkout: Project, store: Store, record: AnyRecord, key: PrivateKey | None) -> Mapping[str, bytes | Path]:
    """What a folder gets of a run: nothing of what proves it where it was made elsewhere."""
    own = store.layout.runs / record.id
    files: dict[str, bytes | Path] = {path: own / path for path in (RECORD, *recorded_files(record))}
    if not isinstance(record, RunRecord):
        return files
    from envmgr.provenance import statement
    from envmgr.provenance.ancestry import ancestry
    from envmgr.provenance.bill import bill
    from envmgr.provenance.envelope import Envelope
    from envmgr.provenance.licences import licences

    subject = Subject.of_run(record)
    objects = ancestry(store, subject.starts)
    files[BILL] = bill(store, subject, objects, licences(store, objects, declared(checkout))).encode()
    if key:
        files[statement.FILE] = f"{Envelope.of(statement.run_statement(store, record)).signed(key).show()}\n".encode()
    return files


def _key(asked: _Asked) -> PrivateKey | None:
    """The key that signs; None where the user has none and named none."""
    return signing_key(asked.key) if asked.key or names(configuration() / "keys") else None
