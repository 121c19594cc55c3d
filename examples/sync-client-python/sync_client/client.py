"""The client: authenticates, keeps its user's subscriptions over losses, and brings each request to an end."""

import asyncio
import contextlib
import enum
import json
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from . import messages
from .connection import ERRORS, Connection, open_connection
from .messages import Topic
from .options import Options
from .policy import ComingBack
from .requests import Request, Requests

_NORMAL_CLOSURE = 1000
# What every receiver accepts (WIRE-07).
_LARGEST = 1024**2
_LOST = "The connection was lost: nobody knows whether this has arrived."
_LATE = "No answer came in time."


class User(Protocol):
    """Who is told what happens."""

    def connected(self) -> None: ...
    def disconnected(self) -> None: ...
    def joined(self) -> None: ...
    def reconnected(self) -> None: ...
    def data(self, topic: Topic, payload: dict[str, Any]) -> None: ...
    def result(self, name: str, ok: Any = None, error: str | None = None) -> None: ...
    def error(self, code: str, message: str) -> None: ...
    def waiting(self, seconds: float, why: str) -> None: ...
    def gave_up(self) -> None: ...


class _End(enum.Enum):
    """How a connection, or an attempt at one, came to its end."""

    LOST = enum.auto()
    FINAL = enum.auto()


class Client:
    def __init__(self, options: Options, user: User) -> None:
        self._options = options
        self._user = user
        self._coming_back = ComingBack(options.policy)
        # Half of what is allowed to wait for the end of TCP, and to end at all (WIRE-05, RECON-13).
        self._patience = options.timing.notify_deadline / 2
        self._requests = Requests()
        # What the user has subscribed to, in that order, and what of it is subscribed on this connection.
        self._wanted: list[Topic] = []
        self._active: set[Topic] = set()
        # The number of the latest message that the user has, by chat.
        self._known: dict[str, float] = {}
        self._outgoing: asyncio.Queue[str] | None = None
        self._auth: str | None = None
        self._task: asyncio.Task[Any] | None = None
        self._connection: Connection | None = None
        self._goodbye: asyncio.Task[None] | None = None
        self._missed = False
        self._stopping = False
        if options.chat is not None:
            self._wanted.append(("chat", options.chat))

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

    def subscribe(self, name: str | None, topic: Topic) -> None:
        if self._take(request := Request("subscribe", name, topic)):
            if topic not in self._wanted:
                self._wanted.append(topic)
            self._ask_or_wait(request)

    def unsubscribe(self, name: str | None, topic: Topic) -> None:
        if not self._take(request := Request("unsubscribe", name, topic)):
            return
        self._wanted = [wanted for wanted in self._wanted if wanted != topic]
        for waiting in self._requests.subscribing_to(topic):
            self._requests.withdraw(waiting)
            self._fail(waiting, "This was unsubscribed before it was subscribed.")
        if self._outgoing is None:
            # With the connection all subscriptions are gone.
            self._succeed(request, {"unsubscribed": True})
        else:
            self._ask(request)

    def send(self, name: str | None, chat: str, text: str) -> None:
        if self._take(request := Request("send", name, chat=chat, text=text)):
            self._ask_or_wait(request)

    def _take(self, request: Request) -> bool:
        if self._requests.are_too_many():
            self._fail(request, "Too much waits to be answered already: this was not sent.")
            return False
        timing = self._options.timing
        seconds = timing.request_timeout if request.kind == "send" else timing.subscribe_timeout
        self._requests.time(request, seconds, lambda late: self._came_to_nothing(late, _LATE))
        return True

    def _ask_or_wait(self, request: Request) -> None:
        if self._outgoing is None:
            self._requests.wait(request)
        else:
            self._ask(request)

    def _ask(self, request: Request) -> None:
        request_id = self._requests.next_id()
        text = json.dumps(request.message(request_id), ensure_ascii=False)
        if len(text.encode(errors="surrogatepass")) > _LARGEST:
            return self._fail(request, "A message has at most 1 MiB: this was not sent.")
        self._requests.asked(request_id, request)
        if self._outgoing is not None:
            self._outgoing.put_nowait(text)

    def _came_to_nothing(self, request: Request, why: str) -> None:
        if request.kind == "subscribe" and request.user is not None and request.topic not in self._active:
            self._wanted = [wanted for wanted in self._wanted if wanted != request.topic]
        self._fail(request, why)

    def _fail(self, request: Request, why: str) -> None:
        request.over()
        if request.user is None:
            self._user.error("FAILED", why)
        else:
            self._user.result(request.user, error=why)

    def _succeed(self, request: Request, ok: Any) -> None:
        request.over()
        if request.user is not None:
            self._user.result(request.user, ok=ok)

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
        opened, end, at = False, _End.LOST, None
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
            why = f"the server ended the connection ({connection.close_code})"
        except TimeoutError:
            why = f"not authenticated within {timing.connect_timeout:g} s"
        except ERRORS as error:
            why = str(error) or type(error).__name__
        if opened and end is _End.LOST and not self._stopping:
            self._user.disconnected()
        self._forget_connection()
        return end, at or loop.time(), why

    def _forget_connection(self) -> None:
        self._outgoing, self._auth = None, None
        self._active.clear()
        for request in self._requests.take_open():
            if request.kind == "subscribe" and request.user is not None:
                self._requests.wait(request)
            elif request.kind == "unsubscribe":
                self._succeed(request, {"unsubscribed": True})
            elif request.kind == "send":
                self._fail(request, _LOST)  # SYNC-C3
            else:
                request.over()

    async def _converse(self, connection: Connection, limit: asyncio.Timeout) -> _End:
        self._auth = self._requests.next_id()
        await connection.send(json.dumps({"id": self._auth, "type": "auth", "pin": self._options.pin}))  # SYNC-C1
        sender: asyncio.Task[None] | None = None
        try:
            async for text in connection:
                message = messages.read(text) if isinstance(text, str) else None
                # What is no message disturbs nobody (SYNC-C6).
                if message is None or self._stopping:
                    continue
                mine = message["id"] == self._auth
                if message["type"] == "auth_success" and mine and sender is None:
                    limit.reschedule(None)
                    self._outgoing = asyncio.Queue()
                    sender = asyncio.create_task(self._write(connection, self._outgoing))
                    self._enter()
                elif message["type"] == "auth_failed" and mine and sender is None:
                    # The PIN does not become right by repetition (RECON-11).
                    limit.reschedule(None)
                    self._user.error("auth_failed", message["error"])
                    await self._say_goodbye(connection)
                    return _End.FINAL
                else:
                    self._hear(message)
        except ConnectionClosed:
            pass
        finally:
            if sender is not None:
                sender.cancel()
        return _End.LOST

    def _enter(self) -> None:
        self._coming_back.succeeded()
        self._user.joined()
        if self._missed:
            self._user.reconnected()
        self._missed = False
        for topic in self._wanted:
            if not self._requests.subscribing_to(topic):
                request = Request("subscribe", None, topic)
                if self._take(request):
                    self._ask(request)  # SYNC-C3
        for request in self._requests.take_waiting():
            self._ask(request)

    def _hear(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "data" if message["id"] is None:
                self._push(message)
            case "data":
                request = self._requests.answered(message["id"])
                if request is None:
                    return  # SYNC-C5
                if request.kind == "unsubscribe" and request.topic not in self._wanted:
                    self._active.discard(request.topic)
                    self._known.pop(str(request.topic[1]), None)
                self._succeed(request, message["data"])
            case "subscribed":
                self._subscribed(message)
            case "auth_required" | "error":
                why = message.get("error", "The server asks for the PIN again.")
                request = self._requests.answered(message["id"])
                if request is not None:
                    self._came_to_nothing(request, why)
                elif message["id"] is None:
                    self._user.error("error", why)

    def _subscribed(self, message: dict[str, Any]) -> None:
        request = self._requests.answered(message["id"])
        if request is None:
            return  # SYNC-C5
        topic = messages.topic_of(message["resource"], message.get("resourceId"))
        if topic is None or request.kind != "subscribe" or request.topic != topic:
            return self._fail(request, "The server answered something else.")
        if topic not in self._wanted:
            return self._fail(request, "This was unsubscribed meanwhile.")
        self._active.add(topic)
        for one in message["data"].get("messages") or [] if topic[0] == "chat" else []:
            if one["seq"] > self._known.get(topic[1], 0):
                self._known[topic[1]] = one["seq"]
                # What a loss has cut off goes on where it was.
                if request.user is None:
                    self._user.data(topic, {"message": one})
        self._succeed(request, message["data"])

    def _push(self, message: dict[str, Any]) -> None:
        topic = messages.topic_of(message["resource"], message["resourceId"])
        if topic not in self._active or topic not in self._wanted:
            return  # SYNC-C4
        if topic[0] == "chat":
            self._known[topic[1]] = max(self._known.get(topic[1], 0), message["data"]["message"]["seq"])
        self._user.data(topic, message["data"])

    async def _write(self, connection: Connection, outgoing: asyncio.Queue[str]) -> None:
        while connection.state is State.OPEN:
            text = await outgoing.get()
            with contextlib.suppress(ConnectionClosed, UnicodeEncodeError):
                await connection.send(text)

    async def _say_goodbye(self, connection: Connection) -> None:
        with contextlib.suppress(TimeoutError):
            # `close` itself waits without end for a peer that does not read.
            async with asyncio.timeout(self._patience):
                await connection.close(_NORMAL_CLOSURE)
        connection.transport.abort()
