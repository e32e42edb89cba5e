"""The description of a system: what records know of it."""

from envmgr.model.host import CudaFacts
from envmgr.model.run_record import RunRecord
from envmgr.results.submission.system import PRESENT, name_of, probed, to_fill_in
from tests.records import HOST, record

ASKED = {"division": "open", "submitter": "we", "system_type": "edge"}
GPUS = CudaFacts(driver="580.65.06", devices=2, models=("NVIDIA L4", "NVIDIA L4"))


def ran_on(device: str) -> RunRecord:
    """A run on a machine with two GPUs."""
    host = HOST.model_copy(update={"cuda": GPUS})
    return record("20260101-000000-aaaaaa", axes={"device": device, "backend": "onnxruntime"}, host=host)


def test_every_key_is_there_and_what_is_unknown_is_empty() -> None:
    described = probed(ran_on("cpu"), ASKED)
    assert tuple(described) == PRESENT
    assert {"cooling", "status", "host_processor_core_count"} <= {*to_fill_in(described)}
    assert described["host_processor_model_name"] == "any"


def test_a_run_on_processors_has_no_accelerator_whatever_is_in_the_machine() -> None:
    described = probed(ran_on("cpu"), ASKED)
    assert (described["accelerators_per_node"], described["accelerator_model_name"]) == ("0", "N/A")
    assert "580" not in described["other_software_stack"]
    assert name_of(ran_on("cpu")) == "any-2c"


def test_a_run_on_gpus_names_them_and_asks_for_what_no_driver_tells() -> None:
    described = probed(ran_on("cuda"), ASKED)
    assert (described["accelerators_per_node"], described["accelerator_model_name"]) == ("2", "NVIDIA L4")
    assert "NVIDIA driver 580.65.06" in described["other_software_stack"]
    assert {"accelerator_memory_capacity", "accelerator_interconnect"} <= {*to_fill_in(described)}
    assert name_of(ran_on("cuda")) == "any-2c-nvidia-l4"
