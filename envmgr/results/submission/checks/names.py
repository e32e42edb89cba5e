"""What may lie in a tree at all: places, names, sizes, links."""

import os
from collections.abc import Iterator
from pathlib import Path

from envmgr.results.submission.breach import Breach
from envmgr.results.submission.rounds import DIVISIONS
from envmgr.results.submission.submitted import Submitter, files, folders, submitters

MOST_BYTES = 50 * 1024 * 1024
BESIDE = frozenset({".git", ".github", "assets"})
"""Folders that may lie beside the divisions."""
TEXTS = (".md", ".pdf")
"""Files that may lie there."""


def check_root(tree: Path) -> Iterator[Breach]:
    """What lies above the submitters, and every link in the tree: the archive of it holds what a link leads to."""
    yield from _links(tree)
    for name in folders(tree):
        if name not in DIVISIONS and name not in BESIDE:
            yield Breach("names.division", name, "it is no division that is known here", " or ".join(DIVISIONS))
    for name in files(tree):
        if not name.endswith(TEXTS):
            yield Breach("names.root", name, "a file lies outside of the divisions", "take it away")
    for division in DIVISIONS:
        for name in files(tree / division):
            yield Breach("names.root", f"{division}/{name}", "a file lies outside of the submitters", "take it away")
    if not any((item.folder / "results").is_dir() for item in submitters(tree, DIVISIONS)):
        yield Breach("names.nothing", ".", "there is no result in this tree", "envmgr submission create makes one")


def check_names(submitter: Submitter) -> Iterator[Breach]:
    """What lies below one submitter."""
    if not folders(submitter.folder / "results"):
        yield submitter.breach(
            "names.results", submitter.folder, "it has no results, so that nothing of it is judged", "take it away"
        )
    for top, inner, names in os.walk(submitter.folder):
        folder = Path(top)
        if not inner and not names:
            yield submitter.breach("names.empty", folder, "the folder is empty", "take it away")
        for name in sorted([*inner, *names]):
            yield from _name(submitter, folder / name)


def _name(submitter: Submitter, path: Path) -> Iterator[Breach]:
    if path.name.startswith("."):
        yield submitter.breach("names.hidden", path, "its name begins with a dot", "take it away")
    if not path.name.isprintable() or " " in path.name:
        why = "there is a space in its name, or what can't be printed"
        yield submitter.breach("names.space", path, why, "take another name")
    if path.name == "__pycache__":
        yield submitter.breach("names.pycache", path, "it holds what Python compiled", "take it away")
    if path.exists() and not path.is_file() and not path.is_dir():
        yield submitter.breach("names.file", path, "it is neither a file nor a folder", "take it away")
    elif not path.is_file():
        return
    elif path.stat().st_size > MOST_BYTES:
        yield submitter.breach("names.size", path, f"it has more than {MOST_BYTES >> 20} MiB", "shorten it")
    elif path.suffix in {".json", ".txt"} and not _is_text(path):
        yield submitter.breach("names.text", path, "it is no text in UTF-8", "put LoadGen's own file there")


def _is_text(file: Path) -> bool:
    try:
        file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return True


def _links(tree: Path) -> Iterator[Breach]:
    for top, inner, names in os.walk(tree):
        for path in (Path(top, name) for name in sorted([*inner, *names])):
            if path.is_symlink() and not (path.exists() and is_inside(tree, path)):
                place = str(path.relative_to(tree))
                yield Breach("names.link", place, "the link leads to nothing, or outside", "put the file there")


def is_inside(tree: Path, path: Path) -> bool:
    """Whether a path, wherever its links lead, ends in the tree."""
    return path.resolve().is_relative_to(tree.resolve())
