"""A cache in a folder, over HTTP: read only, and no file but those of a cache.

Any web server can do this; here is one for a desk, a test, or a cluster's head node. Transfers can be continued
(ranges), connections are kept, and are so many at most.
"""

import os
import re
import stat
import threading
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from envmgr.sharing import layout

MAX_CONNECTIONS = 64
IDLE_SECONDS = 30
_BLOCK = 2**18


class Server(ThreadingHTTPServer):
    """Serves one folder; `requests` and `bytes` count what it did."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, top: Path, host: str, port: int) -> None:
        """Listen at once; port 0 is any free one.

        Raises:
            OSError: the address cannot be had.
        """
        self.top = top
        self.requests = 0
        self.bytes = 0
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._counting = threading.Lock()
        super().__init__((host, port), _Handler)

    @property
    def address(self) -> str:
        """Where it can be reached."""
        host, port = self.server_address[0], self.server_address[1]
        return f"http://{host!s}:{port}"

    def count(self, sent: int) -> None:
        """Count one answer."""
        with self._counting:
            self.requests += 1
            self.bytes += sent

    def process_request(self, request: object, client_address: object) -> None:
        """Take a connection, when there is a place for it."""
        self._places.acquire()
        super().process_request(request, client_address)  # type: ignore[arg-type]  # sockets, to socketserver

    def shutdown_request(self, request: object) -> None:
        """Let a connection go."""
        super().shutdown_request(request)  # type: ignore[arg-type]
        self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients hang up when they have what they want."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "envmgr"
    sys_version = ""
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """Answer with a file of the cache."""
        name = self.path.removeprefix("/")
        descriptor = self._open(name) if layout.is_name(name) else None
        if descriptor is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        try:
            self._answer(descriptor)
        finally:
            os.close(descriptor)

    do_HEAD = do_GET  # noqa: N815  http.server looks for this name

    def _open(self, name: str) -> int | None:
        try:
            descriptor = os.open(self.server.top / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        return None

    def _answer(self, descriptor: int) -> None:
        state = os.fstat(descriptor)
        tag = f'"{state.st_size:x}-{state.st_mtime_ns:x}-{state.st_ino:x}"'
        span = self._span(state.st_size, tag)
        if span is None:
            self._refuse(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, f"bytes */{state.st_size}")
            return
        start, end = span
        partial = (start, end) != (0, state.st_size)
        self.send_response(HTTPStatus.PARTIAL_CONTENT if partial else HTTPStatus.OK)
        if partial:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{state.st_size}")
        self.send_header("Content-Length", str(end - start))
        self.send_header("Content-Type", "application/json" if self.path.endswith(".json") else "application/zstd")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", tag)
        self.send_header("Last-Modified", formatdate(state.st_mtime, usegmt=True))
        self.end_headers()
        self._send(descriptor, start, end)

    def _span(self, size: int, tag: str) -> tuple[int, int] | None:
        """Which bytes are asked for: all, unless one range is asked for of just this file; None: there are no such."""
        asked = re.fullmatch(r"bytes=(\d{1,18})-(\d{0,18})", self.headers.get("Range", ""))
        if asked is None or self.headers.get("If-Range", tag) != tag:
            return 0, size
        start, end = int(asked[1]), min(int(asked[2]) + 1 if asked[2] else size, size)
        return (start, end) if start < end else None

    def _send(self, descriptor: int, start: int, end: int) -> None:
        sent = 0
        if self.command == "GET":
            while sent < end - start and (block := os.pread(descriptor, min(_BLOCK, end - start - sent), start + sent)):
                self.wfile.write(block)
                sent += len(block)
        self.server.count(sent)

    def _refuse(self, status: HTTPStatus, whole: str = "") -> None:
        self.send_response(status)
        if whole:
            self.send_header("Content-Range", whole)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.count(0)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
