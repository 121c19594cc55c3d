"""One WebSocket connection, with the ends that the specification asks for."""

import logging
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from .options import Timing

# What ends an attempt or a connection. TimeoutError is an OSError.
ERRORS = (OSError, WebSocketException)

# Sixteen times what every receiver has to accept (WIRE-07).
_MAX_MESSAGE = 16 * 1024**2

# Whatever the library wants to tell would stand among the messages of the chat.
logging.getLogger("websockets").addHandler(logging.NullHandler())


class Connection(ClientConnection):
    """Notices its end when the Close frame comes or RFC 6455 is violated, and does not wait long for the end of TCP."""

    ending_since: float | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.ending_since is None and self.protocol.close_expected():
            self.ending_since = self.loop.time()
            self.loop.call_later(self.close_timeout or 0, self.transport.abort)


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        # Any other status than 101 is a failed attempt (RECON-01).
        return exc


def open_connection(url: str, timing: Timing, patience: float) -> Any:
    """An attempt, as an asynchronous context that is a `Connection`. It may wait for `patience` after a Close frame."""
    return _Connect(
        url,
        create_connection=Connection,
        compression=None,
        proxy=None,
        open_timeout=None,  # one limit holds for the handshake and for what follows it
        close_timeout=patience,
        ping_interval=timing.heartbeat_interval,
        ping_timeout=timing.heartbeat_timeout,
        max_size=_MAX_MESSAGE,
    )
