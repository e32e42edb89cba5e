"""Why a run can't be part of a submission to MLPerf: what its record alone says.

The logs say the rest, and `envmgr submission check` judges these. What is said here is certain: a run without a reason
may yet be refused there, one with a reason is refused always (for its accuracy alone, in the closed division).
"""

from collections.abc import Iterator

from envmgr.model.run_record import ImportedRecord, Recorded, RunRecord
from envmgr.results.submission.rounds import LEAST_DURATION_MS, ROUNDS, Benchmark

MEASURING = frozenset({"performance", "both"})


def not_submittable(record: Recorded, division: str = "closed") -> list[str]:
    """The reasons, the weightiest first; none for a run of which the record shows no fault.

    Args:
        record: of the run.
        division: the open one asks for no accuracy.
    """
    return [*_reasons(record), *(_of_accuracy(record) if division == "closed" else ())]


def reasons(record: Recorded) -> str:
    """The reasons as one text; empty for a run without fault, and for one that follows no round at all."""
    return "; ".join(not_submittable(record)) if "round" in record.axes else ""


def mark(record: Recorded) -> str:
    """`not submittable: ...` for people; empty as `reasons` is."""
    return f"not submittable: {said}" if (said := reasons(record)) else ""


def _reasons(record: Recorded) -> Iterator[str]:
    if isinstance(record, ImportedRecord):
        yield "it was made elsewhere, so that nothing but its logs is known"
    yield from _of_round(record)
    yield from _of_length(record)
    if record.metrics.get("result_valid") is False:
        yield "LoadGen says INVALID"
    if record.metrics.get("audit_passed") is False:
        yield f"it failed {record.axes.get('audit', 'its audit')}"


def _of_round(record: Recorded) -> Iterator[str]:
    name, model = record.axes.get("round"), record.axes.get("model", "the recipe's")
    if name is None:
        yield "its recipe follows no round of MLPerf's"
        return
    if isinstance(record, RunRecord) and "weights" in record.replaced:
        yield f"its weights are {record.replaced['weights']}, of which nobody says what was done to them"
    if record.axes.get("backend") == "null":
        yield "the null backend answers nothing"
    taking = [item.name for item in ROUNDS.values() if model in item.benchmarks]
    if not taking:
        yield f"no rules for {model} are here"
    elif name not in ROUNDS:
        yield f"the rules of round {name} are not here; those of {', '.join(ROUNDS)} are"
    elif name not in taking:
        yield f"round {name} takes no {model}; {', '.join(taking)} do"
    else:
        yield from _of_data(record, ROUNDS[name].benchmarks[model])


def _of_data(record: Recorded, benchmark: Benchmark) -> Iterator[str]:
    dataset = record.axes.get("dataset")
    if dataset != benchmark.dataset:
        yield f"the data set is {dataset}, not all of it ({benchmark.dataset})"
    loaded = record.settings.get("performance_samples", 0)
    if 0 < loaded < benchmark.performance_samples:
        yield f"performance_samples is {loaded}, less than {benchmark.performance_samples}"
    performance = [step for step in record.steps if step.name == "performance"]
    pace = record.metrics.get("samples_per_second")
    if record.axes.get("scenario") == "Offline" and performance and isinstance(pace, float):
        most = int(pace * performance[0].seconds)
        if most < benchmark.offline_samples:
            yield f"Offline's query has at most {most} samples, less than {benchmark.offline_samples}"


def _of_accuracy(record: Recorded) -> Iterator[str]:
    """Over all of the data set; of a part it says nothing."""
    found = ROUNDS.get(record.axes.get("round", ""))
    benchmark = found.benchmarks.get(record.axes.get("model", "")) if found else None
    if benchmark is None or record.settings.get("count") or record.axes.get("dataset") != benchmark.dataset:
        return
    share = record.metrics.get(benchmark.metric)
    if isinstance(share, float) and share < benchmark.target:
        yield f"{benchmark.metric} {share:.4f} is below {benchmark.target:.4f}, which the open division alone takes"


def _of_length(record: Recorded) -> Iterator[str]:
    mode = record.axes.get("mode", "")
    if mode == "find-peak-performance":
        yield "it looks for the peak and measures nothing"
    if count := record.settings.get("count", 0):
        yield f"it looks at {count} samples only"
    duration = record.settings.get("min_duration_ms", LEAST_DURATION_MS)
    if mode in MEASURING and duration < LEAST_DURATION_MS:
        yield f"min_duration_ms is {duration}, less than {LEAST_DURATION_MS}"
