"""The send queue of one connection: short messages overtake long ones, and a stalled peer is noticed."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from websockets.asyncio.connection import Connection

from . import messages
from .messages import Message

# How many bytes of short messages may wait before reading pauses, and what each message costs on top of its text.
_MOST_SHORT = 4 * 1024**2
_OVERHEAD = 1024


@dataclass(frozen=True)
class _Item:
    message: Message
    # 0 for a long message: its sender accounts for it.
    cost: int
    on_send: Callable[[], None] = lambda: None
    sent: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Outbox:
    """`packed` chooses the encoding when a message is sent. `stalled` is called if no byte of one is sent for `patience`."""

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
        """Queues a short message; the future is done when it has been sent."""
        item = _Item(message, _OVERHEAD + sum(len(text) for text in message["data"].values() if isinstance(text, str)))
        self._short.append(item)
        self._cost += item.cost
        if self._cost >= _MOST_SHORT:
            self._room.clear()
        self._waiting.set()
        return item.sent

    def put_last(self, message: Message, on_send: Callable[[], None]) -> asyncio.Future[None]:
        """Queues a message that may be long behind all short ones; `on_send` is called just before it is sent."""
        item = _Item(message, 0, on_send)
        self._long.append(item)
        self._waiting.set()
        return item.sent

    async def room(self) -> None:
        """Waits while too many short messages are queued."""
        await self._room.wait()

    async def run(self) -> None:
        """Sends what is queued, in turn, until the connection raises its exception."""
        try:
            while True:
                await self._send_next()
        finally:
            # Nothing more will be sent, so there is nothing to wait for.
            self._cost = -math.inf
            self._room.set()

    async def _send_next(self) -> None:
        while not self._short and not self._long:
            self._waiting.clear()
            await self._waiting.wait()
        item = (self._short or self._long).popleft()
        item.on_send()
        await self._send(self._encoded(item.message))
        self._cost -= item.cost
        if self._cost < _MOST_SHORT:
            self._room.set()
        if not item.sent.done():
            item.sent.set_result(None)

    def _encoded(self, message: Message) -> str | bytes:
        packed = self._packed()
        encoded = messages.encode(message, packed)
        # JSON is written in ASCII, so its length is that of its bytes.
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
