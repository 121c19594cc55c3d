"""What waits to be sent, on a line as slow as the test wants it."""

import asyncio
import json
import unittest
from collections.abc import Callable
from typing import Any, cast

from tunnel_agent import messages
from tunnel_agent.heartbeat import Counters, Heartbeat
from tunnel_agent.outbox import Outbox
from tunnel_agent.timing import Timing
from websockets.asyncio.connection import Connection

from .support import PATIENCE

SHORT = 0.02


class Line:
    """A connection that takes one message whenever it is told to."""

    def __init__(self) -> None:
        self.transport = self
        self.unsent = 1_000_000
        self.sent: list[Any] = []
        self.answers: Callable[[Any], None] = lambda _: None
        self._free = asyncio.Semaphore(0)

    def get_write_buffer_size(self) -> int:
        return self.unsent

    async def send(self, message: str | bytes) -> None:
        await self._free.acquire()
        self.sent.append(message)
        self.answers(message)

    def take(self, count: int) -> None:
        for _ in range(count):
            self._free.release()


class Outboxes(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.line = Line()
        self.packed = False
        self.stalled = asyncio.Event()
        self.outbox = Outbox(cast(Connection, self.line), lambda: self.packed, SHORT, self.stalled.set)
        self.run = asyncio.create_task(self.outbox.run())
        self.addCleanup(self.run.cancel)

    async def test_short_messages_pass_long_ones_and_all_keep_their_order(self) -> None:
        left: list[str] = []
        for id in ("a", "b"):
            self.outbox.put_behind(messages.response(id, 200, "", [], b""), lambda id=id: left.append(id))
        await asyncio.sleep(0)
        done = [self.outbox.put(messages.pong(timestamp)) for timestamp in (1, 2)]
        self.line.take(4)
        await asyncio.gather(*done)
        await asyncio.sleep(0.01)
        found = [json.loads(message)["data"] for message in self.line.sent]
        self.assertEqual([data.get("id", data.get("timestamp")) for data in found], ["a", 1, 2, "b"])
        self.assertEqual(left, ["a", "b"])

    async def test_a_slow_line_is_waited_for_and_a_dead_one_is_not(self) -> None:
        self.outbox.put(messages.pong(1))
        for _ in range(40):
            await asyncio.sleep(SHORT / 4)
            self.line.unsent -= 1
        self.assertFalse(self.stalled.is_set())
        await asyncio.wait_for(self.stalled.wait(), PATIENCE)

    async def test_a_pong_counts_however_soon_it_comes(self) -> None:
        timing = Timing(heartbeat_interval=SHORT, heartbeat_timeout=SHORT)
        heartbeat = Heartbeat(timing, Counters(), self.outbox, self.stalled.set)
        beating = asyncio.create_task(heartbeat.run())
        self.addCleanup(beating.cancel)
        self.line.unsent = 0
        self.line.answers = lambda message: heartbeat.answered(json.loads(message)["data"].get("timestamp"))
        self.line.take(100)
        await asyncio.sleep(10 * SHORT)
        self.assertFalse(self.stalled.is_set())
        self.line.answers = lambda _: None
        await asyncio.wait_for(self.stalled.wait(), PATIENCE)

    async def test_what_waits_is_bounded(self) -> None:
        await self.outbox.room()
        for _ in range(5):
            self.outbox.put(messages.error("x" * 1024**2, "?", 400))
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(self.outbox.room(), SHORT)
        self.line.take(2)
        await asyncio.wait_for(self.outbox.room(), PATIENCE)

    async def test_nobody_waits_for_a_line_that_has_gone(self) -> None:
        for _ in range(10):
            self.outbox.put(messages.error("x" * 1024**2, "?", 400))
        waiting = asyncio.create_task(self.outbox.room())
        await asyncio.sleep(0)
        self.run.cancel()
        await asyncio.wait_for(waiting, PATIENCE)
        self.outbox.put(messages.error("x" * 8 * 1024**2, "?", 400))
        await asyncio.wait_for(self.outbox.room(), PATIENCE)

    async def test_an_answer_that_no_message_holds_becomes_an_error(self) -> None:
        self.packed = True
        self.line.take(2)
        for length in (24 * 1024**2, 24 * 1024**2 - 1024):
            await self.outbox.put_behind(messages.response("a", 200, "", [], bytes(length)), lambda: None)
        self.assertEqual([len(message) < 1024 for message in self.line.sent], [True, False])
