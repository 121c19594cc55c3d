"""The viewer against a relay that the test plays."""

import asyncio
import json
import unittest

from terminal_viewer.driver import Driver
from terminal_viewer.person import Person
from terminal_viewer.policy import Policy
from terminal_viewer.viewer import Viewer

from .support import CODE, OTHER_CODE, PATIENCE, Notes, Peer, Relay, start_viewer

LIST = {"type": "session_list", "sessions": [{"id": "1", "name": "zsh"}, {"id": "2", "name": "build"}]}


class Viewers(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.relay = Relay()
        self.url = await self.relay.start()

    async def asyncTearDown(self) -> None:
        self.relay.server.close()

    async def joined(self) -> tuple[Viewer, Notes, asyncio.Task[bool], Peer]:
        viewer, notes, run = start_viewer(self.url)
        peer = await self.relay.next()
        await peer.welcome()
        self.assertEqual([await notes.next(), await notes.next()], [("connected",), ("joined",)])
        self.addAsyncCleanup(self.stop, viewer, run)
        return viewer, notes, run, peer

    async def stop(self, viewer: Viewer, run: asyncio.Task[bool]) -> None:
        viewer.stop()
        await asyncio.wait_for(run, PATIENCE)

    async def test_it_joins_with_its_code_and_leaves_politely(self) -> None:
        viewer, notes, run = start_viewer(self.url)
        peer = await self.relay.next()
        self.assertEqual(await peer.next(), {"type": "auth", "session_code": CODE})
        await peer.say(type="auth_success")
        self.assertEqual([await notes.next(), await notes.next()], [("connected",), ("joined",)])
        viewer.stop()
        self.assertTrue(await run)
        await peer.gone.wait()
        self.assertEqual(peer.socket.close_code, 1000)

    async def test_bytes_pass_both_ways(self) -> None:
        viewer, notes, _, peer = await self.joined()
        for payload in (b"", b"ls\n", b"\xff\x00", b"x" * 1024 * 1024):
            await peer.socket.send(b"\x012" + payload)
            self.assertEqual(await notes.next(), ("data", "2", payload))
            viewer.send("2", payload)
            self.assertEqual(await peer.next(), b"\x012" + payload)

    async def test_text_for_the_first_session_waits_for_one_and_control_messages_do_not(self) -> None:
        viewer, _, _, peer = await self.joined()
        viewer.send(None, b"a")
        viewer.send("2", b"b")
        viewer.control({"type": "create_session"})
        self.assertEqual(await peer.next(), {"type": "create_session"})
        await peer.say(**LIST)
        self.assertEqual([await peer.next(), await peer.next()], [b"\x011a", b"\x012b"])
        await peer.say(type="session_disconnected", session_id="1")
        await peer.say(type="session_connected", session_id="3", name="new")
        await peer.socket.send(b"\x011.")
        viewer.send("3", b"c")
        self.assertEqual(await peer.next(), b"\x013c")
        viewer.send(None, b"d")
        self.assertEqual(await peer.next(), b"\x012d")

    async def test_what_is_no_message_is_survived(self) -> None:
        _, notes, _, peer = await self.joined()
        for message in ("", "no", "[]", '{"type":"dance"}', "[" * 100_000, '{"type":"error"}', b"", b"\0", b"\x05ab", b"\x01\xff"):
            await peer.socket.send(message)
        await peer.socket.send(b"\x011still here")
        self.assertEqual(await notes.next(), ("data", "1", b"still here"))

    async def test_it_comes_back_and_sends_what_it_was_given_meanwhile(self) -> None:
        for code in (1000, 1001, 1008, None):
            with self.subTest(code):
                viewer, notes, _, peer = await self.joined()
                if code is None:
                    peer.socket.transport.abort()
                else:
                    await peer.socket.close(code)
                self.assertEqual(await notes.next(), ("disconnected",))
                viewer.send("1", b"meanwhile")
                peer = await self.relay.next()
                await peer.welcome()
                self.assertEqual(await peer.next(), b"\x011meanwhile")
                self.assertEqual([(await notes.next())[0] for _ in range(3)], ["connected", "joined", "reconnected"])
                viewer.stop()

    async def test_a_close_frame_without_the_end_of_tcp_is_a_loss(self) -> None:
        _, notes, _, peer = await self.joined()
        peer.socket.transport.write(b"\x88\x00")
        self.assertEqual(await notes.next(), ("disconnected",))
        await self.relay.next()

    async def test_a_refused_code_is_not_tried_again(self) -> None:
        _, notes, run = start_viewer(self.url)
        peer = await self.relay.next()
        await peer.next()
        await peer.say(type="auth_failed", reason="No host has this code.")
        self.assertFalse(await asyncio.wait_for(run, PATIENCE))
        expected = [("connected",), ("error", "auth_failed", "No host has this code."), ("gave_up",)]
        self.assertEqual([await notes.next() for _ in expected], expected)

    async def test_after_a_lost_host_it_stays_away_and_after_another_error_it_does_not(self) -> None:
        _, notes, run, peer = await self.joined()
        await peer.say(type="error", message="The host is gone.")
        await peer.socket.close(1000)
        self.assertFalse(await asyncio.wait_for(run, PATIENCE))
        self.assertEqual([(await notes.next())[0] for _ in range(3)], ["error", "disconnected", "gave_up"])

        _, notes, run, peer = await self.joined()
        await peer.say(type="error", message="Too busy.")
        await peer.socket.close(1013)
        await self.relay.next()

    async def test_another_code_takes_another_connection(self) -> None:
        viewer, notes, _, peer = await self.joined()
        viewer.join(OTHER_CODE)
        await peer.gone.wait()
        self.assertEqual(peer.socket.close_code, 1000)
        peer = await self.relay.next()
        self.assertEqual(await peer.next(), {"type": "auth", "session_code": OTHER_CODE})
        await peer.say(type="auth_success")
        self.assertEqual([await notes.next(), await notes.next()], [("connected",), ("joined",)])

    async def test_attempts_that_hang_are_given_up(self) -> None:
        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        silent = await asyncio.start_server(hang, "127.0.0.1", 0)
        self.addCleanup(silent.close)
        urls = [f"ws://127.0.0.1:{silent.sockets[0].getsockname()[1]}/ws", self.url]
        for url in urls:
            _, notes, run = start_viewer(url, policy=Policy(base=0.02, factor=2, cap=0.1, max_attempts=2))
            start = asyncio.get_running_loop().time()
            self.assertFalse(await asyncio.wait_for(run, PATIENCE))
            self.assertGreater(asyncio.get_running_loop().time() - start, 0.6)

    async def test_what_does_not_fit_is_refused_and_what_is_left_is_told_of(self) -> None:
        viewer, notes, run = start_viewer("ws://127.0.0.1:1/ws")
        viewer.send("1", b"x" * 16 * 1024**2)
        viewer.send("1", b"y")
        self.assertEqual((await notes.next())[:2], ("error", "BACKLOG_FULL"))
        viewer.stop()
        self.assertTrue(await run)
        self.assertEqual((await notes.next())[:2], ("error", "NOT_SENT"))


class Given:
    """A viewer that writes down what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def __getattr__(self, name: str) -> object:
        return lambda *values: self.asked.append((name, *values))


class Users(unittest.TestCase):
    def test_commands_of_a_driver(self) -> None:
        written: list[str] = []
        driver, viewer = Driver(written.append), Given()
        for line in (
            '{"do":"send","payload":"ls\\n"}',
            '{"do":"send","payload":{"session_id":"2","data":"é"}}',
            '{"do":"send","payload":{"session_id":"2","base64":"/w=="}}',
            '{"do":"send","payload":{"type":"create_session"}}',
            '{"do":"join","code":"AAAAAA"}',
            '{"do":"stop"}',
        ):
            driver.take(line.encode(), viewer)  # type: ignore[arg-type]
        self.assertEqual(
            viewer.asked,
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

    def test_what_is_no_command_is_told(self) -> None:
        written: list[str] = []
        driver, viewer = Driver(written.append), Given()
        for line in (b"no", b"[]", b"1", b"\xff", b'{"do":"send"}', b'{"do":"join","code":1}', b'{"do":"send","payload":null}', b'{"do":1}'):
            driver.take(line, viewer)  # type: ignore[arg-type]
        driver.take(b" \r\n", viewer)  # type: ignore[arg-type]
        self.assertEqual([json.loads(line)["code"] for line in written], ["BAD_COMMAND"] * 8)
        driver.take(b'{"do":"dance"}', viewer)  # type: ignore[arg-type]
        self.assertEqual(json.loads(written[-1]), {"event": "unsupported", "do": "dance"})

    def test_bytes_that_are_no_text_come_in_base64_alone(self) -> None:
        written: list[str] = []
        Driver(written.append).data("1", b"\xff")
        self.assertEqual(json.loads(written[0]), {"event": "data", "session_id": "1", "payload": None, "base64": "/w=="})

    def test_keys_of_a_person(self) -> None:
        user, viewer = Person("1"), Given()
        user.take(b"a\x1d\x1db\x1d", viewer)  # type: ignore[arg-type]
        user.take(b"qc", viewer)  # type: ignore[arg-type]
        self.assertEqual(viewer.asked, [("send", "1", b"a\x1db"), ("stop",), ("send", "1", b"c")])
