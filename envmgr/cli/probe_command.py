"""`envmgr probe`: the facts of this host."""

import click

from envmgr.cli.answer import Answer, answers
from envmgr.model.host import HostFacts
from envmgr.planning.probe import probe


@click.command("probe")
@answers("probe")
def command() -> Answer[HostFacts]:
    """Show the facts that choose variants and that every run records."""
    facts = probe()
    lines = [f"{name:16} {_shown(facts.fact(name))}" for name in HostFacts.names()]
    return Answer(facts, "\n".join(lines))


def _shown(fact: str | int | tuple[str, ...]) -> str:
    return " ".join(fact) if isinstance(fact, tuple) else str(fact) or "none"
