"""What an object may be used under, as its recipe, its metadata or its sources say. Nothing is guessed."""

import re
import tarfile
import zipfile
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Literal

from envmgr.model.store_path import StorePath
from envmgr.planning.licences import Declared
from envmgr.provenance.ancestry import Ancestry, Made
from envmgr.store.store import Store

_COPYING = ("tree", "unpack")
"""Builders that put together what their inputs hold, and add nothing."""
_PROJECTS = ("", "lib/python*/site-packages/")
"""Where Python projects lie in an object: unpacked as they are, or installed."""
_BESIDE = ("", *(f"{place}*.dist-info/" for place in _PROJECTS))
_METADATA = re.compile(r"[^/]+(\.dist-info/METADATA|/PKG-INFO)")
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|copyright|notice|thirdpartynotices)\b[^/]*", re.IGNORECASE)
_CLASSIFIER = "License :: "
_MOST_BYTES = 2**20
"""Of a wheel's metadata: the longest known have some ten thousand."""
_LARGEST = 2**26
"""Bytes of an archive that is read through: larger ones are data, and no source distributions."""


@dataclass(frozen=True)
class Licence:
    """What an object may be used under."""

    said: tuple[str, ...] = ()
    """Expressions of SPDX's, or names as their authors wrote them, sorted; none where nobody said anything."""
    by: Literal["recipe", "metadata", "sources", "nobody"] = "nobody"
    """Who said so."""
    partly: bool = False
    """Whether something in the object has no known licence, though the rest has."""
    files: tuple[str, ...] = ()
    """The texts that the object brings, by path."""

    @property
    def text(self) -> str:
        """In one line."""
        return "; ".join([*self.said, *(["unknown in part"] if self.partly else [])]) or "unknown"


def licences(
    store: Store, objects: Ancestry, declared: Declared, only: Collection[StorePath] | None = None
) -> dict[StorePath, Licence]:
    """The licences of objects, or of some of them, by store path; the others may still say what these are made of."""
    return {path: _licence(store, objects, path, declared) for path in (objects if only is None else only)}


def _licence(store: Store, objects: Ancestry, path: StorePath, declared: Declared) -> Licence:
    made, folder = objects[path], store.folder(path)
    files = tuple(sorted(_files(folder)))
    if made.origin and (stated := declared.licence(made.origin.text.fields)):
        return Licence((stated,), "recipe", files=files)
    if found := list(map(_said, _metadata(folder))):
        return _joined(found, "metadata", files)
    below = [_licence(store, objects, item, declared) for item in _copied(made) if item in objects]
    return _joined([text for item in below for text in item.said or ("",)], "sources", files)


def _joined(found: list[str], by: Literal["metadata", "sources"], files: tuple[str, ...]) -> Licence:
    """One licence of several, of which some may be empty."""
    said = tuple(sorted(set(filter(None, found))))
    return Licence(said, by, partly="" in found, files=files) if said else Licence(files=files)


def _copied(made: Made) -> list[StorePath]:
    """The inputs whose content is the object's: all of them, where the builder only copies, but what it refers to."""
    if made.origin is None or made.origin.text.fields.get("builder", {}).get("name") not in _COPYING:
        return []
    return [item for item in made.inputs.values() if item not in made.described.references]


def _metadata(folder: Path) -> Iterator[str]:
    """The metadata of every Python project in an object: installed, unpacked, or still packed as it was fetched."""
    for pattern in (*(f"{place}*.dist-info/METADATA" for place in _PROJECTS), "PKG-INFO"):
        for file in sorted(folder.glob(pattern)):
            yield file.read_text(encoding="utf-8", errors="replace")[:_MOST_BYTES]
    for file in sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")]):
        with suppress(zipfile.BadZipFile, tarfile.TarError, EOFError):  # then it says nothing
            yield from _in_wheel(file) if file.suffix == ".whl" else _in_source_distribution(file)


def _in_wheel(file: Path) -> Iterator[str]:
    with zipfile.ZipFile(file) as wheel:
        for name in filter(_METADATA.fullmatch, wheel.namelist()):
            with wheel.open(name) as opened:
                yield opened.read(_MOST_BYTES).decode(errors="replace")


def _in_source_distribution(file: Path) -> Iterator[str]:
    if file.stat().st_size > _LARGEST:
        return
    with tarfile.open(file) as archive:
        for member in archive:
            if _METADATA.fullmatch(member.name) and (read := archive.extractfile(member)):
                yield read.read(_MOST_BYTES).decode(errors="replace")


def _said(metadata: str) -> str:
    """What the metadata of a Python project says: an expression, else what stands in its stead, else classifiers."""
    fields = HeaderParser().parsestr(metadata.replace("\r\n", "\n").partition("\n\n")[0])
    said = str(fields.get("License-Expression") or fields.get("License") or "").strip()
    if said and "\n" not in said:
        return said
    classifiers = (str(item) for item in fields.get_all("Classifier", []))
    return ", ".join(item.rpartition(" :: ")[2] for item in classifiers if item.startswith(_CLASSIFIER))


def _files(folder: Path) -> Iterator[str]:
    """The texts of licences at the top of an object, and beside the metadata of a Python project."""
    named = [file for place in _BESIDE for file in folder.glob(f"{place}*")]
    found = [file for file in named if _LICENCE_FILE.fullmatch(file.name)]
    found += [file for place in _PROJECTS for file in folder.glob(f"{place}*.dist-info/licenses/**/*")]
    yield from (str(file.relative_to(folder)) for file in found if file.is_file())
