"""The client against a daemon of a few lines."""

import asyncio
import os
import tempfile
import unittest

from rpc_client import messages
from rpc_client.client import Client
from rpc_client.options import Options, Timing
from rpc_client.policy import Policy

CALL = {"SessionEnd": {"session_id": "s", "timestamp_ms": 1}}


class Log:
    """Writes down what the user is told."""

    def __init__(self):
        self.lines = []

    def __getattr__(self, name):
        return lambda *_: self.lines.append(name)


def ack(request_id):
    return messages.HEADER.pack(18, request_id, b"OS", 4) + b"\x07\0\0\0"


class AgainstADaemon(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.socket = os.path.join(folder.name, "socket")
        self.arrived = asyncio.Queue()
        server = await asyncio.start_unix_server(lambda *streams: self.arrived.put_nowait(streams), self.socket)
        self.addCleanup(server.close)
        self.log, self.outcomes = Log(), asyncio.Queue()
        options = Options(self.socket, "s", timing=Timing(5), policy=Policy(0.01, 2, 0.1))
        self.client = Client(options, self.log)
        running = asyncio.ensure_future(self.client.run())
        self.addAsyncCleanup(self.end, running)

    async def end(self, running):
        self.client.stop()
        self.assertTrue(await running)

    async def accept(self):
        reader, writer = await self.arrived.get()
        return reader, writer, await self.frame(reader)

    async def frame(self, reader):
        length = await reader.readexactly(4)
        body = await reader.readexactly(int.from_bytes(length, "big"))
        return int.from_bytes(body[:8], "big"), int.from_bytes(body[14:18], "little")

    def call(self, name):
        self.client.call(CALL, lambda answer, error: self.outcomes.put_nowait((name, answer, error)))

    async def test_calls_wait_are_answered_in_any_order_and_fail_with_the_connection(self):
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
