"""The description of a system, and that each system has results."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from envmgr.results.submission.breach import Breach
from envmgr.results.submission.rounds import CATEGORIES, Round
from envmgr.results.submission.submitted import Submitter, description_file, files, folders, read_object
from envmgr.results.submission.system import MEANINGFUL, PRESENT, STATUSES

TEXTS = (
    "system_name", "host_processor_model_name", "accelerator_model_name", "framework", "operating_system", "hw_notes",
    "sw_notes",
)  # fmt: skip
"""Keys whose values stand in MLPerf's table as they are."""
COUNTS = ("number_of_nodes", "accelerators_per_node")
"""Keys whose values it multiplies."""
SYSTEM_TYPES = frozenset({*CATEGORIES, "edge,datacenter"})


def check_systems(submitter: Submitter, of: Round) -> Iterator[Breach]:
    """Every system of a submitter."""
    systems = folders(submitter.folder / "results")
    for system in systems:
        yield from _described(submitter, description_file(submitter, system))
    described = [name.removesuffix(".json") for name in files(submitter.folder / "systems") if name.endswith(".json")]
    for name in described:
        if name not in systems:
            file = description_file(submitter, name)
            yield submitter.breach("system.results", file, "this system has no results", "take it away")
    measured = submitter.folder / of.layout.measurements.partition("/")[0]
    for name in folders(measured):
        if name not in systems:
            yield submitter.breach("system.results", measured / name, "this system has no results", "take it away")


def category(submitter: Submitter, system: str) -> str:
    """The category of a system, `datacenter,edge` in this order; empty where it says none."""
    said = str((read_object(description_file(submitter, system)) or {}).get("system_type", ""))
    return ",".join(sorted(said.split(",")))


def _described(submitter: Submitter, file: Path) -> Iterator[Breach]:
    said = read_object(file)
    if said is None:
        yield submitter.breach(
            "system.file", file, "the system is not described by a JSON object", "write it: `--system auto` begins one"
        )
        return
    if missing := [key for key in PRESENT if key not in said]:
        yield submitter.breach("system.keys", file, f"these keys are missing: {', '.join(missing)}", "add them")
    if empty := [key for key in MEANINGFUL if key in said and not said[key]]:
        yield submitter.breach("system.meaning", file, f"nothing is said of {', '.join(empty)}", "say it")
    for key, wanted in _wrong(submitter, said):
        yield submitter.breach(f"system.{key}", file, f"{key} is {said.get(key)!r}", wanted)


def _wrong(submitter: Submitter, said: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The keys with wrong values, and what they should be."""
    if str(said.get("status", "")).lower() not in STATUSES:
        yield "status", f"one of {', '.join(STATUSES)}"
    if str(said.get("system_type")) not in SYSTEM_TYPES:
        yield "system_type", f"one of {'; '.join(CATEGORIES)}"
    if str(said.get("submitter", "")).lower() != submitter.name.lower():
        yield "submitter", f"it is {submitter.name}, by its folder"
    if said.get("division") != submitter.division:
        yield "division", f"it is {submitter.division}, by its folder"
    if str(said.get("is_network", "")).lower() == "true":
        yield "is_network", "a system over a network belongs into the division `network`"
    yield from ((key, "a text") for key in TEXTS if not isinstance(said.get(key, ""), str))
    yield from ((key, "a whole number") for key in COUNTS if said.get(key) and not str(said[key]).isdecimal())
