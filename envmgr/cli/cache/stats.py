"""`envmgr cache stats`: how much is in a cache."""

from collections import Counter

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.cache.named import cache
from envmgr.sharing import layout


class Statistics(TypedDict):
    """How much a cache holds, in files and bytes."""

    cache: str
    objects: int
    realisations: int
    """Derivations and resolved derivations that it answers."""
    size: int
    """Bytes of the objects, unpacked."""
    packed: int
    """Bytes of their contents, as they lie in the cache."""
    signed: dict[str, int]
    """Objects by the names of the keys that signed them."""
    unsigned: int
    """Objects that nobody has signed."""


@click.command("stats")
@click.argument("name", metavar="CACHE")
@answers("cache-stats")
def command(*, name: str) -> Answer[Statistics]:
    """Count what a cache in a folder or a bucket holds."""
    wanted = cache(name)
    wanted.introduce()
    found = list(wanted.records(wanted.paths()))
    signers = Counter(
        name for record in found for name in {key for made in record.realisations for key in made.signatures}
    )
    data: Statistics = {
        "cache": wanted.name,
        "objects": len(found),
        "realisations": len(wanted.transport.sizes(layout.REALISATIONS)),
        "size": sum(record.size for record in found),
        "packed": sum(wanted.transport.sizes(layout.CONTENTS).values()),
        "signed": dict(sorted(signers.items())),
        "unsigned": sum(not any(made.signatures for made in record.realisations) for record in found),
    }
    lines = [
        f"{data['objects']} objects, {data['realisations']} answers",
        f"{data['size'] / 1e6:.1f} MB, packed to {data['packed'] / 1e6:.1f} MB",
        *(f"{count} signed by {name}" for name, count in data["signed"].items()),
        f"{data['unsigned']} not signed",
    ]
    return Answer(data, "\n".join(lines))
