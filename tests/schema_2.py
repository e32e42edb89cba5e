"""Stores turned back into what schema 2 was: four files beside the index for each object."""

import os
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

from envmgr.store.layout import Layout
from envmgr.store.record import Record, read

FOLDERS = ("manifests", "derivations", "realisations")


def turn_back(root: Path) -> dict[str, Record]:
    """Make a store one of schema 2; what its records said, by store path."""
    layout = Layout(root)
    records = said(root)
    for name in FOLDERS:
        (root / name).mkdir()
    for path, record in records.items():
        assert record.described is not None
        described = root / "manifests" / f"{path}.json"
        described.write_text(record.described.model_dump_json())
        shutil.copystat(layout.records / path, described)
        (root / "manifests" / f"{path}.manifest").write_bytes(record.manifest)
        for item in record.written:
            derivation, resolved = (digest.hex for digest in item.question)
            (root / "derivations" / f"{derivation}.json").write_text(item.derivation)
            made = root / "realisations" / f"{derivation[:32]}-{resolved[:32]}.json"
            made.write_text(item.realisation.model_dump_json())
            os.utime(made, ns=(item.when, item.when))
    shutil.rmtree(layout.records)
    with sqlite3.connect(layout.index) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    return records


def said(root: Path) -> dict[str, Record]:
    """What the records of a store say, each with its realisations in order."""
    found = {}
    for file in (root / "records").iterdir():
        record = read(file)
        found[file.name] = replace(record, written=tuple(sorted(record.written, key=lambda item: item.when)))
    return found
