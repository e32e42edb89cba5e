"""The description of a system: what a round asks for, what records know of it, and what a person must say."""

import re
from collections.abc import Mapping
from pathlib import Path

from envmgr.model.errors import InvalidInputError
from envmgr.model.host import HostFacts
from envmgr.model.run_record import RunRecord
from envmgr.results.submission.submitted import read_object

MEANINGFUL = (
    "division", "submitter", "system_type", "status", "system_name", "number_of_nodes", "host_processor_model_name",
    "host_processors_per_node", "host_processor_core_count", "host_memory_capacity", "host_memory_configuration",
    "host_storage_capacity", "host_storage_type", "host_networking", "host_network_card_count",
    "host_networking_topology", "accelerators_per_node", "accelerator_model_name", "accelerator_memory_capacity",
    "accelerator_host_interconnect", "accelerator_memory_configuration", "accelerator_interconnect", "cooling",
    "framework", "operating_system", "other_software_stack",
)  # fmt: skip
"""Keys that must say something."""
PRESENT = (
    *MEANINGFUL, "system_type_detail", "host_processor_frequency", "host_processor_caches",
    "host_processor_interconnect", "accelerator_frequency", "accelerator_interconnect_topology",
    "accelerator_on-chip_memories", "hw_notes", "sw_notes",
)  # fmt: skip
"""Keys that must be there, be they empty."""
STATUSES = ("available", "preview", "rdi")
NO_ACCELERATOR = "N/A"
_ACCELERATOR = tuple(key for key in MEANINGFUL if key.startswith("accelerator_"))


class DescriptionError(InvalidInputError):
    """A file that should describe a system does not."""

    def __init__(self, file: Path, why: str, fix: str) -> None:
        self.file = file
        super().__init__(f"no description of a system: {why}", where=str(file), fix=fix)


def probed(record: RunRecord, asked: Mapping[str, str]) -> dict[str, str]:
    """The description as far as a record knows it, in the order of the keys; what it can't know is empty.

    Args:
        record: of a run on the system.
        asked: what the submission says of itself: division, submitter, system_type.
    """
    known = {**asked, **_host(record.host), **_accelerators(record), **_software(record)}
    return {key: known.get(key, "") for key in PRESENT}


def to_fill_in(description: Mapping[str, object]) -> list[str]:
    """The keys that a person has yet to say."""
    return [key for key in MEANINGFUL if not description.get(key)]


def read(file: Path, asked: Mapping[str, str]) -> dict[str, object]:
    """A description that a person completed, with what the submission says of itself.

    Raises:
        DescriptionError: it is none, is not complete, or says otherwise.
    """
    found = read_object(file)
    if found is None:
        raise DescriptionError(file, "it is no JSON object", "`--system auto` writes one to complete")
    for key, value in asked.items():
        if str(found.get(key) or value).lower() != value.lower():
            raise DescriptionError(file, f"{key} is {found[key]!r}, and {value!r} was asked for", f"leave {key} empty")
    described = {**dict.fromkeys(PRESENT, ""), **found, **asked}
    if missing := to_fill_in(described):
        raise DescriptionError(file, f"nothing is said of {', '.join(missing)}", "fill these keys in")
    return described


def name_of(record: RunRecord) -> str:
    """A name for the system of a record, which becomes the name of folders."""
    host = record.host
    parts = [host.cpu.model, f"{host.cpu.cores}c", *(host.cuda.models if record.axes.get("device") == "cuda" else ())]
    return re.sub(r"[^a-z0-9]+", "-", "-".join(dict.fromkeys(parts)).lower()).strip("-")


def _host(host: HostFacts) -> dict[str, str]:
    """Of the cores a record knows how many a run could use, not how many a processor has: a person says that."""
    return {
        "number_of_nodes": "1",
        "host_processor_model_name": host.cpu.model,
        "host_memory_capacity": f"{host.memory_bytes / 2**30:.1f} GiB",
        "operating_system": f"{host.distribution}, Linux {host.kernel}",
    }


def _accelerators(record: RunRecord) -> dict[str, str]:
    """None are there for a run that used none."""
    cuda = record.host.cuda
    if record.axes.get("device") != "cuda":
        return {"accelerators_per_node": "0", **dict.fromkeys(_ACCELERATOR, NO_ACCELERATOR)}
    return {"accelerators_per_node": str(cuda.devices), "accelerator_model_name": ", ".join(sorted({*cuda.models}))}


def _software(record: RunRecord) -> dict[str, str]:
    host, axes = record.host, record.axes
    driver = [f"NVIDIA driver {host.cuda.driver}"] if axes.get("device") == "cuda" else []
    engine = " ".join(filter(None, [axes.get("backend", ""), axes.get("onnxruntime", "")]))
    return {
        "framework": engine,
        "other_software_stack": ", ".join([host.libc, f"Python {host.python.version}", *driver]),
        "sw_notes": f"made with envmgr, lockfile {record.lockfile or 'none'}",
    }
