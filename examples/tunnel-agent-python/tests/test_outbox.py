"""The send queue, on a connection as slow as the test needs."""

import asyncio
import json
import unittest
from collections.abc import Callable
from typing import Any, cast

from relayspec.timing import Timing
from tunnel_agent import messages
from tunnel_agent.heartbeat import Counters, Heartbeat
from tunnel_agent.outbox import Outbox
from websockets.asyncio.connection import Connection

from .support import PATIENCE

SHORT = 0.02


class SlowConnection:
    """Sends one message for each `take`."""

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


class OutboxTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.connection = SlowConnection()
        self.packed = False
        self.stalled = asyncio.Event()
        self.outbox = Outbox(cast(Connection, self.connection), lambda: self.packed, SHORT, self.stalled.set)
        self.run = asyncio.create_task(self.outbox.run())
        self.addCleanup(self.run.cancel)

    async def test_short_messages_overtake_long_ones_in_order(self) -> None:
        sent: list[str] = []
        for id in ("a", "b"):
            self.outbox.put_last(messages.response(id, 200, "", [], b""), lambda id=id: sent.append(id))
        await asyncio.sleep(0)
        done = [self.outbox.put(messages.pong(timestamp)) for timestamp in (1, 2)]
        self.connection.take(4)
        await asyncio.gather(*done)
        await asyncio.sleep(0.01)
        found = [json.loads(message)["data"] for message in self.connection.sent]
        self.assertEqual([data.get("id", data.get("timestamp")) for data in found], ["a", 1, 2, "b"])
        self.assertEqual(sent, ["a", "b"])

    async def test_waits_for_a_slow_connection_but_not_for_a_stalled_one(self) -> None:
        self.outbox.put(messages.pong(1))
        for _ in range(40):
            await asyncio.sleep(SHORT / 4)
            self.connection.unsent -= 1
        self.assertFalse(self.stalled.is_set())
        await asyncio.wait_for(self.stalled.wait(), PATIENCE)

    async def test_counts_an_immediate_pong(self) -> None:
        timing = Timing(heartbeat_interval=SHORT, heartbeat_timeout=SHORT)
        heartbeat = Heartbeat(timing, Counters(), self.outbox, self.stalled.set)
        pings = asyncio.create_task(heartbeat.run())
        self.addCleanup(pings.cancel)
        self.connection.unsent = 0
        self.connection.answers = lambda message: heartbeat.answered(json.loads(message)["data"].get("timestamp"))
        self.connection.take(100)
        await asyncio.sleep(10 * SHORT)
        self.assertFalse(self.stalled.is_set())
        self.connection.answers = lambda _: None
        await asyncio.wait_for(self.stalled.wait(), PATIENCE)

    async def test_bounds_the_queue(self) -> None:
        await self.outbox.room()
        for _ in range(5):
            self.outbox.put(messages.error("x" * 1024**2, "?", 400))
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(self.outbox.room(), SHORT)
        self.connection.take(2)
        await asyncio.wait_for(self.outbox.room(), PATIENCE)

    async def test_does_not_wait_for_a_lost_connection(self) -> None:
        for _ in range(10):
            self.outbox.put(messages.error("x" * 1024**2, "?", 400))
        waiting = asyncio.create_task(self.outbox.room())
        await asyncio.sleep(0)
        self.run.cancel()
        await asyncio.wait_for(waiting, PATIENCE)
        self.outbox.put(messages.error("x" * 8 * 1024**2, "?", 400))
        await asyncio.wait_for(self.outbox.room(), PATIENCE)

    async def test_turns_answers_that_are_too_long_into_errors(self) -> None:
        self.packed = True
        self.connection.take(2)
        for length in (24 * 1024**2, 24 * 1024**2 - 1024):
            await self.outbox.put_last(messages.response("a", 200, "", [], bytes(length)), lambda: None)
        self.assertEqual([len(message) < 1024 for message in self.connection.sent], [True, False])
