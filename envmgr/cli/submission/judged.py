"""What a preflight says, as people read it, and as an error where it refuses."""

from collections.abc import Sequence
from pathlib import Path

from envmgr.model.errors import SubmissionError, UsageError
from envmgr.results.submission.breach import Breach
from envmgr.results.submission.preflight import preflight
from envmgr.results.submission.rounds import Round


class RefusedTreeError(SubmissionError):
    """A tree breaks rules of its round."""

    def __init__(self, tree: Path, round_name: str, breaches: Sequence[Breach]) -> None:
        self.tree, self.round_name, self.breaches = tree, round_name, tuple(breaches)
        rules = ", ".join(dict.fromkeys(item.rule for item in breaches))
        super().__init__(
            f"{round_name} refuses this tree, for {len(breaches)} reasons: {rules}",
            where=str(tree),
            fix="each reason is listed with its fix",
        )


class NoTreeError(UsageError):
    """There is no tree at a place."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        super().__init__("there is no folder", where=str(tree), fix="envmgr submission create makes one")


def judged(tree: Path, of: Round) -> list[Breach]:
    """What the round refuses of a tree.

    Raises:
        NoTreeError: there is none.
    """
    if not tree.is_dir():
        raise NoTreeError(tree)
    return preflight(tree, of)


def listed(breaches: Sequence[Breach]) -> str:
    """Each with its rule, its file, its reason and its fix."""
    return "\n".join(map(str, breaches))
