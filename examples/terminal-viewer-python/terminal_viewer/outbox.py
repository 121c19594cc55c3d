"""What the user gave and the relay has not got yet, in order and bounded."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from . import messages

# Nothing of it is dropped silently: what does not fit is refused.
_MOST_WAITING = 16 * 1024**2
# An item costs memory even when it is empty.
_OVERHEAD = 256


@dataclass(frozen=True)
class Control:
    """A control message, as JSON."""

    text: str


@dataclass(frozen=True)
class Bytes:
    """Bytes for a session; None is the first one, whichever that will be."""

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
        """Whether it was taken; where too much is waiting, it is not."""
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
        """What waits for a first session may have one now."""
        self._changed.set()

    async def next(self, first_session: Callable[[], str | None]) -> tuple[Control | Bytes, str | bytes]:
        """What can be sent next, once there is something, and the message that it makes. It stays until `remove`."""
        while True:
            sendable = self._next(first_session())
            if sendable is not None:
                return sendable
            self._changed.clear()
            await self._changed.wait()

    def remove(self, item: Control | Bytes) -> None:
        """It is about to be sent."""
        self._waiting.remove(item)
        self._cost -= _cost(item)
        if not self._waiting:
            self._empty.set()

    async def emptied(self) -> None:
        """Waits until nothing waits."""
        await self._empty.wait()

    def _next(self, first_session: str | None) -> tuple[Control | Bytes, str | bytes] | None:
        # Bytes keep their order. Control messages pass bytes that wait for a session: one of them may create it.
        held_up = False
        for item in self._waiting:
            if isinstance(item, Control):
                return item, item.text
            session_id = first_session if item.session_id is None else item.session_id
            if session_id is not None and not held_up:
                return item, messages.binary(session_id, item.payload)
            held_up = True
        return None


def _cost(item: Control | Bytes) -> int:
    return _OVERHEAD + len(item.text if isinstance(item, Control) else item.payload)
