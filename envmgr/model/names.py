"""Names that people type: the nearest known one for a misspelt one."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest to a misspelt one; None where none is near."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)
