"""The record of an object: all that the index knows of it, and its manifest, in one file.

A line of JSON describes the object. One line follows for each realisation that gave it, with the text of its
derivation. Then comes an empty line, and after it the canonical text of the manifest. Who reads takes what makes sense:
a damaged line costs nothing but itself. The time of the file says when the object was last used (`last_use`).

It is written whole: a draft takes its place by a rename. Two who add to one object hold its part of the record lock
from when they read it until they have put theirs in its place, so that neither loses what the other has added.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from envmgr.model.digest import Digest
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.layout import Layout
from envmgr.store.path_lock import LOCK_SECONDS, exclusive_part

END = b"\n\n"
"""What stands between the lines and the manifest: JSON has no line breaks, as it is written here."""

_Model = TypeVar("_Model", bound=BaseModel)
Question = tuple[Digest, Digest]
"""What a realisation answers: a derivation, resolved to this."""


class Written(BaseModel):
    """A realisation as it is written down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    realisation: Realisation
    derivation: str
    """The text of the derivation: its SHA-256 is the derivation digest."""
    when: int
    """When that was, in nanoseconds since 1970."""

    @property
    def question(self) -> Question:
        """What it answers."""
        return self.realisation.derivation, self.realisation.resolved

    @property
    def text(self) -> bytes | None:
        """The text of the derivation; None where it is another one's."""
        text = self.derivation.encode()
        return text if Digest.of(text) == self.realisation.derivation else None


@dataclass(frozen=True)
class Record:
    """What a record says; `described` is None, and `manifest` empty, where it can't be read."""

    described: StoreObject | None = None
    written: tuple[Written, ...] = ()
    manifest: bytes = b""
    faults: tuple[str, ...] = ()
    """What is wrong with it, line by line."""

    @cached_property
    def answers(self) -> dict[Question, Written]:
        """The realisations by what they answer."""
        return {item.question: item for item in self.written}

    @cached_property
    def texts(self) -> dict[Digest, bytes]:
        """The texts of the derivations that gave the object, by derivation digest, as far as they are whole."""
        return {item.realisation.derivation: text for item in self.written if (text := item.text)}

    def joined(self, new: Iterable[Written]) -> tuple[Written, ...]:
        """The realisations with some more; of two with one question the new one stays."""
        return tuple({**self.answers, **{item.question: item for item in new}}.values())


def show(described: StoreObject, written: Iterable[Written], manifest: bytes) -> bytes:
    """The text of a record; `read` is the pair of this."""
    lines = [item.model_dump_json().encode() for item in (described, *written)]
    return b"\n".join(lines) + END + manifest


def read(file: Path) -> Record:
    """Read a record, as far as it makes sense, and speaks of the object that the file is named after."""
    return _read(file, Path.read_bytes, OSError)


def read_lines(file: Path) -> Record:
    """As `read`, without the manifest, which may be large."""
    return _read(file, _lines, OSError)


def read_to_write(file: Path) -> Record:
    """As `read`, for who writes it anew: what cannot be read just now would be lost.

    Raises:
        OSError: it is there, and cannot be read.
    """
    return _read(file, Path.read_bytes, FileNotFoundError)


def _read(file: Path, text_of: Callable[[Path], bytes], failure: type[OSError]) -> Record:
    try:
        text = text_of(file)
    except failure as error:
        return Record(faults=(f"it cannot be read: {error}",))
    head, _, manifest = text.partition(END)
    first, *rest = head.split(b"\n")
    faults: list[str] = []
    described = _parsed(StoreObject, first, faults)
    if described is not None and str(described.store_path) != file.name:
        faults.append(f"it describes {described.store_path}")
        described = None
    written = [item for line in rest if (item := _parsed(Written, line, faults))]
    strays = [item for item in written if str(item.realisation.store_path) != file.name]
    faults += [f"a realisation in it gave {item.realisation.store_path}" for item in strays]
    own = tuple(item for item in written if item not in strays)
    return Record(described, own, manifest, tuple(faults))


def _lines(file: Path) -> bytes:
    with file.open("rb") as opened:
        return b"".join(takewhile(lambda line: line != b"\n", opened)) + b"\n"


def manifest_text(layout: Layout, path: StorePath) -> bytes:
    """The text of an object's manifest, as its record has it.

    Raises:
        OSError: it cannot be read.
    """
    return layout.record(path).read_bytes().partition(END)[2]


@contextmanager
def writing_record(layout: Layout, path: StorePath) -> Iterator[Path]:
    """Be the only one who reads an object's record to write it anew; where it lies.

    Raises:
        PathLockTimeoutError: others wrote it all the time.
    """
    with exclusive_part(layout.record_lock, str(path), timeout=LOCK_SECONDS):
        yield layout.record(path)


def _parsed(model: type[_Model], line: bytes, faults: list[str]) -> _Model | None:
    try:
        return model.model_validate_json(line)
    except ValueError as error:
        faults.append(f"it is damaged: {error}")
        return None
