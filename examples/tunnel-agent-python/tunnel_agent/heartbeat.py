"""Asks at intervals whether the cloud is there, and tells what the agent has done."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from . import messages
from .messages import Message
from .timing import Timing
from .outbox import Outbox


@dataclass
class Counters:
    """What has been done since the process began. None of it ever falls."""

    requests: int = 0
    body_bytes: int = 0
    began: float = field(default_factory=time.monotonic)

    def answered(self, body_bytes: int) -> None:
        self.requests += 1
        self.body_bytes += body_bytes

    def message(self) -> Message:
        return messages.stats(self.requests, self.body_bytes, round(time.monotonic() - self.began, 3))


class Heartbeat:
    """`silent` is called where a `Ping` is not answered in time."""

    def __init__(self, timing: Timing, counters: Counters, outbox: Outbox, silent: Callable[[], None]) -> None:
        self._timing = timing
        self._counters = counters
        self._outbox = outbox
        self._silent = silent
        self._latest = 0
        # By the timestamps of pings that are not answered: what happens when they are not. None as long as the ping has not left.
        self._unanswered: dict[float, asyncio.TimerHandle | None] = {}

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            while True:
                due += self._timing.heartbeat_interval
                await asyncio.sleep(due - loop.time())
                # No two pings of a connection have the same timestamp, or an old pong would pass for a new one.
                self._latest = max(self._latest + 1, time.time_ns() // 1_000_000)
                self._unanswered[self._latest] = None
                # A ping that waits behind a long message is not held against the cloud; it may even be answered by now.
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
