"""MLPerf's checker, as a process: what is read from it, and what becomes of one that never ends."""

import sys
from pathlib import Path

import pytest

from envmgr.results.submission.checker import EndlessCheckerError, Verdict, ask
from envmgr.results.submission.rounds import ROUNDS


def verdict(folder: Path, program: str, seconds: float = 60) -> Verdict:
    checker = folder / "submission_checker.py"
    checker.write_text(program)
    (folder / "log_parser.py").touch()
    of = ROUNDS["v5.1"]
    return ask(checker, folder, of, python=sys.executable, environ={}, scratch=folder, seconds=seconds)


def test_errors_are_read_in_both_forms_of_its_lines(tmp_path: Path) -> None:
    lines = ("[2026-11-26 03:49:44,667 main.py:31 ERROR] box is bad", "ERROR:main:no results", "INFO:main:box is well")
    said = verdict(tmp_path, f"import sys\nprint({chr(10).join(lines)!r})\nsys.exit(1)\n")
    assert (said.exit_code, said.errors, said.passed) == (1, ("box is bad", "no results"), False)


def test_a_byte_that_is_no_text_does_not_hide_the_rest(tmp_path: Path) -> None:
    said = verdict(tmp_path, "import sys\nsys.stdout.buffer.write(b'\\xff\\nERROR:main:bad\\n')\n")
    assert (said.passed, said.errors) == (True, ("bad",))


def test_a_checker_that_never_ends_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(EndlessCheckerError):
        verdict(tmp_path, "import signal\nsignal.pause()\n", seconds=0.2)
