"""Sends `Ping` and `Stats` at intervals, and notices when a `Pong` is overdue."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from relayspec.timing import Timing

from . import messages
from .messages import Message
from .outbox import Outbox


@dataclass
class Counters:
    """Totals since the process started; they never decrease."""

    requests: int = 0
    body_bytes: int = 0
    started: float = field(default_factory=time.monotonic)

    def answered(self, body_bytes: int) -> None:
        self.requests += 1
        self.body_bytes += body_bytes

    def message(self) -> Message:
        return messages.stats(self.requests, self.body_bytes, round(time.monotonic() - self.started, 3))


class Heartbeat:
    """Calls `silent` if a `Ping` is not answered in time."""

    def __init__(self, timing: Timing, counters: Counters, outbox: Outbox, silent: Callable[[], None]) -> None:
        self._timing = timing
        self._counters = counters
        self._outbox = outbox
        self._silent = silent
        self._latest = 0
        # The timers of unanswered pings by timestamp; None until the ping has been sent.
        self._unanswered: dict[float, asyncio.TimerHandle | None] = {}

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            while True:
                due += self._timing.heartbeat_interval
                await asyncio.sleep(due - loop.time())
                # Each ping of a connection has its own timestamp: an old pong must not pass for a new one.
                self._latest = max(self._latest + 1, time.time_ns() // 1_000_000)
                self._unanswered[self._latest] = None
                # The time starts once the ping has been sent, however long the queue; by then it may even be answered.
                await self._outbox.put(messages.ping(self._latest))
                if self._latest in self._unanswered:
                    self._unanswered[self._latest] = loop.call_later(self._timing.heartbeat_timeout, self._silent)
                self._outbox.put(self._counters.message())
                due = max(due, loop.time() - self._timing.heartbeat_interval)
        finally:
            for timestamp in list(self._unanswered):
                self.answered(timestamp)

    def answered(self, timestamp: float) -> None:
        timer = self._unanswered.pop(timestamp, None)
        if timer is not None:
            timer.cancel()
