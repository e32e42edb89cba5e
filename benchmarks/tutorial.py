"""`python -m benchmarks.tutorial [--only WORD]... [--store DIR] [--write FILE]`: the tutorial, command by command, run.

Every command that docs/from-cm.toml comes to in envmgr is run as it stands. Where that ends because a publisher can't
be reached, it is run twice more: on the embedded model in the place of the real one, and as it stands with the
publishers played on loopback (`benchmarks.hosts`). Ends with 1 where a command ended in a way that nobody expects.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tomli

from benchmarks.checkout import RAN, TOP, Checkout
from benchmarks.first_contact import copy_checkout
from benchmarks.hosts import play
from benchmarks.page import head, row, write_below
from envmgr.from_cm.call import read
from envmgr.from_cm.translate import translate
from tests.loopback import Origin

COLUMNS = ("command", "as it stands", "on the embedded model", "publishers on loopback")
UNREACHABLE, LACKING, UNFIT = 6, 12, 10
REAL = ("model=", "dataset=", "min_duration_ms=")
"""What the embedded model is run without: what names a publisher's model and data, and a duration of ten minutes."""
DELETING = "gc"
SUBMITTING, TRIAL = "submission", "--short"
"""A submission is made of the run before it, which is no run by the rules: without --short it is refused."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    exit: int
    said: str
    """Its figures, the path it printed, or the first sentence of its error."""
    seconds: float

    @classmethod
    def of(cls, checkout: Checkout, words: Sequence[str]) -> "Ended":
        """Run it, whatever comes of it."""
        command = [*words, *(() if words[0].startswith("-") or "--json" in words else ("--json",))]
        began = time.monotonic()
        done = subprocess.run(
            checkout.argv(*command),
            env=checkout.environ,
            cwd=checkout.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return cls(done.returncode, said_by(done.stdout, done.stderr), time.monotonic() - began)

    @property
    def text(self) -> str:
        """The cell of the table."""
        return f"exit {self.exit}" + (f": {self.said}" if self.said else "")


@dataclass(frozen=True)
class Case:
    """A command with all the ways in which it was run."""

    words: Sequence[str]
    stands: Ended
    embedded: Ended | None = None
    loopback: Ended | None = None

    @property
    def row(self) -> str:
        """Its line of the table."""
        cells = [ended.text if ended else "" for ended in (self.stands, self.embedded, self.loopback)]
        return row([f"`envmgr {' '.join(self.words)}`", *cells])

    @property
    def fault(self) -> str:
        """What nobody expects; empty where all is well."""
        unfit = self.words[0] == SUBMITTING and TRIAL not in self.words
        expected = {unfit: UNFIT, "device=cuda" in self.words: LACKING}.get(True, 0)
        decisive = self.loopback or self.stands
        well = decisive.exit == expected or (expected == 0 and self.words[0] == "run" and decisive.exit in RAN)
        return "" if well else f"envmgr {' '.join(self.words)}: {decisive.text}"


def said_by(stdout: str, stderr: str) -> str:
    """What an answer in JSON comes to in a few words."""
    try:
        answer = json.loads(stdout)
    except ValueError:
        return (stdout or stderr).strip().splitlines()[-1] if (stdout or stderr).strip() else ""
    data = answer["data"]
    if "run" in data:
        return figures(data["run"]["metrics"])
    if not answer["ok"]:
        message = answer["error"]["message"].splitlines()
        return message[0].rstrip(":") if answer["error"]["exit"] == UNREACHABLE else " ".join(" ".join(message).split())
    if "outputs" in data:
        return ", ".join(output["store_path"] for output in data["outputs"])
    return ", ".join(f"{len(value)} {name}" for name, value in data.items() if isinstance(value, list))


def figures(metrics: Mapping[str, float]) -> str:
    """The figures of a run."""
    shown = {"mAP": "mAP {:.3f} %", "accuracy": "accuracy {:.1f} %", "samples_per_second": "{:.4g} samples/s"}
    said = [text.format(metrics[name]) for name, text in shown.items() if name in metrics]
    if "result_valid" in metrics:
        said.append("VALID" if metrics["result_valid"] else "INVALID")
    return ", ".join(said)


def commands() -> Iterator[tuple[str, ...]]:
    """Every command of envmgr's that the page names, once, in its order."""
    parts = tomli.loads((TOP / "docs/from-cm.toml").read_text())["part"]
    calls = [call for part in parts for command in part["command"] for call in read(command["cm"])]
    yield from dict.fromkeys(command.argv for call in calls for command in translate(call).commands)


def embedded(words: Sequence[str]) -> list[str]:
    """The same command on what a checkout has."""
    kept = iter(words)
    short: list[str] = []
    for word in kept:
        following = next(kept) if word == "--set" else ""
        if not following.startswith(REAL):
            short += [word, following] if following else [word]
    return short


def cases(asked: Sequence[Sequence[str]], checkout: Checkout, scratch: Path) -> Iterator[Case]:
    """Run them one after another."""
    below = {"ENVMGR_BELOW": str(checkout.store.resolve())} if checkout.store else {}
    here = Checkout(scratch / "store", environment=below)
    copy_checkout(scratch / "played")
    with Origin() as origin:
        play(origin, scratch / "played/recipes", checkout)
        there = Checkout(scratch / "store", scratch / "played", below)
        for words in asked:
            place = {DELETING: Checkout(scratch / "empty"), SUBMITTING: there}.get(words[0], here)
            shutil.rmtree(there.folder / "submission", ignore_errors=True)
            case = Case(words, Ended.of(place, words))
            if case.stands.exit == UNREACHABLE:
                small = Ended.of(here, embedded(words)) if words[0] == "run" else None
                case = Case(words, case.stands, small, Ended.of(there, words))
            print(case.row, f"(load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
            yield case


def main() -> int:
    """Run the commands and print or write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tutorial", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="commands that have these words")
    parser.add_argument("--store", type=Path, metavar="DIR", help="a store to take from; by default all is made anew")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table into a page, below its own words")
    asked = parser.parse_args()
    checkout = Checkout(asked.store)
    wanted = [words for words in commands() if set(asked.only) <= set(words)]
    with checkout.scratch("tutorial") as scratch:
        done = list(cases(wanted, checkout, scratch))
    table = "\n".join([head(COLUMNS), *(case.row for case in done)])
    print(table)
    if asked.write:
        write_below(asked.write, table)
    faults = [case.fault for case in done if case.fault]
    print(*faults, sep="\n", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
