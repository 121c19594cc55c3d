"""A client that connects, loses its connection and reconnects, over any transport (chapter `reconnect`)."""

import abc
import asyncio
import contextlib
import enum
from typing import Any, Generic, Protocol, TypeVar

from .options import ClientOptions
from .reconnect import Backoff

Connection = TypeVar("Connection")


class Events(Protocol):
    """Receives what happens to a client. `relayspec.driver.Driver` is one."""

    def connected(self) -> None: ...
    def disconnected(self) -> None: ...
    def reconnected(self) -> None: ...
    def waiting(self, seconds: float, why: str) -> None: ...
    def gave_up(self) -> None: ...


class Ending(enum.Enum):
    """How a connection, or an attempt to connect, ended."""

    LOST = enum.auto()
    """The client reconnects after the delay of its policy."""
    FINAL = enum.auto()
    """The client gives up: another attempt would fail in the same way (RECON-11)."""


class ReconnectingClient(abc.ABC, Generic[Connection]):
    """Has at most one connection or attempt at any time (RECON-08). A subclass provides the transport and the protocol."""

    ERRORS: tuple[type[Exception], ...] = (OSError, EOFError)
    """What `open` and `converse` may raise when the peer or the network fails."""

    def __init__(self, options: ClientOptions, events: Events) -> None:
        self._client_options = options
        self._events = events
        self._backoff = Backoff(options.policy)
        self._task: asyncio.Task[Any] | None = None
        self._connection: Connection | None = None
        self._limit: asyncio.Timeout | None = None
        self._closing: asyncio.Task[None] | None = None
        self._missed = False
        self._stopping = False
        self._leaving = False

    async def run(self) -> bool:
        """Runs until the client is stopped (true) or gives up (false)."""
        if self._stopping:
            return True
        self._task = asyncio.current_task()
        try:
            return await self._reconnect()
        except asyncio.CancelledError:
            if not self._stopping or self._task is None:
                raise
            self._task.uncancel()
            return True

    def stop(self) -> None:
        """Ends the client for good, closing an open connection in order (RECON-13)."""
        if self._stopping:
            return
        self._stopping = True
        if self._connection is not None:
            self.restart()
        elif self._task is not None:
            self._task.cancel()

    # For the subclass to call.

    def established(self) -> None:
        """The attempt has reached the protocol's own success: the deadline is lifted, the backoff restarts (RECON-04)."""
        self._lift_deadline()
        self._backoff.succeeded()
        if self._missed:
            self._events.reconnected()
        self._missed = False

    def restart(self) -> None:
        """Closes the present connection, if any, without waiting. A new attempt follows unless the client is stopping."""
        if self._connection is not None:
            self._leaving = True
            self._closing = asyncio.create_task(self._close(self._connection))

    async def leave(self, connection: Connection) -> None:
        """Closes the connection in order, within `patience`."""
        self._leaving = True
        self._lift_deadline()
        await self._close(connection)

    @property
    def leaving(self) -> bool:
        """Whether the client itself is ending the present connection; what still arrives on it no longer matters."""
        return self._leaving

    @property
    def stopping(self) -> bool:
        """Whether the client has been stopped."""
        return self._stopping

    @property
    def patience(self) -> float:
        """Seconds to wait for an orderly end: half of what is allowed (WIRE-05, RECON-13)."""
        return self._client_options.timing.notify_deadline / 2

    # For the subclass to implement.

    @abc.abstractmethod
    async def open(self) -> Connection:
        """Opens a transport."""

    @abc.abstractmethod
    async def converse(self, connection: Connection) -> Ending:
        """Speaks the protocol until the connection ends. Calls `established` once, upon success."""

    @abc.abstractmethod
    async def close(self, connection: Connection) -> None:
        """Closes in order; cancelled if that takes too long."""

    @abc.abstractmethod
    def abort(self, connection: Connection) -> None:
        """Leaves nothing of the connection behind."""

    def ended(self, connection: Connection) -> tuple[float | None, str]:
        """When the end of the connection could be known, in the loop's time (by default now), and why it ended."""
        return None, "the connection ended"

    async def ready(self) -> None:
        """Waits until an attempt makes sense; by default not at all."""

    def attempt_over(self) -> None:
        """An attempt has failed, or its connection has ended; not called if the client was stopped before it connected."""

    async def _reconnect(self) -> bool:
        loop = asyncio.get_running_loop()
        policy = self._client_options.policy
        while True:
            await self.ready()
            started = loop.time()
            ending, at, why = await self._attempt()
            if self._stopping:
                return True
            if self._leaving and ending is Ending.LOST:
                self._backoff = Backoff(policy)
                # Not even frequent restarts make attempts follow each other too closely (RECON-06).
                await asyncio.sleep(started + policy.base / 2 - loop.time())
                continue
            delay = self._backoff.next_delay() if ending is Ending.LOST else None
            if delay is None:
                self._events.gave_up()
                return False
            self._missed = True
            self._events.waiting(delay, why)
            await asyncio.sleep(at + delay - loop.time())

    async def _attempt(self) -> tuple[Ending, float, str]:
        """One attempt, and the connection it may lead to: how it ended, when that could be known, and why."""
        loop = asyncio.get_running_loop()
        timeout = self._client_options.timing.connect_timeout
        opened, self._leaving = False, False
        ending, at, why = Ending.LOST, None, ""
        try:
            async with asyncio.timeout(timeout) as self._limit:
                connection = await self.open()
                self._connection, opened = connection, True
                self._events.connected()
                try:
                    ending = await self.converse(connection)
                finally:
                    self._connection = None
                    self.abort(connection)
                    at, why = self.ended(connection)
        except TimeoutError:
            why = f"no success within {timeout:g} s"  # RECON-12
        except self.ERRORS as error:
            why = why or str(error) or type(error).__name__
        if opened and not self._leaving:
            self._events.disconnected()
        self.attempt_over()
        return ending, loop.time() if at is None else at, why

    async def _close(self, connection: Connection) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.patience):
                await self.close(connection)
        self.abort(connection)

    def _lift_deadline(self) -> None:
        if self._limit is not None:
            self._limit.reschedule(None)
