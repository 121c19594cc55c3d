"""The client against a minimal daemon."""

import asyncio
import os
import tempfile
import unittest
from typing import Any

from relayspec.reconnect import Policy
from relayspec.timing import Timing
from rpc_client import messages
from rpc_client.client import Client
from rpc_client.options import Options

CALL = {"SessionEnd": {"session_id": "s", "timestamp_ms": 1}}


class EventLog:
    """A user that records the names of events."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None if name == "waiting" else self.lines.append(name)


def ack(request_id: int) -> bytes:
    return messages.HEADER.pack(18, request_id, b"OS", 4) + b"\x07\0\0\0"


class ClientTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.socket = os.path.join(folder.name, "socket")
        self.arrived: asyncio.Queue[Any] = asyncio.Queue()
        server = await asyncio.start_unix_server(lambda *streams: self.arrived.put_nowait(streams), self.socket)
        self.addCleanup(server.close)
        self.log, self.outcomes = EventLog(), asyncio.Queue[Any]()
        options = Options(
            url=f"unix:{self.socket}", session_id="s", timing=Timing(connect_timeout=5), policy=Policy(0.01, 2, 0.1)
        )
        self.client = Client(options, self.log)
        running = asyncio.ensure_future(self.client.run())
        self.addAsyncCleanup(self.end, running)

    async def end(self, running: asyncio.Future[bool]) -> None:
        self.client.stop()
        self.assertTrue(await running)

    async def accept(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, tuple[int, int]]:
        reader, writer = await self.arrived.get()
        return reader, writer, await self.frame(reader)

    async def frame(self, reader: asyncio.StreamReader) -> tuple[int, int]:
        length = await reader.readexactly(4)
        body = await reader.readexactly(int.from_bytes(length, "big"))
        return int.from_bytes(body[:8], "big"), int.from_bytes(body[14:18], "little")

    def call(self, name: str) -> None:
        self.client.call(CALL, lambda answer, error: self.outcomes.put_nowait((name, answer, error)))

    async def test_calls_wait_for_the_session_match_answers_by_id_and_fail_with_the_connection(self) -> None:
        self.call("early")
        self.assertEqual((await self.outcomes.get())[:2], ("early", None))
        reader, writer, (opening, variant) = await self.accept()
        self.assertEqual(variant, 0)
        self.call("a")
        self.call("b")
        writer.write(ack(opening))
        (a, _), (b, _) = await self.frame(reader), await self.frame(reader)
        writer.write(b"\0\0\0\1x" + ack(12345) + ack(b))
        self.assertEqual(await self.outcomes.get(), ("b", "Ack", None))
        self.assertNotEqual(a, b)
        writer.close()
        name, answer, error = await self.outcomes.get()
        self.assertEqual((name, answer), ("a", None))
        self.assertTrue(error)
        _, writer, (opening, variant) = await self.accept()
        self.assertEqual(variant, 0)
        writer.write(ack(opening))
        while "reconnected" not in self.log.lines:
            await asyncio.sleep(0)
        self.assertEqual(self.log.lines, ["connected", "disconnected", "connected", "reconnected"])
        writer.close()


if __name__ == "__main__":
    unittest.main()
