"""One WebSocket connection, with the ends that the specification asks for."""

import logging
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from . import messages

# What ends an attempt or a connection. TimeoutError is an OSError.
ERRORS = (OSError, WebSocketException)

# So many messages may have come that nobody has read.
_MOST_UNREAD = 4


class Connection(ClientConnection):
    """Notices its end when the Close frame comes or RFC 6455 is violated, and does not wait long for the end of TCP."""

    ending_since: float | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.ending_since is None and self.protocol.close_expected():
            self.ending_since = self.loop.time()
            self.loop.call_later(self.close_timeout or 0, self.transport.abort)

    def drop(self) -> None:
        """Ends it at once: nobody is there any more."""
        if self.ending_since is None:
            self.ending_since = self.loop.time()
        self.transport.abort()


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        # Any other status than 101 is a failed attempt (RECON-01).
        return exc


def open_connection(url: str, patience: float) -> Any:
    """An attempt, as an asynchronous context that is a `Connection`. It may wait for `patience` after a Close frame."""
    return _Connect(
        url,
        create_connection=Connection,
        compression=None,
        proxy=None,
        open_timeout=None,  # one limit holds for the handshake and for what follows it
        close_timeout=patience,
        ping_interval=None,  # the family's own `Ping` asks
        max_size=messages.LONGEST,
        max_queue=_MOST_UNREAD,
        # The library's own log would show every message when it is verbose, the token among them.
        logger=logging.Logger("websockets", logging.CRITICAL),
    )
