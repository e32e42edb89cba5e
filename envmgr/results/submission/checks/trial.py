"""Trees that were made with --short say so of themselves, and are refused for that alone."""

from collections.abc import Iterator

from envmgr.results.submission.breach import Breach
from envmgr.results.submission.submitted import Submitter

TRIAL = "**NOT SUBMITTABLE**"
"""How every README of such a tree begins."""


def check_trial(submitter: Submitter) -> Iterator[Breach]:
    """Its READMEs."""
    for file in sorted(submitter.folder.rglob("README.md")):
        if not file.is_file():
            continue
        with file.open(encoding="utf-8", errors="replace") as text:
            if text.read(len(TRIAL)) == TRIAL:
                yield submitter.breach(
                    "trial", file, "it was made with --short: a trial", "make it of runs by the rules, without --short"
                )
