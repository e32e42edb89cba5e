"""LoadGen's accuracy log, read answer by answer: a whole one may be larger than the memory."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from loadgen_harness.bad_file import BadFileError, reading


class LogError(BadFileError):
    """The accuracy log is missing, or contradicts LoadGen's form, the dataset or itself."""

    fix = (
        "run in mode accuracy or both again: LoadGen writes this log at the end; output.txt beside it says how it ended"
    )


class LoggedAnswer(NamedTuple):
    """What was answered to one sample."""

    sample: int
    """The sample's position in the dataset."""
    data: str
    """The bytes of the answer, in hexadecimal."""


def read_log(log: Path, samples: int) -> Iterator[LoggedAnswer]:
    """Yield the first answer to each sample, in the log's order: only the first one counts. Raises LogError.

    `samples` says how many the dataset has. An answer is a line of its own, as LoadGen writes it; a log without any is
    none.
    """
    answered = bytearray(samples)
    for answer in read_all(log, samples):
        if not answered[answer.sample]:
            answered[answer.sample] = 1
            yield answer
    if not any(answered):
        raise LogError(log, "it answers nothing")


def read_all(log: Path, samples: int | None = None) -> Iterator[LoggedAnswer]:
    """Yield every answer, a sample's later ones as well, in the log's order. Raises LogError.

    `samples` says how many the dataset has, where that is known.
    """
    with reading(log, LogError), log.open(encoding="utf-8", errors="replace") as file:
        for line, entry in _entries(log, file):
            match entry:
                case {"qsl_idx": int(sample)} if samples is not None and sample >= samples:
                    raise LogError(log, f"line {line}: sample {sample}: the dataset has only {samples}")
                case {"qsl_idx": int(sample), "data": str(data)} if sample >= 0:
                    yield LoggedAnswer(sample, data)
                case _:
                    what = "an answer has a qsl_idx, which is a number, and data, which is text"
                    raise LogError(log, f"line {line}: {what}")


def _entries(log: Path, file: TextIO) -> Iterator[tuple[int, Any]]:
    """Yield the entries of the log with the numbers of their lines."""
    lines = enumerate(map(str.strip, file), 1)
    if next(lines, (1, ""))[1] != "[":
        raise LogError(log, "line 1: LoadGen's accuracy log begins with a line of [ alone")
    for number, line in lines:
        if line == "]":
            break
        try:
            yield number, json.loads(line.removesuffix(","))
        except ValueError as error:
            raise LogError(log, f"line {number}: no answer as LoadGen logs it: {error}") from error
    else:
        raise LogError(log, "the closing ] is missing: the run was cut off, or the log was")
    if any(line for _, line in lines):
        raise LogError(log, "something follows after the closing ]")
