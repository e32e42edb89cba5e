"""Connections on which the head of an answer must come as a whole in the time that is given for one byte.

Every other time limit begins anew with each byte: a server that drips a head could hold a download up for weeks.
"""

import socket
import threading
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class LateHeadError(OSError):
    """The server took too long for the head of its answer."""


class _Punctual(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself
        late = threading.Event()
        timer = threading.Timer(float(self.timeout or 0), self._hang_up, [late])
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse()
        except Exception:
            if not late.is_set():
                raise
        finally:
            timer.cancel()
        raise LateHeadError(f"no whole answer came within {self.timeout} s")

    def _hang_up(self, late: threading.Event) -> None:
        late.set()
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class _PunctualHttps(_Punctual, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Punctual


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _PunctualHttps


class PunctualAdapter(HTTPAdapter):
    """Makes such connections for a session of `requests`, directly and by way of proxies."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  as they come
        """Make the manager of direct connections."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _HttpsPool}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:  # noqa: ANN401  as they come
        """Make the manager of connections by way of one proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _HttpsPool}
        return manager
