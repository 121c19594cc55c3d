"""Test helpers: golden vectors, a cloud and a local server that each test scripts, and a user that records events."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgpack
from relayspec.reconnect import Policy
from relayspec.timing import Timing
from tunnel_agent.agent import Agent
from tunnel_agent.local import Origin
from tunnel_agent.options import Options
from websockets.asyncio.server import Server, ServerConnection, serve

TOKEN = "s3cret-s3cret-s3cret"
PATIENCE = 5
TIMING = Timing(
    connect_timeout=0.3, notify_deadline=0.2, heartbeat_interval=10, heartbeat_timeout=1, request_timeout=0.5
)
POLICY = Policy(base=0.02, factor=2, cap=0.1)
NOWHERE = Origin("127.0.0.1", 1)


def vectors(name: str) -> Any:
    fixtures = Path(__file__).resolve().parents[3] / "fixtures"
    return json.loads((fixtures / f"{name}.json").read_text(encoding="utf-8"))


def expanded(value: Any) -> Any:
    """Vectors give long strings as parts."""
    if isinstance(value, list):
        return [expanded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"parts"}:
        return "".join(part["text"] * part["times"] for part in value["parts"])
    return {name: expanded(member) for name, member in value.items()}


def vector_message(vector: Any) -> str | bytes:
    """The message of a vector."""
    if "binary" in vector:
        return bytes.fromhex(expanded(vector["binary"]))
    return vector["text"] if "text" in vector else expanded({"parts": vector["parts"]})


class Peer:
    """The cloud's end of one connection."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.gone = asyncio.Event()
        self.packed = False

    async def next(self) -> Any:
        """The next message in its JSON form; sets `packed`."""
        message = await asyncio.wait_for(self.socket.recv(), PATIENCE)
        self.packed = isinstance(message, bytes)
        if isinstance(message, str):
            return json.loads(message)
        value = msgpack.unpackb(message)
        if value["data"].get("body") is not None:
            value["data"]["body"] = base64.b64encode(value["data"]["body"]).decode()
        return value

    async def send(self, type: str, **data: Any) -> None:
        await self.socket.send(json.dumps({"type": type, "data": data}))

    async def send_packed(self, type: str, **data: Any) -> None:
        await self.socket.send(msgpack.packb({"type": type, "data": data}))

    async def request(self, id: str = "r1", method: str = "GET", url: str = "/", headers: Any = None, body: bytes = b"") -> None:
        text = base64.b64encode(body).decode() if body else None
        await self.send("HttpRequest", id=id, method=method, url=url, headers=headers or {}, body=text)

    async def answer(self) -> Any:
        """The next answer to a request: its id and members, the body as bytes."""
        message = await self.next()
        data = message["data"]
        if message["type"] == "HttpResponse":
            data["body"] = base64.b64decode(data["body"] or "")
        else:
            assert message["type"] == "Error" and data["error"], message
            data = {"id": data["request_id"], "code": data["code"]}
        return data

    async def accept(self) -> None:
        await self.next()
        await self.send("AuthSuccess", session_id="s")


class Cloud:
    """Accepts connections and sends nothing by itself."""

    def __init__(self) -> None:
        self.peers: asyncio.Queue[Peer] = asyncio.Queue()

    async def start(self) -> str:
        self.server: Server = await serve(self._accept, "127.0.0.1", 0, compression=None, ping_interval=None, max_size=None)
        port = self.server.sockets[0].getsockname()[1]
        return f"ws://127.0.0.1:{port}/tunnel"

    async def stop(self) -> None:
        self.server.close()
        await self.server.wait_closed()

    async def next(self) -> Peer:
        return await asyncio.wait_for(self.peers.get(), PATIENCE)

    async def _accept(self, socket: ServerConnection) -> None:
        peer = Peer(socket)
        self.peers.put_nowait(peer)
        await socket.wait_closed()
        peer.gone.set()


class LocalServer:
    """Reads each request, with its body if it has a `content-length`, and lets the test answer in bytes."""

    def __init__(self, answer: Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]) -> None:
        self._answer = answer
        self.requests: list[bytes] = []

    async def start(self) -> Origin:
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=64 * 1024**2)
        return Origin("127.0.0.1", self.server.sockets[0].getsockname()[1])

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
            request = head + await reader.readexactly(length)
            self.requests.append(request)
            await self._answer(request, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the agent is gone, or the test is over
        finally:
            writer.close()


class EventLog:
    """A user that records events."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()

    async def next(self) -> tuple[Any, ...]:
        return await asyncio.wait_for(self._queue.get(), PATIENCE)

    def __getattr__(self, name: str) -> Any:
        silent = name in ("waiting", "answered")
        return lambda *values: None if silent else self._queue.put_nowait((name, *values))


def start_agent(url: str, origin: Origin = NOWHERE, **options: Any) -> tuple[Agent, EventLog, asyncio.Task[bool]]:
    log = EventLog()
    given: dict[str, Any] = {"timing": TIMING, "policy": POLICY, **options}
    agent = Agent(Options(url=url, token=TOKEN, origin=origin, **given), log)
    return agent, log, asyncio.create_task(agent.run())
