"""The client against a server that the test plays."""

import asyncio
import json
import unittest
from typing import Any

from sync_client.client import Client
from sync_client.driver import Driver
from sync_client.options import Options, Timing, parse
from sync_client.policy import Policy
from websockets.asyncio.server import ServerConnection, serve

PATIENCE = 5
TIMING = Timing(connect_timeout=0.5, notify_deadline=0.4, subscribe_timeout=0.3, request_timeout=0.3)
POLICY = Policy(base=0.02, factor=2, cap=0.1)


class Clients(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.peers: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.server = await serve(self.accept, "127.0.0.1", 0, compression=None, ping_interval=None)
        port = self.server.sockets[0].getsockname()[1]
        self.driver = Driver(lambda line: self.events.put_nowait(json.loads(line)))
        self.client = Client(Options(f"ws://127.0.0.1:{port}/sync", "000042", timing=TIMING, policy=POLICY), self.driver)
        self.run_task = asyncio.create_task(self.client.run())

    async def asyncTearDown(self) -> None:
        self.client.stop()
        await asyncio.wait_for(self.run_task, PATIENCE)
        self.server.close()

    async def accept(self, socket: ServerConnection) -> None:
        self.peers.put_nowait(socket)
        await socket.wait_closed()

    async def heard(self, peer: ServerConnection) -> dict[str, Any]:
        return json.loads(await asyncio.wait_for(peer.recv(), PATIENCE))

    async def event(self, name: str) -> dict[str, Any]:
        while (event := await asyncio.wait_for(self.events.get(), PATIENCE))["event"] != name:
            pass
        return event

    async def let_in(self) -> ServerConnection:
        peer = await asyncio.wait_for(self.peers.get(), PATIENCE)
        auth = await self.heard(peer)
        self.assertEqual(auth, {"id": auth["id"], "type": "auth", "pin": "000042"})
        await self.say(peer, id=auth["id"], type="auth_success", data={"projects": [], "modelProfiles": []})
        return peer

    async def say(self, peer: ServerConnection, **message: Any) -> None:
        await peer.send(json.dumps(message))

    def tell(self, **command: Any) -> None:
        self.driver.take(json.dumps(command).encode(), self.client)

    async def test_it_subscribes_again_and_sends_nothing_twice(self) -> None:
        peer = await self.let_in()
        self.tell(do="subscribe", id="a", resource="chat", resourceId="c")
        asked = await self.heard(peer)
        answer = {"type": "subscribed", "resource": "chat", "resourceId": "c", "data": {"messages": []}}
        await self.say(peer, id=asked["id"], **answer)
        self.assertEqual(await self.event("result"), {"event": "result", "id": "a", "ok": {"messages": []}})
        self.tell(do="send", id="s", payload={"resourceId": "c", "message": "once"})
        await self.heard(peer)
        peer.transport.abort()
        self.assertIn("error", await self.event("result"))
        peer = await self.let_in()
        again = await self.heard(peer)
        self.assertEqual((again["type"], again["resourceId"]), ("subscribe", "c"))
        message = {"id": "m", "chatId": "c", "role": "user", "content": "missed", "seq": 1}
        await self.say(peer, id=again["id"], **{**answer, "data": {"messages": [message]}})
        self.assertEqual((await self.event("data"))["payload"], {"message": message})

    async def test_what_is_not_answered_in_time_fails(self) -> None:
        peer = await self.let_in()
        self.tell(do="subscribe", id="a", resource="modelProfiles")
        asked = await self.heard(peer)
        self.assertEqual((await self.event("result"))["id"], "a")
        await self.say(peer, id=asked["id"], type="subscribed", resource="modelProfiles", data={"modelProfiles": []})
        self.tell(do="dance")
        self.assertEqual((await self.event("unsupported"))["do"], "dance")

    async def test_a_refused_pin_ends_it(self) -> None:
        peer = await asyncio.wait_for(self.peers.get(), PATIENCE)
        auth = await self.heard(peer)
        await self.say(peer, id=auth["id"], type="auth_failed", error="No.")
        self.assertEqual((await self.event("error"))["code"], "auth_failed")
        await self.event("gave_up")
        self.assertFalse(await asyncio.wait_for(self.run_task, PATIENCE))


class Given(unittest.TestCase):
    def test_params_of_a_runner_are_read(self) -> None:
        environment = {
            "CONFORMANCE_URL": "ws://127.0.0.1:1/sync",
            "CONFORMANCE_PARAMS": '{"pin":"1","subscribe_timeout":1.5,"token":null,"reconnect":{"base":1,"factor":2,"cap":4}}',
        }
        given = parse([], environment)
        self.assertEqual((given.pin, given.timing.subscribe_timeout, given.policy.cap, given.driver), ("1", 1.5, 4, True))
