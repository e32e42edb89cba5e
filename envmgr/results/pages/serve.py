"""The pages of a dashboard over HTTP, for a browser on this machine alone: read only, and nothing but these pages.

A name that leads to this machine may be anybody's: a request is answered only where it asks for this machine by its own
name, so that no page of elsewhere reads what is served here.
"""

import re
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

INDEX = "index.html"
_NAME = re.compile(r"index\.html|runs/[0-9A-Za-z-]+\.html")
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_HTML = "text/html; charset=utf-8"


class Server(ThreadingHTTPServer):
    """Serves one folder."""

    daemon_threads = True

    def __init__(self, top: Path, host: str, port: int) -> None:
        """Listen at once; port 0 is any free one.

        Raises:
            OSError: the address cannot be had.
        """
        self.top = top
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    @property
    def names(self) -> set[str]:
        """What a request may call this server: browsers leave out the port where that is HTTP's own."""
        port = self.server_address[1]
        return {f"{host}{end}" for host in ("127.0.0.1", "localhost", "[::1]") for end in ("", f":{port}")}

    @property
    def address(self) -> str:
        """Where it can be reached."""
        host, port = str(self.server_address[0]), self.server_address[1]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: browsers hang up when they have what they want."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version = "envmgr"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        """Answer with a page."""
        name = self.path.partition("?")[0].removeprefix("/") or INDEX
        if self.headers.get("Host", "") not in self.server.names:
            self._answer(HTTPStatus.MISDIRECTED_REQUEST)
        elif not _NAME.fullmatch(name) or not (self.server.top / name).is_file():
            self._answer(HTTPStatus.NOT_FOUND)
        else:
            self._answer(HTTPStatus.OK, (self.server.top / name).read_bytes(), _HTML)

    do_HEAD = do_GET  # noqa: N815  http.server looks for this name

    def _answer(self, status: HTTPStatus, body: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", _policy(body) if kind == _HTML else "default-src 'none'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _policy(body: bytes) -> str:
    """The policy that the page has in it, and that it stands in no other page, which only a header can say."""
    found = _POLICY.search(body[:4096].decode(errors="replace"))
    policy = found[1].replace("&#39;", "'") if found else "default-src 'none'"
    return f"{policy}; frame-ancestors 'none'"
