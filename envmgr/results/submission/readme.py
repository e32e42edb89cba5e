"""What a submission says of itself in words: how each result was made, and with which command it is made again."""

import textwrap
from collections.abc import Iterable, Sequence

from envmgr.model.run_record import RunRecord
from envmgr.results.repeat import command
from envmgr.results.submission.checks.trial import TRIAL
from envmgr.results.submission.gather import Entry
from envmgr.results.submission.rules import not_submittable


def trial_lines(runs: Iterable[RunRecord]) -> list[str]:
    """How the READMEs of a trial begin: that it is one, and why."""
    reasons = {reason: None for record in runs for reason in not_submittable(record)}
    return [f"{TRIAL}: made with --short. {'; '.join(reasons)}", ""]


def of_scenario(entry: Entry, beginning: Sequence[str]) -> str:
    """The README beside the results of a scenario."""
    lines = [*beginning, f"# {entry.model}, {entry.scenario}", ""]
    for item in entry.runs:
        lines += _of_run(item.record)
    return "\n".join(lines)


def of_code(model: str, entries: Sequence[Entry], beginning: Sequence[str]) -> str:
    """The README of what a model was run with."""
    lines = [
        *beginning,
        f"# {model}",
        "",
        "Made with envmgr: the recipe below, its harness and every program under it are built from pinned sources.",
        "`derivations.jsonl` has the text of each build, one a line, inputs first.",
        "In a checkout of envmgr with the lockfile of that digest, these commands do the same again:",
        "",
    ]
    lines += dict.fromkeys(_block(run.record) for entry in entries for run in entry.runs)
    return "\n".join([*lines, ""])


def calibration() -> str:
    """The closed division asks for a word on it."""
    return "# Calibration\n\nNone: weights and inputs are 32-bit floating point, as published. Nothing is quantised.\n"


def _of_run(record: RunRecord) -> list[str]:
    facts = {
        "run": record.id,
        "started": record.started,
        "recipe": f"{record.recipe} {record.version}",
        "derivation": record.derivation,
        "lockfile": record.lockfile or "none",
        "isolation": record.isolation,
        "metrics": ", ".join(f"{name} {value}" for name, value in record.metrics.items()),
    }
    inputs = [f"| input {role} | `{item.store_path}` |" for role, item in record.inputs.items()]
    rows = [f"| {name} | {value} |" for name, value in facts.items()]
    return ["| what | value |", "| --- | --- |", *rows, *inputs, "", _block(record), ""]


def _block(record: RunRecord) -> str:
    return textwrap.indent(command(record), "    ")
