"""The agent: authenticates, serves one connection after the other, and comes back. It knows nothing of HTTP."""

import asyncio
import contextlib
import enum
from typing import Any

from websockets.exceptions import ConnectionClosed

from . import messages
from .connection import ERRORS, Connection, open_connection
from .heartbeat import Counters
from .local import Local
from .messages import AuthError, AuthSuccess
from .options import Options
from .policy import ComingBack
from .session import Refused, Session
from .user import User

_NORMAL_CLOSURE = 1000


class _End(enum.Enum):
    """How a connection, or an attempt at one, came to its end."""

    LOST = enum.auto()
    FINAL = enum.auto()


class Agent:
    def __init__(self, options: Options, user: User) -> None:
        self._options = options
        self._user = user
        self._local = Local(options.origin, options.timing.request_timeout)
        self._counters = Counters()
        self._coming_back = ComingBack(options.policy)
        # Half of what is allowed to wait for the end of TCP, and to end at all (WIRE-05, RECON-13).
        self._patience = options.timing.notify_deadline / 2
        self._task: asyncio.Task[Any] | None = None
        self._connection: Connection | None = None
        self._goodbye: asyncio.Task[None] | None = None
        self._missed = False
        # Whether it was told to stop.
        self._stopping = False

    async def run(self) -> bool:
        """Runs until it is stopped (true) or has given up (false)."""
        self._task = asyncio.current_task()
        try:
            return await self._come_back()
        except asyncio.CancelledError:
            return True

    def stop(self) -> None:
        """Ends for good, and politely where there is a connection (RECON-13)."""
        self._stopping = True
        if self._connection is not None:
            self._goodbye = asyncio.create_task(self._say_goodbye(self._connection))
        elif self._task is not None:
            self._task.cancel()

    async def _come_back(self) -> bool:
        loop = asyncio.get_running_loop()
        while True:
            end, at, why = await self._attempt()
            if self._stopping:
                return True
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
        opened = False
        end, at = _End.LOST, None
        try:
            async with asyncio.timeout(timing.connect_timeout) as limit:
                connection = await open_connection(self._options.url, self._patience)
                self._connection, opened = connection, True
                self._user.connected()
                try:
                    end = await self._converse(connection, limit)
                finally:
                    self._connection = None
                    connection.transport.abort()
            at = connection.ending_since
            why = f"the cloud ended the connection ({connection.close_code})"
        except TimeoutError:
            why = f"not authenticated within {timing.connect_timeout:g} s"
        except ERRORS as error:
            why = str(error) or type(error).__name__
        if opened and not self._stopping and end is _End.LOST:
            self._user.disconnected()
        return end, at or loop.time(), why

    async def _converse(self, connection: Connection, limit: asyncio.Timeout) -> _End:
        try:
            await connection.send(messages.encode(messages.auth(self._options.token), self._options.packed))
            await self._serve(connection, limit)
        except ConnectionClosed:
            pass
        except Refused as refused:
            # The token does not become right by repetition (RECON-11).
            limit.reschedule(None)
            self._user.error("AuthError", self._without_token(str(refused)))
            await self._say_goodbye(connection)
            return _End.FINAL
        return _End.LOST

    async def _serve(self, connection: Connection, limit: asyncio.Timeout) -> None:
        session: Session | None = None
        try:
            async for message in connection:
                if self._stopping:
                    continue
                if session is not None:
                    await session.take(message)
                    continue
                # Before the answer to `Auth` nothing else is answered (TUN-01).
                match messages.read(message):
                    case AuthSuccess():
                        limit.reschedule(None)
                        packed = isinstance(message, bytes)
                        session = Session(connection, self._local, self._options.timing, self._counters, self._user, packed)
                        self._succeed()
                    case AuthError(why):
                        raise Refused(why)
        finally:
            if session is not None:
                session.end()

    def _succeed(self) -> None:
        self._coming_back.succeeded()
        self._user.joined()
        if self._missed:
            self._user.reconnected()
        self._missed = False

    def _without_token(self, text: str) -> str:
        # A cloud that repeats the token must not bring it into a log (TUN-05).
        return text.replace(self._options.token, "***") if self._options.token else text

    async def _say_goodbye(self, connection: Connection) -> None:
        with contextlib.suppress(TimeoutError):
            # `close` itself waits without end for a peer that does not read.
            async with asyncio.timeout(self._patience):
                await connection.close(_NORMAL_CLOSURE)
        connection.transport.abort()
