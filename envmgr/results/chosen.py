"""The runs that a word of the command line chooses: one run, or a configuration of a series."""

from collections.abc import Sequence
from pathlib import Path

from envmgr.model.errors import InvalidInputError, UsageError
from envmgr.model.names import did_you_mean
from envmgr.model.run_files import RECORD
from envmgr.model.run_record import AnyRecord
from envmgr.results.ledger import entries
from envmgr.results.records import find, read

SERIES = "s-"
"""How the id of every series begins, and that of no run."""


class NoSuchRunError(UsageError):
    """There is no run, and no series, of that name."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"no run and no series begins with {text!r}", fix="`envmgr runs list` shows what there is")


class AmbiguousSeriesError(InvalidInputError):
    """Several series have an id that begins so."""

    def __init__(self, text: str, ids: Sequence[str]) -> None:
        self.text, self.ids = text, tuple(ids)
        super().__init__(f"{len(ids)} series begin with {text!r}: {', '.join(ids)}", fix="give more of the id")


class NothingCountsError(InvalidInputError):
    """A configuration of a series was warmed up, and never measured."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"{text} has no run that counts, only warm-up", fix="--resume goes on with a series")


class UnknownConfigurationError(UsageError):
    """A series has several configurations, and none, or one that it has not, was named."""

    def __init__(self, series: str, label: str, known: Sequence[str]) -> None:
        self.series, self.label, self.known = series, label, tuple(known)
        said = f"has no configuration {label!r}, but" if label else "has several configurations:"
        near = did_you_mean(label, known) or known[0]
        super().__init__(f"series {series} {said} {'; '.join(known)}", fix=f"name one: {series}:{near}")


def chosen(folder: Path, text: str) -> list[AnyRecord]:
    """The run whose id begins so; or, of `SERIES:CONFIGURATION`, the runs of it that count, oldest first.

    `last` is the newest run. A series of one configuration needs no more than its id. Runs that LoadGen says are
    INVALID are among them, warm-up is not.

    Raises:
        NoSuchRunError: nothing is called so.
        AmbiguousRunError, AmbiguousSeriesError: several are.
        UnknownConfigurationError: the series has no such configuration, or several.
        NothingCountsError: it has no runs but those for warming up.
        DamagedRecordError: a record cannot be read.
    """
    if not text.startswith(SERIES):
        found = find(folder, text)
        if found is None:
            raise NoSuchRunError(text)
        return [found]
    beginning, _, label = text.partition(":")
    runs = series_of(folder, beginning)
    known = list(dict.fromkeys(run.series.configuration for run in runs if run.series))
    if not known:
        raise NoSuchRunError(text)
    if label not in known and (label or len(known) > 1):
        raise UnknownConfigurationError(beginning, label, known)
    counted = [
        run for run in runs if run.series and run.series.round > 0 and run.series.configuration == (label or known[0])
    ]
    if not counted:
        raise NothingCountsError(text)
    return counted


def series_of(folder: Path, beginning: str) -> list[AnyRecord]:
    """The runs of the series whose id is or begins so, warm-up and all; none where there is no such series.

    Raises:
        AmbiguousSeriesError: several begin so.
        DamagedRecordError: a record of it was damaged since it was last listed.
    """
    places = _places(folder)
    ids = sorted({series for series in places.values() if series.startswith(beginning)})
    if len(ids) > 1 and beginning not in ids:
        raise AmbiguousSeriesError(beginning, ids)
    wanted = beginning if beginning in ids else "".join(ids)
    return [read(folder / run / RECORD) for run, series in places.items() if wanted and series == wanted]


def begun_with(folder: Path, beginning: str) -> list[AnyRecord]:
    """The runs of all series whose ids begin so, such as the measurements of a bisection, warm-up and all.

    Raises:
        DamagedRecordError: a record of one was damaged since it was last listed.
    """
    return [read(folder / run / RECORD) for run, series in _places(folder).items() if series.startswith(beginning)]


def _places(folder: Path) -> dict[str, str]:
    """The runs of series, each with the id of its own."""
    said = ((entry.run, entry.fields.get("series.series")) for entry in entries(folder))
    return {run: series for run, series in said if isinstance(series, str)}
