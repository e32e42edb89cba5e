"""A broken rule of a round: where, why, and what would mend it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Breach:
    """One broken rule; a tree with any is refused."""

    rule: str
    """Its name, such as `performance.seeds`."""
    file: str
    """Where it was broken, by path below the tree."""
    reason: str
    fix: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.file}: {self.reason}\n  fix: {self.fix}"
