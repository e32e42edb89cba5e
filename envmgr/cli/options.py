"""Options that several commands share."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from envmgr.builders.policy import Policy
from envmgr.cli.project import NoCheckoutError, Project
from envmgr.model.derivation import SYSTEMS
from envmgr.model.errors import UsageError

if TYPE_CHECKING:
    from envmgr.planning.replacement import Replacement
    from envmgr.realize import Options

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def complete_recipe(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """For the shell: the recipes whose names begin so."""
    from envmgr.planning.catalog import Catalog

    try:
        folder = Project(recipes_option=context.find_root().params.get("recipes")).recipes
    except NoCheckoutError:
        return []
    return [name for name in Catalog(folder).names() if name.startswith(incomplete)]


def complete_run(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """For the shell: the runs whose ids begin so."""
    from envmgr.results.ledger import entries

    runs = Project(store_option=context.find_root().params.get("store")).store_root / "runs"
    return [entry.run for entry in entries(runs) if entry.run.startswith(incomplete)]


def set_option() -> Decorator:
    """`--set AXIS=VALUE`, as often as wanted; the command gets `axes`, a dictionary."""
    return click.option(
        "--set", "axes", multiple=True, metavar="AXIS=VALUE", callback=_axes, help="Choose the value of an axis."
    )


def system_option() -> Decorator:
    """`--system SYSTEM`: plan for another system than this host's; the command gets `system`, empty if not given."""
    return click.option(
        "--system",
        type=click.Choice(SYSTEMS),
        callback=lambda _context, _option, value: value or "",
        help="Plan for this system instead of this host's.",
    )


def with_option() -> Decorator:
    """`--with INPUT=RECIPE[@VERSION]`, as often as wanted; the command gets `replacements`, by role."""
    return click.option(
        "--with",
        "replacements",
        multiple=True,
        metavar="INPUT=RECIPE[@VERSION]",
        callback=_replacements,
        help="Take another recipe for an input, wherever in the plan it stands.",
    )


def env_option() -> Decorator:
    """`--env NAME=VALUE`, as often as wanted; the command gets `environment`, a dictionary."""
    return click.option(
        "--env",
        "environment",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_environment,
        help="Set a variable for the steps' processes; it is recorded with the run.",
    )


def versus_option() -> Decorator:
    """`--versus AXIS=VALUE[,AXIS=VALUE...]`, as often as wanted; the command gets `versus`, a list of dictionaries."""
    return click.option(
        "--versus",
        multiple=True,
        metavar="AXIS=VALUE[,AXIS=VALUE...]",
        callback=_versus,
        help="Measure the same with these set as well, in turns; settings will do, too.",
    )


def series_options(*, rounds: int | None = None, warmups: int | None = None) -> Decorator:
    """`--repeat`, `--warm-up` and `--resume`: how a series is measured; the defaults are the command's."""
    options = (
        click.option(
            "--repeat",
            type=click.IntRange(min=1),
            default=rounds,
            metavar="N",
            help="Rounds in which each is measured.",
        ),
        click.option(
            "--warm-up",
            type=click.IntRange(min=0),
            default=warmups,
            metavar="K",
            help="Rounds before, which don't count.",
        ),
        resume_option(),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def resume_option() -> Decorator:
    """`--resume SERIES`: the beginning of the id of a series to go on with."""
    return click.option("--resume", metavar="SERIES", help="Go on with a series: what is recorded is not repeated.")


def lock_option() -> Decorator:
    """`--lock FILE`: refuse what the lockfile does not pin."""
    return click.option(
        "--lock", type=click.Path(path_type=Path), help="Refuse anything that this lockfile does not pin."
    )


def pure_option() -> Decorator:
    """`--pure`: nothing of the caller's environment but what nobody can do without."""
    return click.option(
        "--pure", is_flag=True, help="Forget the caller's environment, but for HOME, TERM and the like."
    )


def sandbox_option() -> Decorator:
    """`--sandbox POLICY`: how what is run is held."""
    return click.option(
        "--sandbox",
        type=click.Choice(get_args(Policy)),
        default="preferred",
        show_default=True,
        help="How builds are held: in a full sandbox or not at all; as well as this host allows; by Landlock; "
        "or by nothing.",
    )


def work_options() -> Decorator:
    """How to work: jobs, offline, sandbox, limits."""
    options = (
        click.option("-j", "--jobs", type=click.IntRange(min=1), help="Builds at a time; by default one a core."),
        click.option(
            "--offline",
            is_flag=True,
            help="Use no network: what is neither in the store nor in a folder is an error.",
        ),
        sandbox_option(),
        click.option("--no-caches", is_flag=True, help="Copy nothing from binary caches."),
        click.option("--stream", is_flag=True, help="With --json: each event too, one object a line (--json=stream)."),
        click.option(
            "--time-limit", type=click.FloatRange(min=1), default=3600.0, help="Seconds that one build may take."
        ),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def realize_options(work: Mapping[str, Any]) -> "Options":
    """The shared options as the realizer's."""
    from envmgr.builders.builder import Limits
    from envmgr.realize import Options

    return Options(
        jobs=work["jobs"] or len(os.sched_getaffinity(0)),
        keep_going=work.get("keep_going", False),
        keep_failed=work.get("keep_failed", False),
        offline=work["offline"],
        limits=Limits(seconds=work["time_limit"]),
    )


def _axes(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    return _pairs("--set", "AXIS=VALUE", values)


def _versus(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> list[dict[str, str]]:
    return [_pairs("--versus", "AXIS=VALUE[,AXIS=VALUE...]", tuple(text.split(","))) for text in values]


def _environment(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    environment = _pairs("--env", "NAME=VALUE", values, may_be_empty=True)
    for name in environment:
        if not (name.isascii() and name.isidentifier()):
            raise UsageError(f"--env {name}: no name of a variable", fix="letters, digits and _")
    return environment


def _replacements(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> "dict[str, Replacement]":
    from envmgr.planning.replacement import Replacement

    replacements: dict[str, Replacement] = {}
    for role, text in _pairs("--with", "INPUT=RECIPE[@VERSION]", values).items():
        recipe, at, version = text.partition("@")
        if not recipe or (at and not version):
            raise UsageError(f"--with {role}={text}: a recipe is asked for", fix="--with INPUT=RECIPE[@VERSION]")
        replacements[role] = Replacement(recipe, version)
    return replacements


def _pairs(option: str, form: str, values: tuple[str, ...], *, may_be_empty: bool = False) -> dict[str, str]:
    """What stands before and after the `=` of each value; nothing is set twice."""
    chosen: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name or not (value or may_be_empty):
            raise UsageError(f"{option} {text}: {form} is asked for", fix=f"{option} {form}")
        if chosen.setdefault(name, value) != value:
            raise UsageError(f"{option} {name}: two values, {chosen[name]!r} and {value!r}", fix="set it once")
    return chosen
