"""What is wrong with a run that went to its end, as its exit code says."""

from pathlib import Path

from envmgr.model.errors import AccuracyError, EnvmgrError, InvalidResultError
from envmgr.model.run_record import RunRecord


def verdict(record: RunRecord, folder: Path) -> EnvmgrError | None:
    """The bad news of a run; None where there is none. `folder` is the run's own."""
    if record.exit_code == InvalidResultError.exit_code:
        return InvalidResultError(
            "LoadGen says INVALID: the run is no measurement",
            where=str(folder),
            fix="mlperf_log_summary.txt says which rule was broken",
        )
    if record.exit_code == AccuracyError.exit_code:
        asked = ", ".join(
            f"{name} {record.metrics[name]} (at least {least})"
            for name, least in record.targets.items()
            if float(record.metrics.get(name, least)) < least
        )
        return AccuracyError(
            f"below the recipe's target: {asked}",
            where=str(folder),
            fix="hold it against an earlier run: envmgr runs list",
        )
    return None
