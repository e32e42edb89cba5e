"""What every record says in short, kept in one file beside the runs, so that a list reads one file and not a thousand.

The file is made from the records and can be made again from them: who lists runs reads the records that are new, or are
not as they were, and writes it anew. Where nobody may write it does without.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any

from envmgr import __version__
from envmgr.model.run_files import RECORD
from envmgr.results.fields import Fields

FILE = "ledger.json"
FORM = [__version__, 3]
"""What fields come of a record: raised by hand between releases. What was written by another is not read."""


@dataclass(frozen=True)
class Entry:
    """A run in short."""

    run: str
    """Its id."""
    fields: Fields
    """Those of its record; none where that is damaged."""
    damage: str = ""
    """Why the record can't be read."""


def bring_up_to_date(folder: Path) -> None:
    """Let the next list find all in the ledger: for whoever has just recorded a run, and has all modules read."""
    entries(folder)


def entries(folder: Path) -> list[Entry]:
    """Every run below a folder that has a record, oldest first, also those whose record is damaged."""
    before = _known(folder / FILE)
    found: list[Entry] = []
    lines: dict[str, Any] = {}
    for run, stamp in sorted(_stamps(folder)):
        line = before.get(run)
        if line is not None and line["stamp"] == stamp:
            entry = Entry(run, line["fields"])
        else:
            entry = _read(folder / run / RECORD)
        found.append(entry)
        if not entry.damage:
            lines[run] = {"stamp": stamp, "fields": entry.fields}
    if lines != before:
        _write(folder / FILE, lines)
    return found


def _stamps(folder: Path) -> Iterator[tuple[str, list[int]]]:
    """The runs, each with what its record's file has otherwise once it is another."""
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        for item in found:
            with suppress(OSError):  # no folder, no record in it, or none that can be reached
                status = os.stat(f"{item.path}/{RECORD}")  # noqa: PTH116  there may be thousands
                if S_ISREG(status.st_mode):
                    yield item.name, [status.st_mtime_ns, status.st_size, status.st_ino]


def _read(file: Path) -> Entry:
    from envmgr.results.fields import fields
    from envmgr.results.records import DamagedRecordError, read

    try:
        return Entry(file.parent.name, fields(read(file)))
    except DamagedRecordError as error:
        return Entry(file.parent.name, {}, error.why)


def _known(file: Path) -> Mapping[str, Any]:
    """The lines that were written before; none where they cannot be read."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        written = json.loads(file.read_bytes())
        if written["form"] == FORM:
            return {
                run: {"stamp": line["stamp"], "fields": line["fields"]}
                for run, line in written["runs"].items()
                if line["fields"]["id"] == run
            }
    return {}


def _write(file: Path, lines: Mapping[str, Any]) -> None:
    draft = file.with_name(f".{file.name}-{os.getpid()}")
    with suppress(OSError):
        draft.write_text(json.dumps({"form": FORM, "runs": lines}))
        draft.replace(file)
