"""A client that reconnects, against a server that each test scripts."""

import asyncio
import os
import signal
import unittest
from typing import Any

from relayspec import program
from relayspec.client import Ending
from relayspec.options import ClientOptions
from relayspec.reconnect import Policy
from relayspec.timing import Timing
from relayspec.websocket import Connection, WebSocketClient
from websockets.asyncio.server import ServerConnection, serve

PATIENCE = 5
TIMING = Timing(connect_timeout=0.3, notify_deadline=0.2)
POLICY = Policy(base=0.02, factor=2, cap=0.1)


class EventLog:
    """Records the names of events."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str] = asyncio.Queue()

    async def next(self, count: int) -> list[str]:
        return [await asyncio.wait_for(self._queue.get(), PATIENCE) for _ in range(count)]

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None if name == "waiting" else self._queue.put_nowait(name)


class Client(WebSocketClient):
    """`yes` is success, `no` a refusal."""

    overs = 0

    async def converse(self, connection: Connection) -> Ending:
        async for message in connection:
            if message == "yes":
                self.established()
            elif message == "no":
                await self.leave(connection)
                return Ending.FINAL
        return Ending.LOST

    def attempt_over(self) -> None:
        self.overs += 1


class ClientTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.peers: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.server = await serve(self.accept, "127.0.0.1", 0, compression=None, ping_interval=None)
        self.addCleanup(self.server.close)
        self.url = f"ws://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def accept(self, socket: ServerConnection) -> None:
        self.peers.put_nowait(socket)
        await socket.wait_closed()

    def start(self, url: str | None = None, policy: Policy = POLICY) -> None:
        self.log = EventLog()
        self.client = Client(ClientOptions(url=url or self.url, policy=policy, timing=TIMING), self.log)
        self.running = asyncio.create_task(self.client.run())
        self.addAsyncCleanup(self.end)

    async def end(self) -> bool:
        self.client.stop()
        return await asyncio.wait_for(self.running, PATIENCE)

    async def next(self) -> ServerConnection:
        return await asyncio.wait_for(self.peers.get(), PATIENCE)

    async def established(self) -> ServerConnection:
        peer = await self.next()
        await peer.send("yes")
        return peer

    async def test_reconnects_after_any_loss(self) -> None:
        self.start()
        peer = await self.established()
        for lose in ("abort", 1000, 1008, "bare close frame"):
            if lose == "abort":
                peer.transport.abort()
            elif lose == "bare close frame":
                peer.transport.write(b"\x88\x00")
            else:
                await peer.close(int(lose))
            peer = await self.established()
            self.assertEqual(await self.log.next(3), ["connected", "disconnected", "connected"])
            self.assertEqual(await self.log.next(1), ["reconnected"])
            await peer.send("ignored")
            self.assertEqual(self.client.overs, 1)
            self.client.overs = 0
            # The log of the next round begins with this connection.
            self.log.connected()

    async def test_gives_up_after_failed_attempts(self) -> None:
        self.start("ws://127.0.0.1:1", Policy(0.01, 1, 0.01, max_attempts=3))
        self.assertFalse(await asyncio.wait_for(self.running, PATIENCE))
        self.assertEqual((await self.log.next(1), self.client.overs), (["gave_up"], 3))

    async def test_an_open_connection_is_not_success(self) -> None:
        self.start(policy=Policy(0.01, 1, 0.01, max_attempts=2))
        start = asyncio.get_running_loop().time()
        self.assertFalse(await asyncio.wait_for(self.running, PATIENCE))
        self.assertGreater(asyncio.get_running_loop().time() - start, 2 * TIMING.connect_timeout)
        self.assertEqual(await self.log.next(5), ["connected", "disconnected"] * 2 + ["gave_up"])

    async def test_a_refusal_is_final(self) -> None:
        self.start()
        peer = await self.next()
        await peer.send("no")
        self.assertFalse(await asyncio.wait_for(self.running, PATIENCE))
        self.assertEqual(await self.log.next(2), ["connected", "gave_up"])
        self.assertEqual(peer.close_code, 1000)

    async def test_restarts_on_a_new_connection(self) -> None:
        self.start()
        peer = await self.next()
        self.assertEqual(await self.log.next(1), ["connected"])
        self.client.restart()
        await self.established()
        self.assertEqual((await self.log.next(1), peer.close_code), (["connected"], 1000))

    async def test_stops_in_every_state(self) -> None:
        for url, policy in (("ws://127.0.0.1:1", Policy(60, 1, 60)), (self.url, POLICY)):
            self.start(url, policy)
            await asyncio.sleep(0.05)
            self.assertTrue(await self.end())
        peer = await self.next()
        await peer.wait_closed()
        self.assertEqual(peer.close_code, 1000)
        stopped = Client(ClientOptions(url=self.url, policy=POLICY), EventLog())
        stopped.stop()
        self.assertTrue(await stopped.run())

    async def test_cancellation_is_not_swallowed(self) -> None:
        self.start()
        await self.next()
        self.running.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await self.running
        self.running = asyncio.create_task(self.client.run())

    async def test_program_ends_on_a_signal(self) -> None:
        client = Client(ClientOptions(url=self.url, policy=POLICY), EventLog())
        running = asyncio.create_task(program.run(client, asyncio.sleep(0)))
        await self.established()
        os.kill(os.getpid(), signal.SIGTERM)
        self.assertEqual(await asyncio.wait_for(running, PATIENCE), 0)
