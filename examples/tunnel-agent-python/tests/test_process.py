"""The program as a process: with its log and under a driver."""

import asyncio
import json
import os
import sys
import unittest
from pathlib import Path
from typing import Any

from .support import PATIENCE, TOKEN, Cloud

FOLDER = Path(__file__).resolve().parents[1]
LOCAL = "http://127.0.0.1:9"
PIPE = asyncio.subprocess.PIPE


async def start(*arguments: str, **options: Any) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONFORMANCE_")}
    environment |= options.pop("env", {})
    command = [sys.executable, "-m", "tunnel_agent", *arguments]
    return await asyncio.create_subprocess_exec(*command, cwd=FOLDER, env=environment, **options)


class ProcessTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.cloud = Cloud()
        self.url = await self.cloud.start()

    async def asyncTearDown(self) -> None:
        await self.cloud.stop()

    async def status(self, process: asyncio.subprocess.Process) -> int:
        return await asyncio.wait_for(process.wait(), PATIENCE)

    async def test_reports_events_to_a_driver_and_obeys_it(self) -> None:
        params = json.dumps({"token": TOKEN, "local_url": LOCAL})
        process = await start(stdin=PIPE, stdout=PIPE, env={"CONFORMANCE_URL": self.url, "CONFORMANCE_PARAMS": params})
        peer = await self.cloud.next()
        await peer.accept()
        assert process.stdin and process.stdout
        for event in ("connected", "joined"):
            self.assertEqual(json.loads(await process.stdout.readline()), {"event": event})
        await peer.request("1")
        self.assertEqual(await peer.answer(), {"id": "1", "code": 502})
        process.stdin.write(b'{"do":"stop"}\n')
        self.assertEqual(await self.status(process), 0)

    async def test_logs_requests_and_ends_on_a_signal(self) -> None:
        process = await start("--url", self.url, LOCAL, env={"TUNNEL_TOKEN": TOKEN}, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=PIPE)
        peer = await self.cloud.next()
        await peer.accept()
        await peer.request("1", url="/x?y")
        await peer.answer()
        process.terminate()
        written, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
        self.assertEqual((process.returncode, written, errors), (0, b"connected: serving requests\nGET /x 502\n", b""))

    async def test_refusal_and_giving_up_have_their_own_status(self) -> None:
        process = await start("--url", self.url, LOCAL, env={"TUNNEL_TOKEN": TOKEN}, stdout=PIPE, stderr=PIPE)
        peer = await self.cloud.next()
        await peer.next()
        await peer.send("AuthError", error=f"No, {TOKEN}.")
        written, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
        self.assertEqual((process.returncode, written, errors), (1, b"AuthError: No, ***.\ngiving up\n", b""))
        process = await start(
            "--url", "ws://127.0.0.1:1/tunnel", LOCAL, "--max-attempts", "1", "--driver", env={"TUNNEL_TOKEN": TOKEN}, stdout=PIPE
        )
        self.assertEqual((await process.communicate())[0], b'{"event": "gave_up"}\n')
        self.assertEqual(process.returncode, 1)
