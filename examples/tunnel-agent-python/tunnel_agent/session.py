"""One authenticated connection: forwards requests to the local server, and sends each answer as soon as it is complete."""

import asyncio
from collections.abc import Callable

from relayspec.timing import Timing
from relayspec.websocket import Connection
from websockets.exceptions import ConnectionClosed

from . import messages
from .heartbeat import Counters, Heartbeat
from .local import Local, RequestFailed
from .messages import AuthError, Error, Malformed, Ping, Pong, Request
from .outbox import Outbox
from .user import User

# Beyond these, requests are refused with 503, to bound memory.
_MOST_REQUESTS = 1000
_MOST_BYTES = 512 * 1024**2


class Refused(Exception):
    """The cloud refuses this agent."""


class Session:
    def __init__(
        self, connection: Connection, local: Local, timing: Timing, counters: Counters, user: User, packed: bool
    ) -> None:
        self._connection = connection
        self._local = local
        self._counters = counters
        self._user = user
        # Each side answers in the encoding that its peer used last.
        self._packed = packed
        self._outbox = Outbox(connection, lambda: self._packed, timing.heartbeat_timeout, connection.drop)
        self._heartbeat = Heartbeat(timing, counters, self._outbox, connection.drop)
        self._in_flight: set[str] = set()
        self._requests: set[asyncio.Task[None]] = set()
        self._bytes = 0
        self._work = [asyncio.create_task(self._send()), asyncio.create_task(self._heartbeat.run())]

    def end(self) -> None:
        """Cancels everything; answers not yet sent never will be."""
        for task in [*self._work, *self._requests]:
            task.cancel()

    async def take(self, message: str | bytes) -> None:
        """Handles a message of the cloud. Waits only if the cloud does not accept its answers."""
        self._packed = isinstance(message, bytes)
        match messages.read(message):
            case Request() as request:
                self._begin(request)
            case Ping(timestamp):
                self._outbox.put(messages.pong(timestamp))
            case Pong(timestamp):
                self._heartbeat.answered(timestamp)
            case Error(_, why, code):
                self._user.error("Error" if code is None else str(code), why)
            case AuthError(why):
                raise Refused(why)
            case Malformed(id, why):
                self._outbox.put(messages.error(id, why, 400))
        await self._outbox.room()

    async def _send(self) -> None:
        try:
            await self._outbox.run()
        except ConnectionClosed:
            pass  # the reader notices it too
        except Exception:
            # A connection that cannot send is useless.
            self._connection.drop()
            raise

    def _begin(self, request: Request) -> None:
        if request.id in self._in_flight:
            self._refuse(request, 409, "A request with this id is in progress.")
        elif len(self._requests) >= _MOST_REQUESTS:
            self._refuse(request, 503, "Too many requests are in progress.")
        else:
            self._in_flight.add(request.id)
            task = asyncio.create_task(self._answer(request))
            self._requests.add(task)
            task.add_done_callback(self._requests.discard)

    def _refuse(self, request: Request, code: int, why: str) -> None:
        self._outbox.put(messages.error(request.id, why, code))
        self._counters.answered(len(request.body))
        self._user.answered(request.method, request.url, code)

    async def _answer(self, request: Request) -> None:
        memory = _Memory(self._reserve)
        try:
            status, message, length = await self._forward(request, memory.reserve)
            # Once it has the answer, the cloud may reuse the id.
            await self._outbox.put_last(message, lambda: self._in_flight.discard(request.id))
            self._counters.answered(len(request.body) + length)
            self._user.answered(request.method, request.url, status)
        finally:
            memory.release()

    async def _forward(self, request: Request, reserve: Callable[[int], None]) -> tuple[int, messages.Message, int]:
        try:
            reserve(_size(request))
            answer = await self._local.send(request, reserve)
        except RequestFailed as failed:
            return failed.code, messages.error(request.id, str(failed), failed.code), 0
        except Exception as error:
            # Even if this agent has a bug, the request is answered (TUN-10).
            return 502, messages.error(request.id, f"The agent failed: {type(error).__name__}.", 502), 0
        message = messages.response(request.id, answer.status, answer.reason, answer.headers, answer.body)
        return answer.status, message, len(answer.body)

    def _reserve(self, count: int) -> None:
        if self._bytes + count > _MOST_BYTES:
            raise RequestFailed(503, "Too much is in progress.")
        self._bytes += count


def _size(request: Request) -> int:
    return len(request.id) + len(request.url) + sum(len(name) + len(value) for name, value in request.headers) + len(request.body)


class _Memory:
    """The bytes that one request and its answer occupy."""

    def __init__(self, reserve: Callable[[int], None]) -> None:
        self._reserve = reserve
        self._count = 0

    def reserve(self, count: int) -> None:
        if self._count + count > 2 * messages.LONGEST:
            raise RequestFailed(502, "The answer of the local server is too long for a message.")
        self._reserve(count)
        self._count += count

    def release(self) -> None:
        self._reserve(-self._count)
