"""What happens while a command works, as values: the live view, the plain lines and the JSON stream all read these."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["planned", "started", "waiting", "progressed", "finished", "failed", "said", "warned"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `subject` is a derivation's label, a store path or a step's name; `activity` says what is being done to it (fetch,
    build, copy, push, run, hash). `done` and `total` are bytes. `text` is a message or a line of output: a `said` one
    is some program's, a `warned` one is ours, and people should see it.
    """

    kind: Kind
    subject: str
    activity: str = ""
    text: str = ""
    done: int = 0
    total: int | None = None
    seconds: float = 0.0
    log: Path | None = field(default=None, compare=False)
