"""`envmgr cache serve`: a cache in a folder, over HTTP."""

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers, say
from envmgr.cli.cache.named import cache
from envmgr.cli.no_address import NoAddressError
from envmgr.model.errors import UsageError
from envmgr.sharing.cache import Cache
from envmgr.sharing.folder import Folder


class Served(TypedDict):
    """What was served until the command was interrupted."""

    address: str
    requests: int
    bytes: int


class NotServedError(UsageError):
    """Only a folder can be served."""

    def __init__(self, wanted: Cache) -> None:
        super().__init__(
            f"cache {wanted.name} is not in a folder",
            where=wanted.transport.place,
            fix="a web server or a bucket needs nobody to serve it",
        )
        self.cache = wanted.name


@click.command("serve")
@click.argument("name", metavar="CACHE")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8370, show_default=True, help="0 is any free one.")
@answers("cache-serve")
def command(*, name: str, host: str, port: int) -> Answer[Served]:
    """Serve a cache in a folder over HTTP, read only, until interrupted.

    Whoever can reach the address can read it. By default that is this machine alone.
    """
    from envmgr.sharing.serve import Server

    wanted = cache(name)
    if not isinstance(wanted.transport, Folder):
        raise NotServedError(wanted)
    wanted.introduce()
    try:
        server = Server(wanted.transport.top, host, port)
    except OSError as error:
        raise NoAddressError(host, port, error) from error
    with server:
        say(f"serving {wanted.name} at {server.address}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            data: Served = {"address": server.address, "requests": server.requests, "bytes": server.bytes}
    return Answer(data, f"{server.requests} requests answered, {server.bytes / 1e6:.1f} MB sent")
