"""What is at the bottom of a difference, in words."""

from collections.abc import Iterator

from envmgr.explain.causes import Cause

SHOWN_FILES = 20


def cause_words(cause: Cause) -> Iterator[str]:
    """A derivation that differs by itself: which, in which fields, and the lines."""
    way = " > ".join(cause.way)
    yield f"because of {way}, which is {cause.label}:" if way else "because of its own text:"
    if cause.text is None:
        yield "  the text of what was realised is no longer there"
        return
    yield from (f"  {field}" for field in cause.fields)
    if cause.files:
        yield "  the files:"
        yield from (f"    {line}" for entry in cause.files[:SHOWN_FILES] for line in str(entry).split("\n"))
        if len(cause.files) > SHOWN_FILES:
            yield f"    and {len(cause.files) - SHOWN_FILES} more, which --json lists"
    else:
        yield from (f"    {line}" for line in str(cause.text).split("\n"))
