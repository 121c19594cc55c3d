"""The viewer: joins with a code and carries bytes both ways. It does not deal with terminals."""

import asyncio
import json
from typing import Any, Protocol

from relayspec.client import Ending, Events
from relayspec.websocket import Connection, WebSocketClient
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from . import messages
from .options import Options
from .outbox import Bytes, Control, Outbox

_NORMAL_CLOSURE = 1000
# Sixteen times what every receiver accepts (WIRE-07).
_LARGEST = 16 * 1024**2


class User(Events, Protocol):
    """Receives what happens."""

    def joined(self) -> None: ...
    def sessions(self, ids: list[str]) -> None: ...
    def output(self, session_id: str, payload: bytes) -> None: ...
    def error(self, code: str, message: str) -> None: ...


class Viewer(WebSocketClient):
    def __init__(self, options: Options, user: User) -> None:
        super().__init__(options, user, max_size=_LARGEST)
        self._user = user
        self._code = options.code
        self._code_given = asyncio.Event()
        self._outbox = Outbox()
        self._sessions: list[str] = []

    async def run(self) -> bool:
        try:
            return await super().run()
        finally:
            if self._outbox:
                self._user.error("NOT_SENT", f"The viewer ended before it had sent everything; {len(self._outbox)} left.")

    def join(self, code: str) -> None:
        """Joins with another code, on a new connection: each connection has one code."""
        self._code = code
        self._sessions.clear()
        self._code_given.set()
        self.restart()

    def send(self, session_id: str | None, payload: bytes) -> None:
        """Sends bytes to a session, or to the first one if None; now, or as soon as possible."""
        if session_id is not None:
            messages.binary(session_id, b"")  # rejects an invalid id at once
        self._put(Bytes(session_id, payload))

    def control(self, message: Any) -> None:
        """Sends a control message, now or as soon as the viewer has joined."""
        if not messages.may_send(message):
            raise ValueError("not a message that a viewer can send")
        self._put(Control(json.dumps(message)))

    async def sent(self) -> None:
        """Waits until everything has been sent."""
        await self._outbox.emptied()

    def _put(self, item: Bytes | Control) -> None:
        if not self._outbox.put(item):
            self._user.error("BACKLOG_FULL", "Too much is waiting to be sent; this was not taken.")

    async def ready(self) -> None:
        while self._code is None:
            await self._code_given.wait()

    async def converse(self, connection: Connection) -> Ending:
        await connection.send(messages.auth(self._code or ""))
        sender: asyncio.Task[None] | None = None
        last: str | None = None
        try:
            async for message in connection:
                if self.leaving:
                    continue
                if isinstance(message, bytes):
                    last = None
                    self._take_bytes(message)
                    continue
                control = messages.read_control(message) or {"type": None}
                last = control["type"]
                if last == "auth_success" and sender is None:
                    sender = asyncio.create_task(self._send_waiting(connection))
                    self._user.joined()
                    self.established()
                elif last == "auth_failed":
                    # Retrying cannot make the code right (RECON-11).
                    self._user.error("auth_failed", control["reason"])
                    await self.leave(connection)
                    return Ending.FINAL
                else:
                    self._take_control(control)
        finally:
            if sender is not None:
                sender.cancel()
        # These two together mean that the host is gone (TERM-V2).
        gone = last == "error" and connection.close_code == _NORMAL_CLOSURE and not self.leaving
        return Ending.FINAL if gone else Ending.LOST

    def _take_bytes(self, message: bytes) -> None:
        read = messages.read_binary(message)
        # Malformed messages are ignored (TERM-V3).
        if read is not None:
            self._user.output(*read)

    def _take_control(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "error":
                self._user.error("error", message["message"])
                return
            case "session_list":
                self._sessions = [session["id"] for session in message["sessions"]]
            case "session_connected" if message["session_id"] not in self._sessions:
                self._sessions.append(message["session_id"])
            case "session_disconnected" if message["session_id"] in self._sessions:
                self._sessions.remove(message["session_id"])
            case _:
                return
        self._user.sessions(list(self._sessions))
        self._outbox.session_known()

    async def _send_waiting(self, connection: Connection) -> None:
        while True:
            item, message = await self._outbox.next(lambda: self._sessions[0] if self._sessions else None)
            if connection.state is not State.OPEN:
                return
            self._outbox.remove(item)
            sent = False
            try:
                await connection.send(message)
                sent = True
            except ConnectionClosed:
                return
            finally:
                if not sent:
                    self._user.error("NOT_SENT", "The connection was lost before this was sent.")
