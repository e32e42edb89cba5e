"""What a command that serves something says where it cannot listen."""

from envmgr.model.errors import HostError


class NoAddressError(HostError):
    """The address cannot be listened at."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        self.host, self.port = host, port
        super().__init__(
            f"cannot listen at {host}:{port}: {error.strerror or error}",
            fix="name another address or port (0 is any free one)",
        )
