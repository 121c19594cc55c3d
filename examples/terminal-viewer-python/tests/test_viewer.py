"""The viewer, against a relay that each test scripts."""

import asyncio
import json
import unittest

from relayspec.reconnect import Policy
from terminal_viewer.console import Console
from terminal_viewer.driver import ViewerDriver
from terminal_viewer.viewer import Viewer

from .support import CODE, OTHER_CODE, PATIENCE, EventLog, Peer, Relay, start_viewer

LIST = {"type": "session_list", "sessions": [{"id": "1", "name": "zsh"}, {"id": "2", "name": "build"}]}


class ViewerTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.relay = Relay()
        self.url = await self.relay.start()

    async def asyncTearDown(self) -> None:
        self.relay.server.close()

    async def joined(self) -> tuple[Viewer, EventLog, asyncio.Task[bool], Peer]:
        viewer, log, run = start_viewer(self.url)
        peer = await self.relay.next()
        await peer.accept()
        self.assertEqual([await log.next(), await log.next()], [("connected",), ("joined",)])
        self.addAsyncCleanup(self.stop, viewer, run)
        return viewer, log, run, peer

    async def stop(self, viewer: Viewer, run: asyncio.Task[bool]) -> None:
        viewer.stop()
        await asyncio.wait_for(run, PATIENCE)

    async def test_joins_with_its_code_and_closes_in_order(self) -> None:
        viewer, log, run = start_viewer(self.url)
        peer = await self.relay.next()
        self.assertEqual(await peer.next(), {"type": "auth", "session_code": CODE})
        await peer.send(type="auth_success")
        self.assertEqual([await log.next(), await log.next()], [("connected",), ("joined",)])
        viewer.stop()
        self.assertTrue(await run)
        await peer.gone.wait()
        self.assertEqual(peer.socket.close_code, 1000)

    async def test_carries_bytes_both_ways(self) -> None:
        viewer, log, _, peer = await self.joined()
        for payload in (b"", b"ls\n", b"\xff\x00", b"x" * 1024 * 1024):
            await peer.socket.send(b"\x012" + payload)
            self.assertEqual(await log.next(), ("output", "2", payload))
            viewer.send("2", payload)
            self.assertEqual(await peer.next(), b"\x012" + payload)

    async def test_text_waits_for_the_first_session_and_control_messages_do_not(self) -> None:
        viewer, _, _, peer = await self.joined()
        viewer.send(None, b"a")
        viewer.send("2", b"b")
        viewer.control({"type": "create_session"})
        self.assertEqual(await peer.next(), {"type": "create_session"})
        await peer.send(**LIST)
        self.assertEqual([await peer.next(), await peer.next()], [b"\x011a", b"\x012b"])
        await peer.send(type="session_disconnected", session_id="1")
        await peer.send(type="session_connected", session_id="3", name="new")
        await peer.socket.send(b"\x011.")
        viewer.send("3", b"c")
        self.assertEqual(await peer.next(), b"\x013c")
        viewer.send(None, b"d")
        self.assertEqual(await peer.next(), b"\x012d")

    async def test_ignores_invalid_messages(self) -> None:
        _, log, _, peer = await self.joined()
        for message in ("", "no", "[]", '{"type":"dance"}', "[" * 100_000, '{"type":"error"}', b"", b"\0", b"\x05ab", b"\x01\xff"):
            await peer.socket.send(message)
        await peer.socket.send(b"\x011still here")
        self.assertEqual(await log.next(), ("output", "1", b"still here"))

    async def test_reconnects_and_sends_what_was_queued(self) -> None:
        for code in (1000, 1001, 1008, None):
            with self.subTest(code):
                viewer, log, _, peer = await self.joined()
                if code is None:
                    peer.socket.transport.abort()
                else:
                    await peer.socket.close(code)
                self.assertEqual(await log.next(), ("disconnected",))
                viewer.send("1", b"meanwhile")
                peer = await self.relay.next()
                await peer.accept()
                self.assertEqual(await peer.next(), b"\x011meanwhile")
                self.assertEqual([(await log.next())[0] for _ in range(3)], ["connected", "joined", "reconnected"])
                viewer.stop()

    async def test_a_close_frame_alone_is_a_loss(self) -> None:
        _, log, _, peer = await self.joined()
        peer.socket.transport.write(b"\x88\x00")
        self.assertEqual(await log.next(), ("disconnected",))
        await self.relay.next()

    async def test_gives_up_when_the_code_is_refused(self) -> None:
        _, log, run = start_viewer(self.url)
        peer = await self.relay.next()
        await peer.next()
        await peer.send(type="auth_failed", reason="No host has this code.")
        self.assertFalse(await asyncio.wait_for(run, PATIENCE))
        expected = [("connected",), ("error", "auth_failed", "No host has this code."), ("gave_up",)]
        self.assertEqual([await log.next() for _ in expected], expected)

    async def test_gives_up_when_the_host_is_gone_and_retries_after_other_errors(self) -> None:
        _, log, run, peer = await self.joined()
        await peer.send(type="error", message="The host is gone.")
        await peer.socket.close(1000)
        self.assertFalse(await asyncio.wait_for(run, PATIENCE))
        self.assertEqual([(await log.next())[0] for _ in range(3)], ["error", "disconnected", "gave_up"])

        _, log, run, peer = await self.joined()
        await peer.send(type="error", message="Too busy.")
        await peer.socket.close(1013)
        await self.relay.next()

    async def test_joins_with_another_code_on_a_new_connection(self) -> None:
        viewer, log, _, peer = await self.joined()
        viewer.join(OTHER_CODE)
        await peer.gone.wait()
        self.assertEqual(peer.socket.close_code, 1000)
        peer = await self.relay.next()
        self.assertEqual(await peer.next(), {"type": "auth", "session_code": OTHER_CODE})
        await peer.send(type="auth_success")
        self.assertEqual([await log.next(), await log.next()], [("connected",), ("joined",)])

    async def test_abandons_attempts_that_hang(self) -> None:
        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        silent = await asyncio.start_server(hang, "127.0.0.1", 0)
        self.addCleanup(silent.close)
        urls = [f"ws://127.0.0.1:{silent.sockets[0].getsockname()[1]}/ws", self.url]
        for url in urls:
            _, log, run = start_viewer(url, policy=Policy(base=0.02, factor=2, cap=0.1, max_attempts=2))
            start = asyncio.get_running_loop().time()
            self.assertFalse(await asyncio.wait_for(run, PATIENCE))
            self.assertGreater(asyncio.get_running_loop().time() - start, 0.6)

    async def test_refuses_what_does_not_fit_and_reports_what_was_not_sent(self) -> None:
        viewer, log, run = start_viewer("ws://127.0.0.1:1/ws")
        viewer.send("1", b"x" * 16 * 1024**2)
        viewer.send("1", b"y")
        self.assertEqual((await log.next())[:2], ("error", "BACKLOG_FULL"))
        viewer.stop()
        self.assertTrue(await run)
        self.assertEqual((await log.next())[:2], ("error", "NOT_SENT"))


class CallLog:
    """A viewer that records the calls of its methods."""

    def __init__(self) -> None:
        self.calls: list[object] = []

    def __getattr__(self, name: str) -> object:
        return lambda *values: self.calls.append((name, *values))


class UserTest(unittest.TestCase):
    def test_driver_carries_out_commands(self) -> None:
        written: list[str] = []
        driver, viewer = ViewerDriver(written.append), CallLog()
        for line in (
            '{"do":"send","payload":"ls\\n"}',
            '{"do":"send","payload":{"session_id":"2","data":"é"}}',
            '{"do":"send","payload":{"session_id":"2","base64":"/w=="}}',
            '{"do":"send","payload":{"type":"create_session"}}',
            '{"do":"join","code":"AAAAAA"}',
            '{"do":"stop"}',
        ):
            driver.handle(line.encode(), viewer)  # type: ignore[arg-type]
        self.assertEqual(
            viewer.calls,
            [
                ("send", None, b"ls\n"),
                ("send", "2", "é".encode()),
                ("send", "2", b"\xff"),
                ("control", {"type": "create_session"}),
                ("join", "AAAAAA"),
                ("stop",),
            ],
        )
        self.assertEqual(written, [])

    def test_driver_reports_invalid_commands(self) -> None:
        written: list[str] = []
        driver, viewer = ViewerDriver(written.append), CallLog()
        for line in (b"no", b"[]", b"1", b"\xff", b'{"do":"send"}', b'{"do":"join","code":1}', b'{"do":"send","payload":null}', b'{"do":1}'):
            driver.handle(line, viewer)  # type: ignore[arg-type]
        driver.handle(b" \r\n", viewer)  # type: ignore[arg-type]
        self.assertEqual([json.loads(line)["code"] for line in written], ["BAD_COMMAND"] * 8)
        driver.handle(b'{"do":"dance"}', viewer)  # type: ignore[arg-type]
        self.assertEqual(json.loads(written[-1]), {"event": "unsupported", "do": "dance"})

    def test_driver_reports_other_bytes_as_base64_only(self) -> None:
        written: list[str] = []
        ViewerDriver(written.append).output("1", b"\xff")
        self.assertEqual(json.loads(written[0]), {"event": "data", "session_id": "1", "payload": None, "base64": "/w=="})

    def test_console_handles_keys(self) -> None:
        user, viewer = Console("1"), CallLog()
        user.handle(b"a\x1d\x1db\x1d", viewer)  # type: ignore[arg-type]
        user.handle(b"qc", viewer)  # type: ignore[arg-type]
        self.assertEqual(viewer.calls, [("send", "1", b"a\x1db"), ("stop",), ("send", "1", b"c")])
