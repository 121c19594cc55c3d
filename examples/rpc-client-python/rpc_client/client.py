"""The client: one connection at a time, calls and their answers, and coming back."""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any, Protocol

from . import messages
from .options import Options
from .policy import ComingBack

# A longer frame is the loss of the connection (RPC-C9).
LONGEST_FRAME = 16 << 20
# More calls than this do not wait for the acknowledgement of `SessionStart`.
_MOST_WAITING = 10_000
# Request ids never come again on a connection: there are so many of them.
_IDS = 1 << 64


class User(Protocol):
    def connected(self) -> None: ...
    def disconnected(self) -> None: ...
    def reconnected(self) -> None: ...
    def error(self, code: str, message: str) -> None: ...
    def gave_up(self) -> None: ...


# What becomes of a call: its answer, or else why there is none.
Outcome = Callable[[Any, str | None], None]


class Client:
    def __init__(self, options: Options, user: User) -> None:
        self._options = options
        self._user = user
        self._coming_back = ComingBack(options.policy)
        self._writer: asyncio.StreamWriter | None = None
        self._is_acknowledged = False
        self._last_id = 0
        self._under_way: dict[int, Outcome] = {}
        self._waiting: list[tuple[Any, Outcome]] = []
        self._stopping = asyncio.Event()
        self._connections = 0
        self._is_first = True
        self._had_trouble = False

    def stop(self) -> None:
        self._stopping.set()

    def call(self, message: Any, outcome: Outcome) -> None:
        """Makes a call. It never waits: what becomes of it is told, sooner or later and once."""
        try:
            messages.encode(0, message)
        except messages.Wrong as error:
            return outcome(None, str(error))
        if self._writer is None:
            return outcome(None, "there is no connection")  # RPC-C5
        if not self._is_acknowledged and len(self._waiting) >= _MOST_WAITING:
            return outcome(None, "too many calls wait already")
        if not self._is_acknowledged:
            return self._waiting.append((message, outcome))
        self._send(message, outcome)

    async def run(self) -> bool:
        """Until it is told to stop (true) or has given up."""
        while not self._stopping.is_set():
            succeeded = await self._connection()
            if self._stopping.is_set():
                break
            self._had_trouble = True
            if self._is_first and not succeeded:
                self._user.error("NOT_CONNECTED", "the daemon cannot be reached")  # RPC-C7
            self._is_first = False
            delay = self._coming_back.next()
            if delay is None:
                self._user.gave_up()
                return False
            await self._until_stopped(delay)
        return True

    async def _until_stopped(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            pass

    async def _connection(self) -> bool:
        """One attempt, and what comes of it; whether it was a success."""
        deadline = asyncio.get_running_loop().time() + self._options.timing.connect_timeout
        stopping = asyncio.ensure_future(self._stopping.wait())
        talking = asyncio.ensure_future(self._talk())
        try:
            while not talking.done():
                left = None if self._is_acknowledged else deadline - asyncio.get_running_loop().time()
                if self._stopping.is_set() or (left is not None and left <= 0):
                    break  # RECON-12, RECON-13
                # A look at the clock now and then: the acknowledgement lifts the deadline.
                await asyncio.wait({stopping, talking}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
        return self._lost()

    async def _talk(self) -> None:
        try:
            reader, writer = await asyncio.open_unix_connection(self._options.socket, limit=1 << 16)
        except OSError:
            return
        self._writer = writer
        self._user.connected()
        opening = self._write({"SessionStart": self._opening()})  # RPC-C1
        try:
            while True:
                length = await reader.readexactly(4)
                count = int.from_bytes(length, "big")
                if count > LONGEST_FRAME:
                    return  # RPC-C9
                # Piece by piece: memory follows the bytes that came.
                frame = bytearray(length)
                while len(frame) < 4 + count:
                    piece = await reader.read(min(1 << 16, 4 + count - len(frame)))
                    if not piece:
                        return
                    frame += piece
                self._heard(bytes(frame), opening)
        except (asyncio.IncompleteReadError, OSError):
            return

    def _opening(self) -> dict[str, Any]:
        self._connections += 1
        return {
            "session_id": self._options.session_id,
            "timestamp_ms": time.time_ns() // 1_000_000,
            "attrs": {"cwd": os.getcwd(), "connections": str(self._connections)},  # RPC-C8
        }

    def _heard(self, frame: bytes, opening: int) -> None:
        try:
            request_id, message = messages.decode(frame)
        except messages.Wrong:
            return  # RPC-C3
        if request_id == opening and not self._is_acknowledged:
            if message == "Ack":
                self._acknowledged()
        elif outcome := self._under_way.pop(request_id, None):
            outcome(message, None)

    def _acknowledged(self) -> None:
        self._is_acknowledged = True
        self._is_first = False
        self._coming_back.succeeded()
        if self._had_trouble:
            self._user.reconnected()
        self._had_trouble = False
        waiting, self._waiting = self._waiting, []
        for message, outcome in waiting:
            self._send(message, outcome)

    def _send(self, message: Any, outcome: Outcome) -> None:
        self._under_way[self._write(message)] = outcome

    def _write(self, message: Any) -> int:
        self._last_id = (self._last_id + 1) % _IDS
        if self._writer is not None:
            self._writer.write(messages.encode(self._last_id, message))
        return self._last_id

    def _lost(self) -> bool:
        """The connection is over; whether it had been a success."""
        writer, self._writer = self._writer, None
        succeeded, self._is_acknowledged = self._is_acknowledged, False
        calls = [*self._under_way.values(), *(outcome for _, outcome in self._waiting)]
        self._under_way.clear()
        self._waiting.clear()
        if writer is not None:
            writer.close()
            if not self._stopping.is_set():
                self._user.disconnected()
        for outcome in calls:
            outcome(None, "the connection is lost")  # RPC-C4
        return succeeded
