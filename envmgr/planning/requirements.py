"""Holds a host against what the recipes of a plan require of whoever runs them."""

from dataclasses import dataclass

from envmgr.model.axis import holds
from envmgr.model.errors import HostError
from envmgr.model.host import HostFacts
from envmgr.model.node import Node
from envmgr.model.recipe import When

DRIVER = "cuda."
"""How the names of facts begin that NVIDIA's driver tells."""
WORDS = {"cuda.driver": "an NVIDIA driver", "cuda.devices": "GPUs of NVIDIA's"}


@dataclass(frozen=True)
class Lack:
    """A fact that is not as a recipe requires."""

    recipe: str
    fact: str
    wanted: object
    found: object

    def __str__(self) -> str:
        wanted = " or ".join(map(str, self.wanted)) if isinstance(self.wanted, tuple) else self.wanted
        return (
            f"{WORDS.get(self.fact, self.fact)} ({self.fact}) {wanted} for {self.recipe}, found {self.found or 'none'}"
        )


class HostLacksError(HostError):
    """The host is not what the recipes of a run require; nothing was started."""

    def __init__(self, name: str, lacks: list[Lack]) -> None:
        self.name, self.lacks = name, lacks
        super().__init__(
            f"{name} can't run on this host, which lacks: {'; '.join(map(str, lacks))}",
            fix=f"run it where `envmgr probe` shows that; `envmgr realize {name}` with the same --set works here, too",
        )


def require(node: Node, facts: HostFacts) -> None:
    """Return if the host is of the plan's system, and what every recipe of it requires.

    Raises:
        HostLacksError: it is not.
    """
    asked: list[tuple[Node, When]] = [(node, {"system": node.derivation.system})]
    asked += [(item, item.requires) for item in node.walk()]
    lacks = [
        Lack(item.derivation.label, fact, wanted, facts.fact(fact))
        for item, requires in asked
        for fact, wanted in requires.items()
        if not holds({fact: wanted}, facts.fact)
    ]
    if lacks:
        raise HostLacksError(node.recipe, lacks)


def needs_driver(node: Node) -> bool:
    """Whether a recipe of the plan requires something of NVIDIA's driver, and so uses it."""
    return any(fact.startswith(DRIVER) for item in node.walk() for fact in item.requires)
