"""Which of a run's folders has which of LoadGen's logs: they say themselves what they are of."""

from dataclasses import dataclass
from pathlib import Path

from envmgr.model.errors import IntegrityError

SUMMARY = "mlperf_log_summary.txt"
DETAIL = "mlperf_log_detail.txt"
ANSWERS = "mlperf_log_accuracy.json"
TRACE = "mlperf_log_trace.json"
_LEAST_ACCURACY = 16
"""An accuracy log without an answer is two brackets."""


class UnreadableResultError(IntegrityError):
    """A file of a run, or of its data, is not what it ought to be."""

    def __init__(self, file: Path, why: str) -> None:
        self.file = file
        super().__init__(
            f"it can't be read: {why}", where=str(file), fix="envmgr runs verify says whether it was touched"
        )


@dataclass(frozen=True)
class Logs:
    """LoadGen's logs of a run, as far as there are any."""

    summary: str
    """Text of the summary of what was measured; empty where nothing was."""
    trace: Path | None
    """The trace of that measurement; None where LoadGen wrote none, or of a search, which is many tests."""
    accuracy: Path | None
    """The answers of an accuracy run."""


def read_logs(folder: Path) -> Logs:
    """Find the logs below a run's folder; a step `performance` goes before others that measured, such as an audit."""
    found = sorted(folder.rglob(SUMMARY), key=lambda file: (file.parent.name != "performance", file))
    texts = {file.parent: file.read_text(errors="replace") for file in found}
    measured = next((place for place, text in texts.items() if is_measurement(text)), None)
    trace = measured / TRACE if measured and _mode(texts[measured]) == "PerformanceOnly" else None
    answers = [file for file in sorted(folder.rglob(ANSWERS)) if not is_measurement(texts.get(file.parent, ""))]
    return Logs(
        summary=texts[measured] if measured else "",
        trace=trace if trace and trace.is_file() and trace.stat().st_size else None,
        accuracy=next((file for file in answers if file.stat().st_size >= _LEAST_ACCURACY), None),
    )


def is_measurement(summary: str) -> bool:
    """Whether a summary is of a performance run, or of a search for the peak."""
    return _mode(summary) in {"PerformanceOnly", "FindPeakPerformance"}


def _mode(summary: str) -> str:
    lines = (line.partition(":") for line in summary.splitlines())
    return next((value.strip() for words, _, value in lines if words.strip() == "Mode"), "")
