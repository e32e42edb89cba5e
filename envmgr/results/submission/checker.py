"""MLPerf's own submission checker, as the user has it: started on a tree, its verdict read. Nothing of it is here.

It has two forms: one file with `log_parser.py` beside it (up to v5.1), and a package, `submission_checker/`.
"""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.model.errors import SubmissionError, UsageError
from envmgr.results.submission.rounds import Round

LONGEST_SECONDS = 600
_ERROR = re.compile(r"\bERROR\b[\]:\s]*(?:[\w.]+:)?\s*(?P<said>.*)")


class NoCheckerError(UsageError):
    """What was named is no submission checker."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            "this is no submission checker of MLPerf's",
            where=str(path),
            fix="name tools/submission/submission_checker.py, or the folder tools/submission/submission_checker, of the"
            " round's branch of mlcommons/inference",
        )


class EndlessCheckerError(SubmissionError):
    """The checker came to no verdict."""

    def __init__(self, checker: Path, seconds: float) -> None:
        self.checker, self.seconds = checker, seconds
        super().__init__(
            f"MLPerf's checker had not ended after {seconds:.0f} s", where=str(checker), fix="start it by hand"
        )


@dataclass(frozen=True)
class Verdict:
    """What the checker came to."""

    exit_code: int
    errors: tuple[str, ...]
    """What it called errors, in its words; it may have some and pass all the same."""

    @property
    def passed(self) -> bool:
        """Whether it lets the tree pass."""
        return self.exit_code == 0


def is_package(checker: Path) -> bool:
    """Whether it is the package, which needs more than Python's standard library.

    Raises:
        NoCheckerError: it is neither form.
    """
    if (checker / "main.py").is_file():
        return True
    if checker.is_file() and checker.suffix == ".py" and (checker.parent / "log_parser.py").is_file():
        return False
    raise NoCheckerError(checker)


def ask(
    checker: Path,
    tree: Path,
    of: Round,
    *,
    python: str,
    environ: Mapping[str, str],
    scratch: Path,
    seconds: float = LONGEST_SECONDS,
) -> Verdict:
    """Start the checker and wait for its verdict.

    Args:
        checker: the file or the folder.
        tree: what is to be checked.
        of: the round by whose rules.
        python: the interpreter.
        environ: its variables; where the checker is a package they lead to what that needs.
        scratch: an empty folder for what it writes.
        seconds: how long it may take.

    Raises:
        NoCheckerError: there is no checker at that path.
        EndlessCheckerError: it took longer.
    """
    package = is_package(checker)
    where = checker.resolve()
    program = ["-m", f"{where.name}.main"] if package else [str(where)]
    paths = [str(where.parent)] if package else []
    paths += filter(None, [environ.get("PYTHONPATH", "")])
    given = ["--input", str(tree.resolve()), "--version", of.name, "--csv", str(scratch / "summary.csv")]
    try:
        done = subprocess.run(
            [python, *program, *given],
            cwd=scratch,
            env={**environ, "PYTHONPATH": ":".join(paths), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise EndlessCheckerError(checker, seconds) from error
    return Verdict(done.returncode, _errors(done.returncode, done.stdout, tree))


def _errors(code: int, said: str, tree: Path) -> tuple[str, ...]:
    """The lines that it calls errors; of one that broke down the last line, too."""
    lines = said.splitlines()
    found = [match["said"].replace(f"{tree.resolve()}/", "") for line in lines if (match := _ERROR.search(line))]
    if code != 0 and any(line.startswith("Traceback ") for line in lines):
        found.append(f"it broke down: {lines[-1]}")
    return tuple(found)
