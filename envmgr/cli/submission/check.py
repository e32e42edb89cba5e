"""`envmgr submission check`: hold a tree against every rule of a round."""

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.options import work_options
from envmgr.cli.project import Project
from envmgr.cli.submission.judged import RefusedTreeError, judged, listed
from envmgr.model.errors import EnvmgrError, SubmissionError
from envmgr.results.submission.breach import Breach
from envmgr.results.submission.checker import Verdict, ask, is_package
from envmgr.results.submission.rounds import Round, round_of

RECIPE = "python-submission-checker"
"""What the checker needs where it is a package."""


class Checked(TypedDict):
    """What the round refuses of the tree, and what MLPerf's checker says, where it was asked."""

    tree: Path
    round: str
    breaches: list[Breach]
    checker: Verdict | None


class RefusedByCheckerError(SubmissionError):
    """MLPerf's checker refuses a tree in which no rule here is broken."""

    def __init__(self, tree: Path, verdict: Verdict) -> None:
        self.tree, self.verdict = tree, verdict
        said = "; ".join(verdict.errors) or f"exit code {verdict.exit_code}"
        super().__init__(
            f"MLPerf's checker refuses this tree: {said}", where=str(tree), fix="it is the judge: mend that"
        )


@click.command("check")
@click.argument("tree", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--round", "round_name", default="5.1", show_default=True)
@click.option(
    "--checker",
    type=click.Path(path_type=Path, exists=True),
    help="MLPerf's checker, to be asked as well: submission_checker.py, or the folder submission_checker.",
)
@work_options()
@click.pass_obj
@answers("submission-check")
def command(
    project: Project,
    /,
    *,
    tree: Path,
    round_name: str,
    checker: Path | None,
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Checked]:
    """Hold a tree against every rule of a round, and say of each broken one where, why, and what would mend it.

    With --checker, MLPerf's own one is started on the tree too, and both verdicts are shown.
    """
    of = round_of(round_name)
    breaches = judged(tree, of)
    verdict = _asked(project, checker, tree, of, work) if checker else None
    lines = [listed(breaches)] if breaches else []
    lines.append(f"envmgr: {_word(passed=not breaches)} by the rules of {of.name}")
    lines += _compared(breaches, verdict)
    return Answer(
        {"tree": tree, "round": of.name, "breaches": breaches, "checker": verdict},
        "\n".join(lines),
        failure=_failure(tree, of, breaches, verdict),
    )


def _asked(project: Project, checker: Path, tree: Path, of: Round, work: dict[str, Any]) -> Verdict:
    """The checker's verdict; what the package needs is a recipe's, as everything that runs here."""
    environ = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ} | {"LANG": "C.UTF-8"}
    python = sys.executable
    if is_package(checker):
        from envmgr.cli.environ import environment_of

        _, found = environment_of(project, [RECIPE], axes={}, lock=None, work=work, lasting=False)
        environ = found.over(environ)
        python = shutil.which("python3", path=environ["PATH"]) or python
    with TemporaryDirectory(prefix="envmgr-checker-") as scratch:
        return ask(checker, tree, of, python=python, environ=environ, scratch=Path(scratch))


def _compared(breaches: list[Breach], verdict: Verdict | None) -> list[str]:
    if verdict is None:
        return []
    lines = [f"  {said}" for said in verdict.errors]
    lines.append(f"MLPerf's checker: {_word(passed=verdict.passed)} (exit code {verdict.exit_code})")
    if verdict.passed and breaches:
        lines.append("they differ: the checker lets pass what the rules above refuse")
    elif breaches == [] and not verdict.passed:
        lines.append("they differ: the checker refuses what no rule here does, and it is the judge")
    return lines


def _word(*, passed: bool) -> str:
    return "it may be submitted" if passed else "refused"


def _failure(tree: Path, of: Round, breaches: list[Breach], verdict: Verdict | None) -> EnvmgrError | None:
    if breaches:
        return RefusedTreeError(tree, of.name, breaches)
    return RefusedByCheckerError(tree, verdict) if verdict and not verdict.passed else None
