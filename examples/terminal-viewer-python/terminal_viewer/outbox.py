"""What the user has given and the relay has not received yet, in order and bounded."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from . import messages

# Beyond this, items are refused; none is dropped silently.
_MOST_WAITING = 16 * 1024**2
# Even an empty item takes memory.
_OVERHEAD = 256


@dataclass(frozen=True)
class Control:
    """A control message, as JSON."""

    text: str


@dataclass(frozen=True)
class Bytes:
    """Bytes for a session; None is the first one, whichever it will be."""

    session_id: str | None
    payload: bytes


class Outbox:
    def __init__(self) -> None:
        self._waiting: deque[Control | Bytes] = deque()
        self._cost = 0
        self._changed = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def put(self, item: Control | Bytes) -> bool:
        """Whether the item was accepted; it is not if too much is waiting."""
        cost = _cost(item)
        if self._waiting and self._cost + cost > _MOST_WAITING:
            return False
        self._waiting.append(item)
        self._cost += cost
        self._empty.clear()
        self._changed.set()
        return True

    def __len__(self) -> int:
        return len(self._waiting)

    def session_known(self) -> None:
        """The first session may be known now."""
        self._changed.set()

    async def next(self, first_session: Callable[[], str | None]) -> tuple[Control | Bytes, str | bytes]:
        """Waits for the next item that can be sent; returns it and its message. It stays until `remove`."""
        while True:
            sendable = self._next(first_session())
            if sendable is not None:
                return sendable
            self._changed.clear()
            await self._changed.wait()

    def remove(self, item: Control | Bytes) -> None:
        """Removes an item that is about to be sent."""
        self._waiting.remove(item)
        self._cost -= _cost(item)
        if not self._waiting:
            self._empty.set()

    async def emptied(self) -> None:
        """Waits until the outbox is empty."""
        await self._empty.wait()

    def _next(self, first_session: str | None) -> tuple[Control | Bytes, str | bytes] | None:
        # Bytes keep their order. Control messages overtake bytes that wait for a session, which they may create.
        blocked = False
        for item in self._waiting:
            if isinstance(item, Control):
                return item, item.text
            session_id = first_session if item.session_id is None else item.session_id
            if session_id is not None and not blocked:
                return item, messages.binary(session_id, item.payload)
            blocked = True
        return None


def _cost(item: Control | Bytes) -> int:
    return _OVERHEAD + len(item.text if isinstance(item, Control) else item.payload)
