"""Clients over WebSocket, with the library `websockets`."""

import logging
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from .client import Events, ReconnectingClient
from .options import ClientOptions

_NORMAL_CLOSURE = 1000


class Connection(ClientConnection):
    """A connection that notes when its end begins, and does not wait long for the end of TCP."""

    ending_since: float | None = None
    """When a Close frame arrived or RFC 6455 was violated, in the loop's time."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.ending_since is None and self.protocol.close_expected():
            self.ending_since = self.loop.time()
            self.loop.call_later(self.close_timeout or 0, self.transport.abort)

    def drop(self) -> None:
        """Ends the connection at once, as one whose peer is gone."""
        if self.ending_since is None:
            self.ending_since = self.loop.time()
        self.transport.abort()


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        # Any status other than 101 is a failed attempt (RECON-01).
        return exc


class WebSocketClient(ReconnectingClient[Connection]):
    """A client over WebSocket. A subclass implements `converse`."""

    ERRORS = (*ReconnectingClient.ERRORS, WebSocketException)

    def __init__(self, options: ClientOptions, events: Events, **settings: Any) -> None:
        """`settings` go to `websockets.asyncio.client.connect`, as `max_size` in bytes or `ping_interval` in seconds.

        By default Ping frames are sent as the timing parameters say, messages are not compressed, no proxy is used,
        and the library logs nothing: its log may contain messages, and secrets with them.
        """
        super().__init__(options, events)
        self._settings: dict[str, Any] = {
            "compression": None,
            "proxy": None,
            "ping_interval": options.timing.heartbeat_interval,
            "ping_timeout": options.timing.heartbeat_timeout,
            "close_timeout": self.patience,
            "logger": logging.Logger("websockets", logging.CRITICAL + 1),
            **settings,
            "create_connection": Connection,
            "open_timeout": None,  # `connect_timeout` covers the handshake and what follows it (RECON-12)
        }

    async def open(self) -> Connection:
        connection = await _Connect(self._client_options.url, **self._settings)
        assert isinstance(connection, Connection)
        return connection

    async def close(self, connection: Connection) -> None:
        await connection.close(_NORMAL_CLOSURE)

    def abort(self, connection: Connection) -> None:
        connection.transport.abort()

    def ended(self, connection: Connection) -> tuple[float | None, str]:
        return connection.ending_since, f"the connection ended ({connection.close_code})"
