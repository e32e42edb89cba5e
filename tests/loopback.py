"""An HTTP origin on loopback that behaves well, or misbehaves in just the way that a test asks for."""

import re
import ssl
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Self


@dataclass(frozen=True)
class Reply:
    """One answer: what is said, and how it goes wrong."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    ranges: bool = True
    """Whether Range and If-Range (against the header ETag) are understood."""
    declares_length: bool = True
    cut_after: int | None = None
    """Close the connection after that many bytes of the body."""
    stall_after: int | None = None
    """Fall silent after that many bytes of the body, with the connection open."""
    trickle: float | None = None
    """Send the body byte by byte, with that many seconds between two."""
    endless: bool = False
    """Repeat the body for ever."""
    raw: bool = False
    """The body is all of the answer, what should be its head included."""


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    headers: Message
    body: bytes = b""


class Origin:
    """A server at `url` until the `with` block ends.

    `origin.serve("/a", Reply(...), Reply(...))` gives these replies in turn, and the last one from then on. Anything
    else is 404. What clients asked is in `requests`. With a certificate (a file of key and certificate) it is https.
    """

    def __init__(self, *, certificate: Path | None = None) -> None:
        self.requests: list[Request] = []
        self.closing = Event()
        self._replies: defaultdict[str, list[Reply]] = defaultdict(list)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.origin = self
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if certificate is None else "https"
        self.port: int = self._server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, path: str, *replies: Reply) -> str:
        """Answer a path (such as `/a.whl`) with these replies, and return its address."""
        self._replies[path] = list(replies)
        return self.url + path

    def asked(self, path: str) -> list[Request]:
        """List the requests for one path, in order."""
        return [request for request in self.requests if request.path == path]

    def next_reply(self, path: str) -> Reply:
        """Take what is to be said now."""
        replies = self._replies[path]
        return (replies.pop(0) if len(replies) > 1 else replies[0]) if replies else Reply(status=404)


def make_certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1 that vouches for itself: give the file to the origin, and to its client."""
    file = folder / "loopback.pem"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=loopback"]
    command = ["openssl", "req", *kind, *names, "-keyout", str(file), "-out", str(folder / "certificate.pem")]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text() + (folder / "certificate.pem").read_text())
    return file


class _Server(ThreadingHTTPServer):
    origin: Origin
    daemon_threads = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 30

    def do_GET(self) -> None:
        """Answer as the test has said."""
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.origin.requests.append(Request(self.command, self.path, self.headers, body))
        reply = self.server.origin.next_reply(self.path)
        if reply.raw:
            self._send(reply, reply.body)
            return
        start = self._start(reply)
        self.send_response_only(206 if start else reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(reply.body) - 1}/{len(reply.body)}")
        if reply.declares_length and not reply.endless:
            self.send_header("Content-Length", str(len(reply.body) - start))
        self.send_header("Connection", "close")
        self.end_headers()
        self._send(reply, reply.body[start:])

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

    def _start(self, reply: Reply) -> int:
        """Where the body begins: 0, or what Range asks for."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        current = self.headers.get("If-Range") in (None, reply.headers.get("ETag"))
        if not asked or not reply.ranges or not current or reply.status != 200:
            return 0
        return int(asked[1])

    def _send(self, reply: Reply, body: bytes) -> None:
        if self.command == "HEAD":
            return
        if reply.trickle is not None:
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.server.origin.closing.wait(reply.trickle)
            return
        limit = reply.cut_after if reply.stall_after is None else reply.stall_after
        self.wfile.write(body[:limit])
        while reply.endless and not self.server.origin.closing.is_set():
            self.wfile.write(body)
        if reply.stall_after is not None:
            self.server.origin.closing.wait()

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""
