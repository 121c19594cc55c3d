"""The agent, between a cloud and a local server that each test scripts."""

import asyncio
import dataclasses
import json
import unittest
from typing import Any

from relayspec.reconnect import Policy
from tunnel_agent.agent import Agent
from tunnel_agent.driver import AgentDriver
from tunnel_agent.log import Log

from .support import PATIENCE, TIMING, TOKEN, Cloud, LocalServer, EventLog, Peer, start_agent


def head(length: int, *lines: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"content-length: %d" % length, *lines, b"", b""])


class AgentTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        # Long bodies are slow in the debug mode of the tests.
        asyncio.get_running_loop().slow_callback_duration = PATIENCE
        self.cloud = Cloud()
        self.url = await self.cloud.start()
        self.addAsyncCleanup(self.cloud.stop)
        self.released = asyncio.Event()
        self.local = LocalServer(self.echo)
        self.origin = await self.local.start()
        self.addCleanup(self.local.server.close)

    async def echo(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        """Answers with the body of the request; to `/slow` only once `released` is set."""
        if request.startswith(b"GET /slow"):
            await self.released.wait()
        body = request.partition(b"\r\n\r\n")[2]
        writer.write(head(len(body), b"set-cookie: a=1", b"set-cookie: b=2") + body)
        await writer.drain()

    async def authenticated(self, **options: Any) -> tuple[Agent, EventLog, asyncio.Task[bool], Peer]:
        agent, log, run = start_agent(self.url, self.origin, **options)
        peer = await self.cloud.next()
        await peer.accept()
        self.assertEqual([await log.next(), await log.next()], [("connected",), ("joined",)])
        self.addAsyncCleanup(self.stop, agent, run)
        return agent, log, run, peer

    async def stop(self, agent: Agent, run: asyncio.Task[bool]) -> None:
        agent.stop()
        await asyncio.wait_for(run, PATIENCE)

    async def test_authenticates_and_closes_in_order(self) -> None:
        agent, log, run = start_agent(self.url)
        peer = await self.cloud.next()
        self.assertEqual(await peer.next(), {"type": "Auth", "data": {"token": TOKEN}})
        self.assertEqual((peer.packed, peer.socket.request and peer.socket.request.path), (False, "/tunnel"))
        await peer.send("AuthSuccess", session_id="s")
        self.assertEqual([await log.next(), await log.next()], [("connected",), ("joined",)])
        agent.stop()
        self.assertTrue(await run)
        await peer.gone.wait()
        self.assertEqual(peer.socket.close_code, 1000)

    async def test_sends_nothing_else_before_it_is_authenticated(self) -> None:
        _, _, run = start_agent(self.url)
        peer = await self.cloud.next()
        await peer.next()
        await peer.send("Ping", timestamp=1)
        await peer.socket.send("not a message")
        await peer.request("early")
        await peer.send("AuthSuccess", session_id="s")
        await peer.send("Ping", timestamp=2)
        self.assertEqual(await peer.next(), {"type": "Pong", "data": {"timestamp": 2}})
        run.cancel()

    async def test_gives_up_when_the_token_is_refused_and_never_shows_it(self) -> None:
        _, log, run = start_agent(self.url)
        peer = await self.cloud.next()
        await peer.next()
        await peer.send("AuthError", error=f"{TOKEN} is not known here.")
        self.assertFalse(await asyncio.wait_for(run, PATIENCE))
        expected = [("connected",), ("error", "AuthError", "*** is not known here."), ("gave_up",)]
        self.assertEqual([await log.next() for _ in expected], expected)

    async def test_forwards_bodies_of_16_mib_in_both_encodings(self) -> None:
        _, _, _, peer = await self.authenticated(timing=dataclasses.replace(TIMING, request_timeout=PATIENCE))
        body = bytes(range(256)) * 65536
        await peer.request("1", "POST", "/", body=body)
        answer = await peer.answer()
        self.assertTrue(not peer.packed and answer["body"] == body)
        self.assertEqual(answer["headers"], {"content-length": str(len(body)), "set-cookie": ["a=1", "b=2"]})
        await peer.send_packed("HttpRequest", id="2", method="POST", url="/", headers={}, body=body)
        self.assertTrue((await peer.answer())["body"] == body and peer.packed)

    async def test_answers_in_the_encoding_used_last(self) -> None:
        _, _, _, peer = await self.authenticated(packed=True)
        self.assertTrue(peer.packed, "chosen for `Auth`")
        for send, packed in ((peer.send, False), (peer.send_packed, True), (peer.send, False)):
            await send("Ping", timestamp=7.5)
            self.assertEqual(await peer.next(), {"type": "Pong", "data": {"timestamp": 7.5}})
            self.assertEqual(peer.packed, packed)
        await peer.request("1", url="/slow")
        await peer.send_packed("Pong", timestamp=0)
        await asyncio.sleep(0.05)
        self.released.set()
        self.assertEqual((await peer.answer())["id"], "1")
        self.assertTrue(peer.packed, "the encoding is chosen when the answer is sent")

    async def test_a_slow_request_delays_no_other(self) -> None:
        _, _, _, peer = await self.authenticated(timing=dataclasses.replace(TIMING, request_timeout=PATIENCE))
        await peer.request("slow", url="/slow")
        for number in range(200):
            await peer.request(str(number), "POST", body=b"%d" % number)
        answers = [await peer.answer() for _ in range(200)]
        self.assertEqual({answer["id"]: answer["body"] for answer in answers}, {str(n): b"%d" % n for n in range(200)})
        self.released.set()
        self.assertEqual((await peer.answer())["id"], "slow")

    async def test_refuses_a_second_request_with_the_same_id(self) -> None:
        _, _, _, peer = await self.authenticated()
        await peer.request("1", url="/slow")
        await peer.request("1")
        self.assertEqual(await peer.answer(), {"id": "1", "code": 409})
        self.released.set()
        self.assertEqual((await peer.answer())["status"], 200)
        await peer.request("1")
        self.assertEqual((await peer.answer())["status"], 200)

    async def test_answers_invalid_messages_and_requests(self) -> None:
        _, _, _, peer = await self.authenticated()
        for message, id in (
            ("no", None),
            ("[]", None),
            (b"\xc1", None),
            ("[" * 100_000, None),
            ('{"type":"Auth","data":{"token":"t","id":"a"}}', "a"),
            ('{"type":"HttpRequest","data":{"id":"b","method":1}}', "b"),
            ('{"type":"HttpRequest","data":{"id":7}}', None),
        ):
            await peer.socket.send(message)
            self.assertEqual(await peer.answer(), {"id": id, "code": 400})
        await peer.request("c", url="http://other.example/")
        self.assertEqual(await peer.answer(), {"id": "c", "code": 400})
        await peer.request("d")
        self.assertEqual((await peer.answer())["status"], 200)

    async def test_reports_failures_of_the_local_server(self) -> None:
        _, _, _, peer = await self.authenticated()
        await peer.request("1", url="/slow")
        self.assertEqual(await peer.answer(), {"id": "1", "code": 504})
        self.local.server.close()
        await peer.request("2")
        self.assertEqual(await peer.answer(), {"id": "2", "code": 502})

    async def test_reports_answers_that_are_too_long(self) -> None:
        for packed, length, code in ((True, 24, 502), (True, 23, None), (False, 18, 502), (False, 17, None), (True, 60, 502)):
            with self.subTest(f"{length} MiB, packed: {packed}"):

                async def answer(_: bytes, writer: asyncio.StreamWriter, length: int = length) -> None:
                    writer.write(head(length * 1024**2) + bytes(length * 1024**2))
                    await writer.drain()

                local = LocalServer(answer)
                origin = await local.start()
                self.addCleanup(local.server.close)
                timing = dataclasses.replace(TIMING, request_timeout=PATIENCE)
                agent, _, run = start_agent(self.url, origin, timing=timing)
                peer = await self.cloud.next()
                await peer.accept()
                send = peer.send_packed if packed else peer.send
                await send("HttpRequest", id="1", method="GET", url="/", headers={})
                self.assertEqual((await peer.answer()).get("code"), code)
                await self.stop(agent, run)

    async def test_sends_pings_and_stats(self) -> None:
        timing = dataclasses.replace(TIMING, heartbeat_interval=0.1, heartbeat_timeout=0.2)
        _, log, _, peer = await self.authenticated(timing=timing)
        await peer.request("1", "POST", body=b"abc")
        await peer.answer()
        beats = []
        for _ in range(4):
            ping, stats = await peer.next(), await peer.next()
            self.assertEqual((ping["type"], stats["type"]), ("Ping", "Stats"))
            beats.append((ping["data"]["timestamp"], stats["data"]["uptime_seconds"]))
            self.assertEqual(stats["data"] | {"uptime_seconds": 0}, {"requests_processed": 1, "bytes_transferred": 6, "uptime_seconds": 0})
            await peer.send("Pong", timestamp=float(ping["data"]["timestamp"]))
        self.assertEqual(beats, sorted(set(beats)))
        await peer.next()
        await peer.send("Pong", timestamp=beats[0][0])
        self.assertEqual(await log.next(), ("disconnected",), "an old pong does not count")
        peer = await self.cloud.next()
        await peer.accept()
        await peer.next()
        counted = (await peer.next())["data"]
        self.assertEqual(counted["requests_processed"], 1, "counters outlive connections")

    async def test_abandons_a_stalled_connection(self) -> None:
        timing = dataclasses.replace(TIMING, heartbeat_timeout=0.2, request_timeout=PATIENCE)
        _, log, _, peer = await self.authenticated(timing=timing)
        await peer.send_packed("HttpRequest", id="1", method="POST", url="/", headers={}, body=bytes(16 * 1024**2))
        peer.socket.transport.pause_reading()
        self.assertEqual(await log.next(), ("disconnected",))
        peer.socket.transport.abort()

    async def test_answers_from_a_lost_connection_are_not_sent_later(self) -> None:
        _, log, _, peer = await self.authenticated(timing=dataclasses.replace(TIMING, request_timeout=PATIENCE))
        await peer.request("1", url="/slow")
        while not self.local.requests:
            await asyncio.sleep(0.01)
        peer.socket.transport.abort()
        self.assertEqual(await log.next(), ("disconnected",))
        peer = await self.cloud.next()
        await peer.accept()
        self.released.set()
        await asyncio.sleep(0.05)
        await peer.send("Ping", timestamp=1)
        self.assertEqual((await peer.next())["type"], "Pong")
        self.assertEqual([(await log.next())[0] for _ in range(3)], ["connected", "joined", "reconnected"])

    async def test_reports_errors_of_the_cloud(self) -> None:
        _, log, _, peer = await self.authenticated()
        await peer.send("Error", request_id=None, error="Slow down.", code=429)
        self.assertEqual(await log.next(), ("error", "429", "Slow down."))
        await peer.send("Error", error="No.")
        self.assertEqual(await log.next(), ("error", "Error", "No."))

    async def test_a_close_frame_alone_is_a_loss(self) -> None:
        _, log, _, peer = await self.authenticated()
        peer.socket.transport.write(b"\x88\x00")
        self.assertEqual(await log.next(), ("disconnected",))
        await self.cloud.next()

    async def test_abandons_attempts_that_hang(self) -> None:
        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        silent = await asyncio.start_server(hang, "127.0.0.1", 0)
        self.addCleanup(silent.close)
        for url in (f"ws://127.0.0.1:{silent.sockets[0].getsockname()[1]}/tunnel", self.url):
            _, _, run = start_agent(url, policy=Policy(base=0.02, factor=2, cap=0.1, max_attempts=2))
            start = asyncio.get_running_loop().time()
            self.assertFalse(await asyncio.wait_for(run, PATIENCE))
            self.assertGreater(asyncio.get_running_loop().time() - start, 0.6)


class UserTest(unittest.TestCase):
    def test_driver_only_stops(self) -> None:
        written: list[str] = []
        stops: list[bool] = []
        driver = AgentDriver(written.append)
        for line in (b"no", b"[]", b"1", b"\xff", b"{}", b'{"do":1}', b"[" * 100_000):
            driver.handle(line, lambda: stops.append(True))
        self.assertEqual([json.loads(line)["code"] for line in written], ["BAD_COMMAND"] * 7)
        for command in ("send", "join", "dance"):
            driver.handle(json.dumps({"do": command}).encode(), lambda: stops.append(True))
            self.assertEqual(json.loads(written[-1]), {"event": "unsupported", "do": command})
        self.assertEqual(stops, [])
        driver.handle(b" \r\n", lambda: stops.append(True))
        driver.handle(b'{"do":"stop"}\r\n', lambda: stops.append(True))
        self.assertEqual((stops, len(written)), ([True], 10))

    def test_log_has_one_line_and_no_secrets(self) -> None:
        written: list[str] = []
        Log(written.append).answered("GET", "/a\x1b[2J\n?token=x", 200)
        self.assertEqual(written, ["GET /a\ufffd[2J\ufffd 200\n"])
