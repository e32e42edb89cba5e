"""`envmgr why-depends`: what holds two objects together."""

from collections.abc import Iterator

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.operand import NotRealisedError, objects, planned, store_path, within
from envmgr.cli.options import complete_recipe, set_option
from envmgr.cli.project import Project
from envmgr.explain.dependence import Edge, Use, built_with, edges_between
from envmgr.model.store_path import StorePath
from envmgr.store.store import Store

SHOWN_MENTIONS = 5


class Dependence(TypedDict):
    """Whether an object depends on another one, by which references, and where these were found."""

    depends: bool
    """Whether the bytes of A, or of what A refers to, name B. What is the same object depends on itself."""
    referrers: list[StorePath]
    """A; of a run, the objects of its inputs."""
    references: list[StorePath]
    """B; several where its derivation came to several objects."""
    edges: list[Edge]
    """Every reference on the ways from A to B, the nearest to A first."""
    built_with: list[Use]
    """Where A does not depend on B: the way by which B was an input of A's build, or of its inputs' builds."""


@click.command("why-depends")
@click.argument("referrer", metavar="A", shell_complete=complete_recipe)
@click.argument("reference", metavar="B", shell_complete=complete_recipe)
@set_option()
@click.pass_obj
@answers("why-depends")
def command(project: Project, /, *, referrer: str, reference: str, axes: dict[str, str]) -> Answer[Dependence]:
    """Show every reference on the ways from A to B, and the files that hold it.

    A and B are store paths or recipes; B may also be a source of A, by its name. Exit code 0 whether it depends or
    not: the answer says so.
    """
    store = project.store(read_only=True)
    starts = objects(project, store, referrer, axes)
    ends = _ends(project, store, referrer, reference, axes)
    edges = edges_between(store, starts, ends)
    depends = bool(edges or set(starts) & set(ends))
    data: Dependence = {
        "depends": depends,
        "referrers": starts,
        "references": ends,
        "edges": edges,
        "built_with": [] if depends else built_with(store, starts, ends),
    }
    return Answer(data, "\n".join(_words(referrer, reference, data)))


def _ends(project: Project, store: Store, referrer: str, reference: str, axes: dict[str, str]) -> list[StorePath]:
    """B as A's plan has it, with the axes that flow down to it; else by itself."""
    if store_path(reference) is None and store_path(referrer) is None:
        nodes = within(planned(project, referrer, axes), reference)
        found = {item.store_path for node in nodes for item in store.realisations_of(node.digest)}
        if nodes and not found:
            raise NotRealisedError(reference)
        if found:
            return sorted(found)
    return objects(project, store, reference, axes if store_path(referrer) else {})


def _words(referrer: str, reference: str, data: Dependence) -> Iterator[str]:
    if data["edges"]:
        yield from _listed(data["edges"])
    elif data["depends"]:
        yield f"{referrer} and {reference} are one object: {data['references'][0]}"
    else:
        yield f"{referrer} does not depend on {reference}: nothing in its closure refers to it"
        way = data["built_with"]
        if way:
            roles = " -> ".join(f"{use.label} ({use.role})" for use in way)
            yield f"it was built with it, though: {roles} -> {reference}"
        else:
            yield "nor was it built with it, as far as this store has the derivations"


def _listed(edges: list[Edge]) -> Iterator[str]:
    above = None
    for edge in edges:
        if edge.referrer != above:
            yield str(edge.referrer)
        above = edge.referrer
        yield f"  refers to {edge.reference}"
        yield from (f"    {mention}" for mention in edge.mentions[:SHOWN_MENTIONS])
        more = len(edge.mentions) - SHOWN_MENTIONS
        if more > 0:
            yield f"    and {more} more, which --json lists"
        elif not edge.mentions:
            yield "    the index says so, and no file does: see `envmgr verify`"
