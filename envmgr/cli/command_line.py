"""The command line as a whole: the commands, loaded on use, and what becomes of their errors."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from envmgr import __version__
from envmgr.cli.answer import print_error
from envmgr.cli.lazy_group import LazyGroup
from envmgr.cli.project import Project
from envmgr.model.errors import INTERRUPTED, EnvmgrError, UsageError
from envmgr.store.durable import disk_fault

COMMANDS: Mapping[str, str] = {
    "bisect": "What moved a number between two runs.",
    "dashboard": "All runs as a folder of pages.",
    "detach": "Copy objects that lie in other stores.",
    "diff": "How two runs, objects, closures or lockfiles differ.",
    "cache": "Binary caches: what is copied instead of being built.",
    "doctor": "What this host offers, and what would mend what it lacks.",
    "env": "The variables of an environment, for a shell to read.",
    "exec": "Start a command in the environment of a recipe.",
    "export": "A closure as one file, for machines without network.",
    "gc": "Delete what no root keeps.",
    "graph": "The inputs of a recipe, as a picture.",
    "import": "Take in what `export` wrote.",
    "import-cm": "A command of CM's or MLCFlow's as one of envmgr's.",
    "init": "Begin a project of your own.",
    "list": "The recipes.",
    "lock": "Pin what is built, from what, and what must come of it.",
    "log": "The log of the last build of a recipe.",
    "optimise": "Let equal files take their bytes once.",
    "probe": "The facts of this host.",
    "provenance": "A signed statement of where something comes from.",
    "publish": "Runs told to Weights & Biases, MLflow, or a folder.",
    "realize": "Have it, copy it, or build it; prints the path.",
    "recipe": "Recipes of your own: new, check, fmt.",
    "report": "Runs as one page that needs nothing else.",
    "root": "What is kept, and why.",
    "run": "Run a benchmark and record it.",
    "runs": "The recorded runs.",
    "sbom": "What a closure is made of, and under which licences.",
    "schema": "JSON schemas of recipes, records and answers.",
    "shell": "Start a shell in the environment of a recipe.",
    "show": "A recipe, a store path or a run in full.",
    "size": "What an object and its closure weigh.",
    "slo": "Find the highest rate at which a server keeps its latency bound.",
    "submission": "From recorded runs to what MLPerf takes.",
    "sweep": "Measure every combination of axes and settings.",
    "verify": "Hold every byte of the store against its manifest.",
    "why-depends": "What holds two objects together.",
    "why-rebuild": "Why a recipe would be built again.",
}


@click.command(
    cls=LazyGroup,
    lines=COMMANDS,
    module="envmgr.cli.{}_command",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.option("--store", type=click.Path(path_type=Path), help="The store (else $ENVMGR_STORE, else the checkout's).")
@click.option(
    "--below",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A store that is read where the own one lacks something (else $ENVMGR_BELOW, else the configuration's).",
)
@click.option("--recipes", type=click.Path(path_type=Path, exists=True), help="The folder of the recipes.")
@click.version_option(__version__, message="%(version)s")
@click.pass_context
def envmgr(context: click.Context, store: Path | None, below: tuple[Path, ...], recipes: Path | None) -> None:
    """Hermetic builds and environments for machine-learning benchmarks."""
    context.obj = Project(recipes_option=recipes, store_option=store, below_option=below)
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run the command line; its exit code. Errors are printed here, and nowhere else."""
    as_json = any(argument.startswith("--json") for argument in arguments)
    try:
        envmgr.main(args=[*_spelled_out(arguments)], prog_name="envmgr", standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        print_error(_named(arguments), _usage(error), as_json=as_json)
        return UsageError.exit_code
    except EnvmgrError as error:
        print_error(_named(arguments), error, as_json=as_json)
        return error.exit_code
    except OSError as error:
        if (fault := disk_fault(error)) is None:
            raise
        print_error(_named(arguments), fault, as_json=as_json)
        return fault.exit_code
    except (KeyboardInterrupt, click.Abort):
        print_error(_named(arguments), InterruptedByUserError(), as_json=as_json)
        return INTERRUPTED
    return 0


def _spelled_out(arguments: Sequence[str]) -> Iterator[str]:
    """`--json=stream` as the two flags that it is: click knows no flag with an optional value."""
    for argument in arguments:
        yield from ("--json", "--stream") if argument == "--json=stream" else (argument,)


def _named(arguments: Sequence[str]) -> str:
    """The command that the arguments name, its words joined by dashes; `envmgr` where they name none."""
    words: list[str] = []
    command: click.Command = envmgr
    for argument in arguments:
        found = command.get_command(click.Context(command), argument) if isinstance(command, click.Group) else None
        if found is not None:
            words.append(argument)
            command = found
    return "-".join(words) or "envmgr"


class InterruptedByUserError(EnvmgrError):
    """SIGINT ended the command."""

    exit_code = INTERRUPTED

    def __init__(self) -> None:
        super().__init__("interrupted; nothing is half done", fix="the same command goes on where this one stopped")


def _usage(error: click.ClickException) -> UsageError:
    fix = "see `envmgr --help`"
    if isinstance(error, click.UsageError) and error.ctx is not None:
        fix = f"see `{error.ctx.command_path} --help`"
    return UsageError(error.format_message(), fix=fix)
