"""What waits to be sent on one connection: short messages pass long ones, and a peer that takes nothing is not waited for."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from websockets.asyncio.connection import Connection

from . import messages
from .messages import Message

# So much of short messages may wait before no more is read that would cause others: their texts, and what each costs beside them.
_MOST_SHORT = 4 * 1024**2
_OVERHEAD = 1024


@dataclass(frozen=True)
class _Item:
    message: Message
    # Of a short one; whoever puts a long one knows what it costs.
    cost: int
    leaving: Callable[[], None] = lambda: None
    left: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Outbox:
    """`packed` tells, at the moment of sending, how messages go out. `stalled` is told where nothing of one goes out for `patience`."""

    def __init__(self, connection: Connection, packed: Callable[[], bool], patience: float, stalled: Callable[[], None]) -> None:
        self._connection = connection
        self._packed = packed
        self._patience = patience
        self._stalled = stalled
        self._short: deque[_Item] = deque()
        self._long: deque[_Item] = deque()
        self._cost: float = 0
        self._waiting = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def put(self, message: Message) -> asyncio.Future[None]:
        """Puts a short message; the future is done when the message has left."""
        item = _Item(message, _OVERHEAD + sum(len(text) for text in message["data"].values() if isinstance(text, str)))
        self._short.append(item)
        self._cost += item.cost
        if self._cost >= _MOST_SHORT:
            self._room.clear()
        self._waiting.set()
        return item.left

    def put_behind(self, message: Message, leaving: Callable[[], None]) -> asyncio.Future[None]:
        """Puts a message that may be long, behind all short ones; `leaving` is told before it goes."""
        item = _Item(message, 0, leaving)
        self._long.append(item)
        self._waiting.set()
        return item.left

    async def room(self) -> None:
        """Waits while too many short messages wait."""
        await self._room.wait()

    async def run(self) -> None:
        """Sends what is put, one after the other. Ends with the connection's own exception."""
        try:
            while True:
                await self._send_next()
        finally:
            # Nothing more will leave, and so nobody needs to wait for that.
            self._cost = -math.inf
            self._room.set()

    async def _send_next(self) -> None:
        while not self._short and not self._long:
            self._waiting.clear()
            await self._waiting.wait()
        item = (self._short or self._long).popleft()
        item.leaving()
        await self._send(self._encoded(item.message))
        self._cost -= item.cost
        if self._cost < _MOST_SHORT:
            self._room.set()
        if not item.left.done():
            item.left.set_result(None)

    def _encoded(self, message: Message) -> str | bytes:
        packed = self._packed()
        encoded = messages.encode(message, packed)
        # JSON as it is written here is ASCII, so that its length is that of its bytes.
        if len(encoded) > messages.LONGEST:
            why = "The answer of the local server is too long for a message."
            encoded = messages.encode(messages.error(message["data"]["id"], why, 502), packed)
        return encoded

    async def _send(self, message: str | bytes) -> None:
        transport = self._connection.transport
        sending = asyncio.ensure_future(self._connection.send(message))
        try:
            left = transport.get_write_buffer_size()
            while not (await asyncio.wait({sending}, timeout=self._patience))[0]:
                before, left = left, transport.get_write_buffer_size()
                if left >= before > 0:
                    self._stalled()
            await sending
        finally:
            sending.cancel()
