"""The client, against a server that each test scripts."""

import asyncio
import json
import unittest
from typing import Any

from relayspec.reconnect import Policy
from relayspec.timing import Timing
from sync_client.client import Client
from sync_client.driver import SyncDriver
from sync_client.options import Options, parse
from websockets.asyncio.server import ServerConnection, serve

PATIENCE = 5
TIMING = Timing(connect_timeout=0.5, notify_deadline=0.4, subscribe_timeout=0.3, request_timeout=0.3)
POLICY = Policy(base=0.02, factor=2, cap=0.1)


class ClientTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.peers: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.server = await serve(self.accept, "127.0.0.1", 0, compression=None, ping_interval=None)
        port = self.server.sockets[0].getsockname()[1]
        self.driver = SyncDriver(lambda line: self.events.put_nowait(json.loads(line)))
        options = Options(url=f"ws://127.0.0.1:{port}/sync", pin="000042", timing=TIMING, policy=POLICY)
        self.client = Client(options, self.driver)
        self.run_task = asyncio.create_task(self.client.run())

    async def asyncTearDown(self) -> None:
        self.client.stop()
        await asyncio.wait_for(self.run_task, PATIENCE)
        self.server.close()

    async def accept(self, socket: ServerConnection) -> None:
        self.peers.put_nowait(socket)
        await socket.wait_closed()

    async def received(self, peer: ServerConnection) -> dict[str, Any]:
        return json.loads(await asyncio.wait_for(peer.recv(), PATIENCE))

    async def event(self, name: str) -> dict[str, Any]:
        while (event := await asyncio.wait_for(self.events.get(), PATIENCE))["event"] != name:
            pass
        return event

    async def authenticate(self) -> ServerConnection:
        peer = await asyncio.wait_for(self.peers.get(), PATIENCE)
        auth = await self.received(peer)
        self.assertEqual(auth, {"id": auth["id"], "type": "auth", "pin": "000042"})
        await self.send(peer, id=auth["id"], type="auth_success", data={"projects": [], "modelProfiles": []})
        return peer

    async def send(self, peer: ServerConnection, **message: Any) -> None:
        await peer.send(json.dumps(message))

    def command(self, **command: Any) -> None:
        self.driver.handle(json.dumps(command).encode(), self.client)

    async def test_resubscribes_and_sends_nothing_twice(self) -> None:
        peer = await self.authenticate()
        self.command(do="subscribe", id="a", resource="chat", resourceId="c")
        asked = await self.received(peer)
        answer = {"type": "subscribed", "resource": "chat", "resourceId": "c", "data": {"messages": []}}
        await self.send(peer, id=asked["id"], **answer)
        self.assertEqual(await self.event("result"), {"event": "result", "id": "a", "ok": {"messages": []}})
        self.command(do="send", id="s", payload={"resourceId": "c", "message": "once"})
        await self.received(peer)
        peer.transport.abort()
        self.assertIn("error", await self.event("result"))
        peer = await self.authenticate()
        again = await self.received(peer)
        self.assertEqual((again["type"], again["resourceId"]), ("subscribe", "c"))
        message = {"id": "m", "chatId": "c", "role": "user", "content": "missed", "seq": 1}
        await self.send(peer, id=again["id"], **{**answer, "data": {"messages": [message]}})
        self.assertEqual((await self.event("data"))["payload"], {"message": message})

    async def test_unanswered_requests_fail(self) -> None:
        peer = await self.authenticate()
        self.command(do="subscribe", id="a", resource="modelProfiles")
        asked = await self.received(peer)
        self.assertEqual((await self.event("result"))["id"], "a")
        await self.send(peer, id=asked["id"], type="subscribed", resource="modelProfiles", data={"modelProfiles": []})
        self.command(do="dance")
        self.assertEqual((await self.event("unsupported"))["do"], "dance")

    async def test_gives_up_when_the_pin_is_refused(self) -> None:
        peer = await asyncio.wait_for(self.peers.get(), PATIENCE)
        auth = await self.received(peer)
        await self.send(peer, id=auth["id"], type="auth_failed", error="No.")
        self.assertEqual((await self.event("error"))["code"], "auth_failed")
        await self.event("gave_up")
        self.assertFalse(await asyncio.wait_for(self.run_task, PATIENCE))


class OptionsTest(unittest.TestCase):
    def test_reads_params_of_the_runner(self) -> None:
        environment = {
            "CONFORMANCE_URL": "ws://127.0.0.1:1/sync",
            "CONFORMANCE_PARAMS": '{"pin":"1","subscribe_timeout":1.5,"token":null,"reconnect":{"base":1,"factor":2,"cap":4}}',
        }
        given = parse([], environment)
        self.assertEqual((given.pin, given.timing.subscribe_timeout, given.policy.cap, given.driver), ("1", 1.5, 4, True))
