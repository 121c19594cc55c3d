"""The client: one connection at a time, calls and their answers."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from typing import Any, Protocol

from relayspec.client import Ending, Events, ReconnectingClient

from . import messages
from .options import Options

# A longer frame counts as a lost connection (RPC-C9).
LONGEST_FRAME = 16 << 20
_CHUNK = 1 << 16
# How many calls may wait for the acknowledgement of `SessionStart`.
_MOST_WAITING = 10_000
_IDS = 1 << 64


class User(Events, Protocol):
    """Receives what happens."""

    def error(self, code: str, message: str) -> None: ...


# Receives the outcome of a call: its answer, or else why there is none.
Outcome = Callable[[Any, str | None], None]
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Client(ReconnectingClient[Connection]):
    def __init__(self, options: Options, user: User) -> None:
        super().__init__(options, user)
        self._options = options
        self._user = user
        self._writer: asyncio.StreamWriter | None = None
        self._is_acknowledged = False
        self._last_id = 0
        self._in_flight: dict[int, Outcome] = {}
        self._waiting: list[tuple[Any, Outcome]] = []
        self._connections = 0
        self._is_first = True

    def call(self, message: Any, outcome: Outcome) -> None:
        """Makes a call without waiting; `outcome` is called exactly once, sooner or later."""
        try:
            messages.encode(0, message)
        except messages.MessageError as error:
            return outcome(None, str(error))
        if self._writer is None:
            return outcome(None, "not connected")  # RPC-C5
        if self._is_acknowledged:
            return self._send(message, outcome)
        if len(self._waiting) >= _MOST_WAITING:
            return outcome(None, "too many calls are waiting")
        self._waiting.append((message, outcome))

    async def open(self) -> Connection:
        return await asyncio.open_unix_connection(self._options.socket, limit=_CHUNK)

    async def close(self, connection: Connection) -> None:
        connection[1].close()
        with contextlib.suppress(OSError):
            await connection[1].wait_closed()

    def abort(self, connection: Connection) -> None:
        connection[1].transport.abort()

    async def converse(self, connection: Connection) -> Ending:
        reader, self._writer = connection
        opening = self._write({"SessionStart": self._session()})  # RPC-C1
        while (frame := await _read_frame(reader)) is not None:
            self._receive(frame, opening)
        return Ending.LOST

    def attempt_over(self) -> None:
        succeeded, self._is_acknowledged = self._is_acknowledged, False
        self._writer = None
        calls = [*self._in_flight.values(), *(outcome for _, outcome in self._waiting)]
        self._in_flight.clear()
        self._waiting.clear()
        for outcome in calls:
            outcome(None, "connection lost")  # RPC-C4
        if self._is_first and not succeeded and not self.stopping:
            self._user.error("NOT_CONNECTED", "the daemon cannot be reached")  # RPC-C7
        self._is_first = False

    def _session(self) -> dict[str, Any]:
        self._connections += 1
        return {
            "session_id": self._options.session_id,
            "timestamp_ms": time.time_ns() // 1_000_000,
            "attrs": {"cwd": os.getcwd(), "connections": str(self._connections)},  # RPC-C8
        }

    def _receive(self, frame: bytes, opening: int) -> None:
        try:
            request_id, message = messages.decode(frame)
        except messages.MessageError:
            return  # RPC-C3
        if request_id == opening and not self._is_acknowledged:
            if message == "Ack":
                self._acknowledge()
        elif outcome := self._in_flight.pop(request_id, None):
            outcome(message, None)

    def _acknowledge(self) -> None:
        self._is_acknowledged = True
        self.established()
        waiting, self._waiting = self._waiting, []
        for message, outcome in waiting:
            self._send(message, outcome)

    def _send(self, message: Any, outcome: Outcome) -> None:
        self._in_flight[self._write(message)] = outcome

    def _write(self, message: Any) -> int:
        self._last_id = (self._last_id + 1) % _IDS
        if self._writer is not None:
            self._writer.write(messages.encode(self._last_id, message))
        return self._last_id


async def _read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """The next frame, with its length in front; None if it is too long (RPC-C9)."""
    length = await reader.readexactly(4)
    count = int.from_bytes(length, "big")
    if count > LONGEST_FRAME:
        return None
    # In chunks, so that memory follows the bytes that arrive and not the length that is claimed.
    frame = bytearray(length)
    while len(frame) < 4 + count:
        chunk = await reader.read(min(_CHUNK, 4 + count - len(frame)))
        if not chunk:
            raise EOFError
        frame += chunk
    return bytes(frame)
