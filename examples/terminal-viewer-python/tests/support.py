"""Test helpers: golden vectors, a relay that each test scripts, and a user that records events."""

import asyncio
import json
from pathlib import Path
from typing import Any

from relayspec.reconnect import Policy
from relayspec.timing import Timing
from terminal_viewer.options import Options
from terminal_viewer.viewer import Viewer
from websockets.asyncio.server import Server, ServerConnection, serve

CODE = "K7QXM2"
OTHER_CODE = "AAAAAA"
PATIENCE = 5
TIMING = Timing(connect_timeout=0.3, notify_deadline=0.2, heartbeat_interval=10, heartbeat_timeout=1)
POLICY = Policy(base=0.02, factor=2, cap=0.1)


def vectors(name: str) -> Any:
    fixtures = Path(__file__).resolve().parents[3] / "fixtures"
    return json.loads((fixtures / f"{name}.json").read_text(encoding="utf-8"))


def vector_text(vector: Any) -> str:
    """The text of a vector that is valid UTF-8; the WebSocket layer rejects others."""
    return "".join(part["text"] * part["times"] for part in vector["parts"]) if "parts" in vector else vector["text"]


class Peer:
    """The relay's end of one connection."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.gone = asyncio.Event()

    async def next(self) -> Any:
        message = await asyncio.wait_for(self.socket.recv(), PATIENCE)
        return json.loads(message) if isinstance(message, str) else message

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def accept(self) -> None:
        await self.next()
        await self.send(type="auth_success")


class Relay:
    """Accepts connections and sends nothing by itself."""

    def __init__(self) -> None:
        self.peers: asyncio.Queue[Peer] = asyncio.Queue()

    async def start(self) -> str:
        self.server: Server = await serve(self._accept, "127.0.0.1", 0, compression=None, ping_interval=None, max_size=None)
        port = self.server.sockets[0].getsockname()[1]
        return f"ws://127.0.0.1:{port}/ws"

    async def next(self) -> Peer:
        return await asyncio.wait_for(self.peers.get(), PATIENCE)

    async def _accept(self, socket: ServerConnection) -> None:
        peer = Peer(socket)
        self.peers.put_nowait(peer)
        await socket.wait_closed()
        peer.gone.set()


class EventLog:
    """A user that records events."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()

    async def next(self) -> tuple[Any, ...]:
        return await asyncio.wait_for(self._queue.get(), PATIENCE)

    def __getattr__(self, name: str) -> Any:
        silent = name in ("waiting", "sessions")
        return lambda *values: None if silent else self._queue.put_nowait((name, *values))


def start_viewer(url: str, code: str | None = CODE, policy: Policy = POLICY) -> tuple[Viewer, EventLog, asyncio.Task[bool]]:
    log = EventLog()
    viewer = Viewer(Options(url=url, code=code, timing=TIMING, policy=policy), log)
    return viewer, log, asyncio.create_task(viewer.run())
