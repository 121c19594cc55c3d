"""The viewer: joins with a code, carries bytes both ways, and comes back. It knows nothing of screens and keyboards."""

import asyncio
import contextlib
import enum
import json
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from . import messages
from .connection import ERRORS, Connection, open_connection
from .options import Options
from .outbox import Bytes, Control, Outbox
from .policy import ComingBack

_NORMAL_CLOSURE = 1000


class User(Protocol):
    """Who is told what happens."""

    def connected(self) -> None: ...
    def disconnected(self) -> None: ...
    def joined(self) -> None: ...
    def reconnected(self) -> None: ...
    def sessions(self, ids: list[str]) -> None: ...
    def data(self, session_id: str, payload: bytes) -> None: ...
    def error(self, code: str, message: str) -> None: ...
    def waiting(self, seconds: float, why: str) -> None: ...
    def gave_up(self) -> None: ...


class _End(enum.Enum):
    """How a connection, or an attempt at one, came to its end."""

    LOST = enum.auto()
    FINAL = enum.auto()
    SUPERSEDED = enum.auto()


class Viewer:
    def __init__(self, options: Options, user: User) -> None:
        self._options = options
        self._user = user
        self._code = options.code
        self._coming_back = ComingBack(options.policy)
        # Half of what is allowed to wait for the end of TCP, and to end at all (WIRE-05, RECON-13).
        self._patience = options.timing.notify_deadline / 2
        self._outbox = Outbox()
        self._sessions: list[str] = []
        self._code_given = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self._connection: Connection | None = None
        self._goodbye: asyncio.Task[None] | None = None
        self._missed = False
        self._stopping = False
        # Whether the present connection is one that this viewer itself ends.
        self._left = False

    async def run(self) -> bool:
        """Runs until it is stopped (true) or has given up (false)."""
        self._task = asyncio.current_task()
        try:
            return await self._come_back()
        except asyncio.CancelledError:
            return True
        finally:
            if self._outbox:
                self._user.error("NOT_SENT", f"The viewer ended before it had sent everything; {len(self._outbox)} left.")

    def stop(self) -> None:
        """Ends for good, and politely where there is a connection (RECON-13)."""
        self._stopping = True
        if self._connection is not None:
            self._leave(self._connection)
        elif self._task is not None:
            self._task.cancel()

    def join(self, code: str) -> None:
        """Joins with another code. A connection has one code, so this takes a new one."""
        self._code = code
        self._sessions.clear()
        self._code_given.set()
        if self._connection is not None:
            self._leave(self._connection)

    def send(self, session_id: str | None, payload: bytes) -> None:
        """Sends bytes to a session, None being the first one; now, or as soon as that can be done."""
        if session_id is not None:
            messages.binary(session_id, b"")  # refuses an id that fits no binary message
        self._put(Bytes(session_id, payload))

    def control(self, message: Any) -> None:
        """Sends a control message, now or as soon as the viewer has joined."""
        if not messages.may_send(message):
            raise ValueError("this is no message of a viewer that has joined")
        self._put(Control(json.dumps(message)))

    async def sent(self) -> None:
        """Waits until nothing waits to be sent."""
        await self._outbox.emptied()

    def _put(self, item: Bytes | Control) -> None:
        if not self._outbox.put(item):
            self._user.error("BACKLOG_FULL", "Too much is waiting to be sent; this was not taken.")

    async def _come_back(self) -> bool:
        loop = asyncio.get_running_loop()
        while self._code is None:
            await self._code_given.wait()
        while True:
            started = loop.time()
            end, at, why = await self._attempt()
            if self._stopping:
                return True
            if end is _End.SUPERSEDED:
                self._coming_back = ComingBack(self._options.policy)
                # Not even a person who joins again and again makes attempts follow too closely (RECON-06).
                await asyncio.sleep(started + self._options.policy.base / 2 - loop.time())
                continue
            delay = self._coming_back.next() if end is _End.LOST else None
            if delay is None:
                self._user.gave_up()
                return False
            self._missed = True
            self._user.waiting(delay, why)
            await asyncio.sleep(at + delay - loop.time())

    async def _attempt(self) -> tuple[_End, float, str]:
        """One attempt, and the connection that it may lead to: how it ended, when that could be known, and why."""
        loop = asyncio.get_running_loop()
        timing = self._options.timing
        opened, self._left = False, False
        end, at = _End.LOST, None
        try:
            async with asyncio.timeout(timing.connect_timeout) as limit:
                connection = await open_connection(self._options.url, timing, self._patience)
                self._connection, opened = connection, True
                self._user.connected()
                try:
                    end = await self._converse(connection, limit)
                finally:
                    self._connection = None
                    connection.transport.abort()
            at = connection.ending_since
            why = f"the relay ended the connection ({connection.close_code})"
        except TimeoutError:
            why = f"not joined within {timing.connect_timeout:g} s"
        except ERRORS as error:
            why = str(error) or type(error).__name__
        if self._left and end is _End.LOST:
            end = _End.SUPERSEDED
        elif opened and not self._left:
            self._user.disconnected()
        return end, at or loop.time(), why

    async def _converse(self, connection: Connection, limit: asyncio.Timeout) -> _End:
        await connection.send(messages.auth(self._code or ""))
        sender: asyncio.Task[None] | None = None
        last: str | None = None
        try:
            async for message in connection:
                if self._left:
                    continue
                if isinstance(message, bytes):
                    last = None
                    self._take_bytes(message)
                    continue
                control = messages.read_control(message) or {"type": None}
                last = control["type"]
                if last == "auth_success" and sender is None:
                    limit.reschedule(None)
                    sender = asyncio.create_task(self._send_waiting(connection))
                    self._succeed()
                elif last == "auth_failed":
                    # The code does not become right by repetition (RECON-11).
                    limit.reschedule(None)
                    self._user.error("auth_failed", control["reason"])
                    self._left = True
                    await self._say_goodbye(connection)
                    return _End.FINAL
                else:
                    self._take_control(control)
        except ConnectionClosed:
            pass
        finally:
            if sender is not None:
                sender.cancel()
        # The relay tells that the host is gone by these two together (TERM-V2).
        gone = last == "error" and connection.close_code == _NORMAL_CLOSURE and not self._left
        return _End.FINAL if gone else _End.LOST

    def _succeed(self) -> None:
        self._coming_back.succeeded()
        self._user.joined()
        if self._missed:
            self._user.reconnected()
        self._missed = False

    def _take_bytes(self, message: bytes) -> None:
        read = messages.read_binary(message)
        # What is malformed disturbs nobody (TERM-V3).
        if read is not None:
            self._user.data(*read)

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

    def _leave(self, connection: Connection) -> None:
        self._left = True
        self._goodbye = asyncio.create_task(self._say_goodbye(connection))

    async def _say_goodbye(self, connection: Connection) -> None:
        with contextlib.suppress(TimeoutError):
            # `close` itself waits without end for a peer that does not read.
            async with asyncio.timeout(self._patience):
                await connection.close(_NORMAL_CLOSURE)
        connection.transport.abort()
