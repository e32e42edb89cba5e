"""LoadGen's accuracy log, read answer by answer: a whole one may be larger than the memory."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO


class LogError(Exception):
    """The accuracy log contradicts LoadGen's form, the dataset or itself."""


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
    with log.open(encoding="utf-8", errors="replace") as file:
        for line, entry in _entries(file):
            match entry:
                case {"qsl_idx": int(sample), "data": str(data)} if sample >= 0:
                    pass
                case _:
                    raise LogError(f"line {line}: an answer has a qsl_idx, which is a number, and data, which is text")
            if sample >= samples:
                raise LogError(f"line {line}: sample {sample}: the dataset has only {samples}")
            if not answered[sample]:
                answered[sample] = 1
                yield LoggedAnswer(sample, data)
    if not any(answered):
        raise LogError("it answers nothing")


def _entries(file: TextIO) -> Iterator[tuple[int, Any]]:
    """Yield the entries of the log with the numbers of their lines."""
    lines = enumerate(map(str.strip, file), 1)
    if next(lines, (1, ""))[1] != "[":
        raise LogError("line 1: LoadGen's accuracy log begins with a line of [ alone")
    for number, line in lines:
        if line == "]":
            break
        try:
            yield number, json.loads(line.removesuffix(","))
        except ValueError as error:
            raise LogError(f"line {number}: no answer as LoadGen logs it: {error}") from error
    else:
        raise LogError("the closing ] is missing: the run was cut off, or the log was")
    if any(line for _, line in lines):
        raise LogError("something follows after the closing ]")
