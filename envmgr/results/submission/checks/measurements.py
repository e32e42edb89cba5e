"""What was measured and with what: its file, its settings, the code, the calibration."""

from collections.abc import Iterator
from pathlib import Path

from envmgr.results.submission.breach import Breach
from envmgr.results.submission.submitted import Result, Submitter, files, read_object

KEYS = (
    "input_data_types", "retraining", "starting_weights_filename", "weight_data_types", "weight_transformations",
)  # fmt: skip
SETTINGS = ("user.conf", "README.md")
CALIBRATION = "calibration.md"


def check_calibration(submitter: Submitter) -> Iterator[Breach]:
    """The closed division says how it came to its numbers' types."""
    places = [submitter.folder / CALIBRATION, submitter.folder / "documentation" / CALIBRATION]
    if submitter.division == "closed" and not any(map(_says_something, places)):
        yield submitter.breach(
            "measurements.calibration", places[0], "there is no word on calibration", "say what was calibrated, or none"
        )


def check_measurements(result: Result) -> Iterator[Breach]:
    """What stands beside the results of a scenario."""
    yield from _file(result)
    folder = result.at(result.round.layout.settings)
    for name in SETTINGS:
        if not _says_something(folder / name):
            yield result.breach("measurements.files", folder / name, "it is missing, or empty", "add it")
    code = result.at(result.round.layout.code)
    if not any(_says_something(code / name) for name in files(code)):
        yield result.breach("measurements.code", code, "there is no code of this model", "add what it was made with")


def _file(result: Result) -> Iterator[Breach]:
    usual = result.at(result.round.layout.measurements)
    others = sorted(usual.parent.glob(f"{result.system}*.json"))  # up to v5.1 an implementation may be in its name
    file = usual if usual.is_file() or not others else others[0]
    said = read_object(file)
    if said is None:
        yield result.breach("measurements.file", file, "it is missing, or no JSON object", "add it")
        return
    for key in KEYS:
        if not said.get(key):
            yield result.breach("measurements.keys", file, f"nothing is said of {key}", "say it")


def _says_something(file: Path) -> bool:
    return file.is_file() and bool(file.read_bytes().strip())
