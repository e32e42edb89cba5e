"""Options that several commands share."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from envmgr.builders.policy import Policy
from envmgr.cli.project import NoCheckoutError, Project
from envmgr.model.errors import UsageError

if TYPE_CHECKING:
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


def set_option() -> Decorator:
    """`--set AXIS=VALUE`, as often as wanted; the command gets `axes`, a dictionary."""
    return click.option(
        "--set", "axes", multiple=True, metavar="AXIS=VALUE", callback=_axes, help="Choose the value of an axis."
    )


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


def work_options() -> Decorator:
    """How to work: jobs, offline, sandbox, limits."""
    options = (
        click.option("-j", "--jobs", type=click.IntRange(min=1), help="Builds at a time; by default one a core."),
        click.option(
            "--offline",
            is_flag=True,
            help="Use no network: what is neither in the store nor in a folder is an error.",
        ),
        click.option(
            "--sandbox",
            type=click.Choice(get_args(Policy)),
            default="preferred",
            show_default=True,
            help="How builds are held: in a full sandbox or not at all; as well as this host allows; by Landlock; "
            "or by nothing.",
        ),
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
    chosen: dict[str, str] = {}
    for text in values:
        axis, equals, value = text.partition("=")
        if not equals or not axis or not value:
            raise UsageError(f"--set {text}: an axis and its value are asked for", fix="--set AXIS=VALUE")
        if chosen.setdefault(axis, value) != value:
            raise UsageError(f"--set {axis}: two values, {chosen[axis]!r} and {value!r}", fix="set an axis once")
    return chosen
