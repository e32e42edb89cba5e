"""`envmgr cache`: binary caches, whom to trust, and what goes to and fro."""

import click

from envmgr.cli.cache import add, keygen, list_caches, pull, push, remove, revoke, serve, sign, stats, trust


@click.group("cache")
def command() -> None:
    """Copy finished objects to and from binary caches, and say whose signatures count."""


for room in (add, keygen, list_caches, pull, push, remove, revoke, serve, sign, stats, trust):
    command.add_command(room.command)
