"""`envmgr dashboard`: all runs as a folder of pages."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers, say
from envmgr.cli.no_address import NoAddressError
from envmgr.cli.project import Project
from envmgr.cli.written import make_folder, write
from envmgr.model.errors import UsageError

if TYPE_CHECKING:
    from envmgr.results.ledger import Entry
    from envmgr.results.loadgen_logs import UnreadableResultError

REPORTS = 10


class Shown(TypedDict):
    """The pages that were written."""

    folder: Path
    runs: int
    """Runs in the dashboard."""
    reports: list[str]
    """The runs that have a report of their own, the newest first."""
    damaged: list[str]
    """Runs whose records can't be read."""
    address: str
    """Where it was served until the command was interrupted; empty where it was not."""


class NotLoopbackError(UsageError):
    """The dashboard is served to this machine alone."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"{host} is no address of this machine alone",
            fix="--serve 127.0.0.1:PORT; for others, copy the folder to a web server",
        )


@click.command("dashboard")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder.")
@click.option(
    "--reports",
    type=click.IntRange(0),
    default=REPORTS,
    show_default=True,
    help="Of so many newest runs a report, too.",
)
@click.option(
    "--serve", metavar="127.0.0.1:PORT", callback=lambda *given: _address(given[2]), help="Serve it, until interrupted."
)
@click.pass_obj
@answers("dashboard")
def command(project: Project, /, *, output: Path, reports: int, serve: tuple[str, int] | None) -> Answer[Shown]:
    """Write all runs as pages into a folder: a table, histories, speed against accuracy, and runs beside each other.

    The pages need no server; --serve is for a browser on this machine alone.
    """
    from envmgr.results.ledger import entries
    from envmgr.results.pages.dashboard import dashboard

    found = entries(project.store_root / "runs")
    make_folder(output)
    reported, unreadable = _reports(project, found, reports, output / "runs")
    write(output / "index.html", dashboard(found, reported))
    damaged = [entry.run for entry in found if entry.damage]
    data: Shown = {
        "folder": output,
        "runs": len(found) - len(damaged),
        "reports": reported,
        "damaged": damaged,
        "address": _served(output, *serve) if serve else "",
    }
    warnings = [f"the record of {run} can't be read: `envmgr runs verify {run}` says more" for run in damaged]
    warnings += [f"no report of {run}: {error.message}: {error.where}" for run, error in unreadable.items()]
    return Answer(data, str(output / "index.html"), warnings=warnings)


def _reports(
    project: Project, found: "list[Entry]", count: int, folder: Path
) -> "tuple[list[str], dict[str, UnreadableResultError]]":
    """Write a report of each of the newest runs; their ids, the newest first, and why some have none."""
    from envmgr.cli.shown_runs import shown
    from envmgr.results.loadgen_logs import UnreadableResultError
    from envmgr.results.pages.report import Choice, report
    from envmgr.results.records import find

    newest = [entry.run for entry in reversed(found) if not entry.damage][:count]
    store = project.store_if_any() if newest else None
    records = [record for run in newest if (record := find(project.store_root / "runs", run))]
    make_folder(folder)
    unreadable: dict[str, UnreadableResultError] = {}
    for record in records:
        try:
            text = report([Choice(record.id, (shown(project, store, record),))])
        except UnreadableResultError as error:
            unreadable[record.id] = error
        else:
            write(folder / f"{record.id}.html", text)
    return [record.id for record in records if record.id not in unreadable], unreadable


def _address(text: str | None) -> tuple[str, int] | None:
    """HOST:PORT of `--serve`."""
    if text is None:
        return None
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004  the last port
        raise UsageError(f"--serve {text}: HOST:PORT is asked for", fix="--serve 127.0.0.1:8371")
    if host not in {"127.0.0.1", "localhost", "[::1]"}:
        raise NotLoopbackError(host)
    return host.strip("[]"), int(port)


def _served(folder: Path, host: str, port: int) -> str:
    """Serve the folder until somebody presses Ctrl-C; where it was to be found."""
    from envmgr.results.pages.serve import Server

    try:
        server = Server(folder, host, port)
    except OSError as error:
        raise NoAddressError(host, port, error) from error
    with server:
        say(f"serving {folder} at {server.address}; Ctrl-C ends it")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return server.address
    return server.address
