"""The program as a process: at a terminal and under a driver."""

import asyncio
import json
import os
import pty
import sys
import termios
import unittest
from pathlib import Path
from typing import Any

from .support import CODE, PATIENCE, Relay

FOLDER = Path(__file__).resolve().parents[1]


async def start(*arguments: str, **options: Any) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONFORMANCE_")}
    environment |= options.pop("env", {})
    command = [sys.executable, "-m", "terminal_viewer", *arguments]
    return await asyncio.create_subprocess_exec(*command, cwd=FOLDER, env=environment, **options)


class ProcessTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.relay = Relay()
        self.url = await self.relay.start()

    async def asyncTearDown(self) -> None:
        self.relay.server.close()

    async def status(self, process: asyncio.subprocess.Process) -> int:
        return await asyncio.wait_for(process.wait(), PATIENCE)

    async def test_reports_events_to_a_driver_and_obeys_it(self) -> None:
        pipe = asyncio.subprocess.PIPE
        process = await start(
            stdin=pipe, stdout=pipe, env={"CONFORMANCE_URL": self.url, "CONFORMANCE_PARAMS": json.dumps({"code": CODE})}
        )
        peer = await self.relay.next()
        await peer.accept()
        assert process.stdin and process.stdout
        for event in ("connected", "joined"):
            self.assertEqual(json.loads(await process.stdout.readline()), {"event": event})
        process.stdin.write(b'{"do":"send","payload":{"session_id":"1","data":"\xc3\xa9"}}\n')
        self.assertEqual(await peer.next(), b"\x011\xc3\xa9")
        process.stdin.write(b'{"do":"stop"}\n')
        self.assertEqual(await self.status(process), 0)

    async def test_giving_up_has_its_own_status(self) -> None:
        process = await start("--url", "ws://127.0.0.1:1/ws", CODE, "--max-attempts", "1", "--driver", stdout=-1, stdin=-3)
        self.assertEqual((await process.communicate())[0], b'{"event": "gave_up"}\n')
        self.assertEqual(process.returncode, 1)

    async def test_uses_raw_mode_and_restores_the_terminal(self) -> None:
        for leave in ("by a key", "by a signal", "by a refusal"):
            with self.subTest(leave):
                ours, theirs = pty.openpty()
                before = termios.tcgetattr(theirs)
                process = await start("--url", self.url, CODE, stdin=theirs, stdout=theirs, stderr=theirs)
                peer = await self.relay.next()
                await peer.accept()
                await peer.send(type="session_list", sessions=[{"id": "1", "name": "zsh"}])
                await peer.socket.send(b"\x011$ ")
                os.write(ours, b"ls\x03")
                typed = b""
                while len(typed) < 3:
                    typed += (await peer.next())[2:]
                self.assertEqual(typed, b"ls\x03", "keys are sent as they are, Ctrl-C too")
                if leave == "by a key":
                    os.write(ours, b"\x1dq")
                elif leave == "by a signal":
                    process.terminate()
                else:
                    await peer.send(type="auth_failed", reason="No.")
                self.assertEqual(await self.status(process), 1 if leave == "by a refusal" else 0)
                self.assertEqual(termios.tcgetattr(theirs), before)
                self.assertIn(b"$ ", os.read(ours, 4096))
                os.close(ours)
                os.close(theirs)
