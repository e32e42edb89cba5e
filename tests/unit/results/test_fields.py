"""A record as flat fields."""

from envmgr.results.fields import below, fields
from tests.records import imported, record

PATH = f"{'a' * 32}-harness-1"
INPUT = {"derivation": f"sha256:{'0' * 64}", "store_path": PATH, "manifest": f"sha256:{'0' * 64}"}


def test_every_single_value_of_a_record_is_a_field_by_its_dotted_name() -> None:
    run = record(
        "20260101-000000-aaaaaa",
        axes={"scenario": "Offline"},
        settings={"batch": 4},
        inputs={"harness": {**INPUT, "isolation": "sandboxed"}},
        closure=(PATH,),
        series={"series": "s", "configuration": "batch=4", "round": 1},
    )
    found = fields(run)
    assert (found["axes.scenario"], found["settings.batch"], found["metrics.mAP"]) == ("Offline", 4, 60.5)
    assert (found["host.cpu.model"], found["host.cpu.features"], found["series.round"]) == ("any", "", 1)
    assert (found["inputs.harness"], found["imported"]) == (PATH, False)
    assert not {"schema", "steps", "closure", "bare_host", "lockfile"} & found.keys()
    assert below(found, "axes.") == {"scenario": "Offline"}


def test_a_run_made_elsewhere_says_so() -> None:
    found = fields(imported("20260101-000000-aaaaaa"))
    assert (found["imported"], found["source"]) == (True, "results")
    assert not [name for name in found if name.startswith("host.")]
