"""Accuracy logs as LoadGen writes them."""

import json
from collections.abc import Iterable
from pathlib import Path


def write_log(path: Path, answers: Iterable[tuple[int, bytes]]) -> None:
    """Write what was answered to samples, in this order: a line an answer."""
    entries = [
        json.dumps({"seq_id": number, "qsl_idx": sample, "data": data.hex().upper()})
        for number, (sample, data) in enumerate(answers)
    ]
    path.write_text("[" + ",".join(f"\n{entry}" for entry in entries) + "\n]\n", encoding="utf-8")
