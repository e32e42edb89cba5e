"""Two who work on one checkout, and a binary cache between them."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.functional.conftest import Checkout, empty_checkout
from tests.loopback import Origin, Reply


@dataclass(frozen=True)
class Team:
    """Alice has pushed `user`, which needs `tool` to be built and refers to `base`, and has locked it."""

    alice: Checkout
    bob: Checkout
    cache: Path
    key: str
    """Alice's public key."""

    @classmethod
    def make(cls, folder: Path) -> Self:
        """Build all of it in an empty folder."""
        checkout = empty_checkout(folder)
        checkout.script("tool", 'echo tool > "{out}/file"')
        checkout.script("base", 'echo base > "{out}/file"')
        checkout.script(
            "user",
            'base="{base}"; echo "../${base##*/}/file" > "{out}/refers"',
            'read -r line < "{tool}/file"; echo "$line" > "{out}/copy"',
            head="[inputs]\nbase = 'base'\ntool = 'tool'",
        )
        alice = checkout.of_user("alice")
        key = alice("cache", "keygen", "alice-1").stdout.strip()
        alice("cache", "push", str(folder / "cache"), "user")
        alice("lock", "user")
        return cls(alice, checkout.of_user("bob"), folder / "cache", key)

    def copy(self, folder: Path) -> Self:
        """The same in another folder, which is made."""
        shutil.copytree(self.alice.top.parent, folder, symlinks=True)
        checkout = Checkout(folder / "checkout", folder / "store", self.alice.environ)
        return type(self)(checkout.of_user("alice"), checkout.of_user("bob"), folder / "cache", self.key)

    def trusting(self, url: str = "") -> Checkout:
        """Bob, who uses the cache (at this address) and trusts Alice."""
        name, _, key = self.key.partition(":")
        config = Path(self.bob.environ["HOME"]) / ".config" / "envmgr" / "caches.toml"
        config.parent.mkdir(parents=True)
        cache = f'[cache.team]\nurl = "{url or self.cache}"\ntimeout = 1\n'
        config.write_text(f'{cache}[trusted]\n"{name}" = "{key}"\n')
        return self.bob

    def file(self, kind: str, name: str) -> str:
        """The name of an object's file in the cache: its record, manifest or contents."""
        (record,) = (self.cache / "objects").glob(f"*-{name}-1.json")
        if kind == "objects":
            return f"objects/{record.name}"
        manifest = record.read_text().partition('"manifest":"sha256:')[2][:64]
        return f"{kind}/{manifest}.zst"

    def serve(self, origin: Origin) -> Checkout:
        """Bob, who trusts Alice and uses what the origin serves of the cache."""
        for file in self.cache.rglob("*"):
            if file.is_file():
                origin.serve(f"/{file.relative_to(self.cache)}", Reply(file.read_bytes()))
        return self.trusting(origin.url)


def names(paths: list[str]) -> list[str]:
    """Store paths without their 32 characters and the version."""
    return [path[33:].rpartition("-")[0] for path in paths]
