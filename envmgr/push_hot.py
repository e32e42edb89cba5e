"""Nothing to push, said at once: every object and every answer is in the cache's folder already.

What is asked is worked out as `cache push` does, but for what that needs to read: the closure and its realisations are
one query, the cache is two listings, a recipe is what `realize` remembers of it. Any doubt (an option, a cache that is
no folder, an object that no sandbox held, a file that is missing) means None, and the command is worked out in full.
"""

import posix
import sqlite3

from envmgr import places, realize_hot

_CLOSURE = """
    WITH RECURSIVE closure (id) AS (
        SELECT id FROM objects WHERE store_path IN (SELECT value FROM json_each(?))
        UNION
        SELECT reference FROM refs JOIN closure ON referrer = closure.id
    )
    SELECT store_path, derivation, resolved, isolation
    FROM objects JOIN closure USING (id) LEFT JOIN realisations ON object = id
"""
_BASE = "abcdefghijklmnopqrstuvwxyz234567"


def said(*, written: int, packed: int, present: int) -> str:
    """What a push says that it did; `packed` are the bytes of content that it wrote."""
    return f"{written} objects written ({packed / 1e6:.1f} MB), {present} were there"


def nothing(arguments: list[str]) -> str | None:
    """What `envmgr cache push` with these arguments prints, if there is nothing to do; None where that is not sure."""
    try:
        folder, paths = _folder(arguments[0]), _paths(arguments[1:])
        return _nothing(places.store(None, posix.getcwd()), folder, paths) if folder and paths else None
    except (OSError, ValueError, IndexError, sqlite3.Error):
        return None


def _nothing(root: str, folder: str, paths: list[str]) -> str | None:
    if not {"?", "#", "%"}.isdisjoint(root):
        return None  # they mean something in the address of an index
    connection = sqlite3.connect(f"file:{root}/db.sqlite?mode=ro", uri=True)
    asked = ", ".join(f'"{path}"' for path in paths)
    rows = connection.execute(_CLOSURE, (f"[{asked}]",)).fetchall()
    connection.close()
    objects = {row[0] for row in rows}
    if not objects.issuperset(paths) or any(isolation in (None, "unsandboxed", "unknown") for *_, isolation in rows):
        return None
    answers = {f"{digest.removeprefix('sha256:')}.json" for _, *digests, _ in rows for digest in digests}
    if not answers.issubset(posix.listdir(f"{folder}/realisations")):
        return None
    if not {f"{path}.json" for path in objects}.issubset(posix.listdir(f"{folder}/objects")):
        return None
    if not all(places.is_folder(f"{root}/objects/{path}") for path in objects):
        return None
    return said(written=0, packed=0, present=len(objects))


def _folder(cache: str) -> str | None:
    """The folder of a cache: its path, or as the configuration names it, in the form in which envmgr writes that."""
    if "/" in cache:
        return None if "://" in cache else cache
    with open(f"{places.config()}/caches.toml", encoding="utf-8") as file:
        lines = file.read().split("\n")
    key, _, value = lines[lines.index(f'[cache."{cache}"]') + 1].partition(" = ")
    return value[1:-1] if key == "url" and value.startswith('"/') and "\\" not in value else None


def _paths(names: list[str]) -> list[str] | None:
    """The store paths that are named, or that `realize` of the same arguments printed."""
    if all(name[32:33] == "-" and set(name[:32]).issubset(_BASE) and '"' not in name for name in names):
        return names
    printed = realize_hot.recall(["realize", *names])
    return None if printed is None else [path.rpartition("/")[2] for path in printed]
