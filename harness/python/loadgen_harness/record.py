"""harness.json: what LoadGen's logs do not say about a run; what the C++ harness writes, and PyTorch's version."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from loadgen_harness.loadgen_settings import LoadgenSettings
from loadgen_harness.settings import Settings

SCHEMA = "envmgr.harness/1"
SAID = (
    "backend", "model", "task", "provider", "device_id", "graph_optimization", "tensors", "scenario", "mode",
    "model_name", "mlperf_conf", "user_conf", "audit_conf", "workers", "threads", "inter_threads", "batch", "warmup",
    "trace",
)  # fmt: skip
"""The settings that are written down."""


@dataclass
class Outcome:
    """What came of a run. Times in seconds."""

    onnxruntime: str = ""
    """ONNX Runtime's version; empty with another backend."""
    torch: str = ""
    """PyTorch's version; empty with another backend."""
    tensors_made: str = ""
    """`stored`, or `on-load`."""
    most_at_once: int = 0
    """Samples in one call of the model, at most."""
    sample_count: int = 0
    """Samples in the library, after --count."""
    answered: int = 0
    """Samples answered during the test, repeated ones too."""
    load_seconds: float = 0.0
    """To map the tensors and make all sessions."""
    warmup_best_seconds: float = 0.0
    """The fastest sample of the warm-up."""
    warmup_samples_per_second: float = 0.0
    """What all workers together got through in it."""
    test_seconds: float = 0.0
    """LoadGen's StartTest, from call to return: more than the timed part."""
    test_cpu_seconds: float = 0.0
    """CPU time of all threads over the same span."""


def write_record(file: Path, settings: Settings, loadgen: LoadgenSettings, outcome: Outcome) -> None:
    """Write the settings in effect and the outcome as one JSON object; raises OSError."""
    record = {
        "schema": SCHEMA,
        **{name: getattr(settings, name) for name in SAID},
        "performance_sample_count_override": loadgen.test.performance_sample_count_override,
        "expected": loadgen.expected,
        "expected_from": "warm-up" if loadgen.measured else "user.conf",
        **asdict(outcome),
    }
    file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
