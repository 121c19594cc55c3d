"""The client: authenticates, keeps its user's subscriptions across losses, and completes every request."""

import asyncio
import contextlib
import json
from typing import Any, Protocol

from relayspec.client import Ending, Events
from relayspec.websocket import Connection, WebSocketClient
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from . import messages
from .messages import Topic
from .options import Options
from .requests import Request, Requests

# What every receiver accepts (WIRE-07), and sixteen times as much for what arrives.
_LARGEST = 1024**2
_LARGEST_RECEIVED = 16 * _LARGEST
_LOST = "The connection was lost: this may or may not have arrived."
_LATE = "No answer came in time."


class User(Events, Protocol):
    """Receives what happens."""

    def joined(self) -> None: ...
    def pushed(self, topic: Topic, payload: dict[str, Any]) -> None: ...
    def result(self, id: str, ok: Any = None, error: Any = None) -> None: ...
    def error(self, code: str, message: str) -> None: ...


class Client(WebSocketClient):
    def __init__(self, options: Options, user: User) -> None:
        super().__init__(options, user, max_size=_LARGEST_RECEIVED)
        self._options = options
        self._user = user
        self._requests = Requests()
        # What the user has subscribed to, in that order, and which of it is subscribed on this connection.
        self._wanted: list[Topic] = []
        self._active: set[Topic] = set()
        # The number of the latest message that the user has received, by chat.
        self._known: dict[str, float] = {}
        self._outgoing: asyncio.Queue[str] | None = None
        if options.chat is not None:
            self._wanted.append(("chat", options.chat))

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
            # All subscriptions ended with the connection.
            self._succeed(request, {"unsubscribed": True})
        else:
            self._ask(request)

    def send(self, name: str | None, chat: str, text: str) -> None:
        if self._take(request := Request("send", name, chat=chat, text=text)):
            self._ask_or_wait(request)

    def _take(self, request: Request) -> bool:
        if self._requests.is_full():
            self._fail(request, "Too many requests await their answers: this was not sent.")
            return False
        timing = self._options.timing
        seconds = timing.request_timeout if request.kind == "send" else timing.subscribe_timeout
        self._requests.time(request, seconds, lambda late: self._give_up_on(late, _LATE))
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
            return self._fail(request, "A message can have at most 1 MiB: this was not sent.")
        self._requests.asked(request_id, request)
        if self._outgoing is not None:
            self._outgoing.put_nowait(text)

    def _give_up_on(self, request: Request, why: str) -> None:
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

    def attempt_over(self) -> None:
        self._outgoing = None
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

    async def converse(self, connection: Connection) -> Ending:
        auth = self._requests.next_id()
        await connection.send(json.dumps({"id": auth, "type": "auth", "pin": self._options.pin}))  # SYNC-C1
        sender: asyncio.Task[None] | None = None
        try:
            async for text in connection:
                message = messages.read(text) if isinstance(text, str) else None
                # Invalid messages are ignored (SYNC-C6).
                if message is None or self.leaving:
                    continue
                is_answer = message["id"] == auth and sender is None
                if message["type"] == "auth_success" and is_answer:
                    self._outgoing = asyncio.Queue()
                    sender = asyncio.create_task(self._write(connection, self._outgoing))
                    self._enter()
                elif message["type"] == "auth_failed" and is_answer:
                    # Retrying cannot make the PIN right (RECON-11).
                    self._user.error("auth_failed", message["error"])
                    await self.leave(connection)
                    return Ending.FINAL
                else:
                    self._receive(message)
        finally:
            if sender is not None:
                sender.cancel()
        return Ending.LOST

    def _enter(self) -> None:
        self._user.joined()
        self.established()
        for topic in self._wanted:
            if not self._requests.subscribing_to(topic):
                request = Request("subscribe", None, topic)
                if self._take(request):
                    self._ask(request)  # SYNC-C3
        for request in self._requests.take_waiting():
            self._ask(request)

    def _receive(self, message: dict[str, Any]) -> None:
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
                    self._give_up_on(request, why)
                elif message["id"] is None:
                    self._user.error("error", why)

    def _subscribed(self, message: dict[str, Any]) -> None:
        request = self._requests.answered(message["id"])
        if request is None:
            return  # SYNC-C5
        topic = messages.topic_of(message["resource"], message.get("resourceId"))
        if topic is None or request.kind != "subscribe" or request.topic != topic:
            return self._fail(request, "The server answered with something else.")
        if topic not in self._wanted:
            return self._fail(request, "This was unsubscribed in the meantime.")
        self._active.add(topic)
        for one in message["data"].get("messages") or [] if topic[0] == "chat" else []:
            if one["seq"] > self._known.get(topic[1], 0):
                self._known[topic[1]] = one["seq"]
                # Messages missed during a loss are delivered after it.
                if request.user is None:
                    self._user.pushed(topic, {"message": one})
        self._succeed(request, message["data"])

    def _push(self, message: dict[str, Any]) -> None:
        topic = messages.topic_of(message["resource"], message["resourceId"])
        if topic not in self._active or topic not in self._wanted:
            return  # SYNC-C4
        if topic[0] == "chat":
            self._known[topic[1]] = max(self._known.get(topic[1], 0), message["data"]["message"]["seq"])
        self._user.pushed(topic, message["data"])

    async def _write(self, connection: Connection, outgoing: asyncio.Queue[str]) -> None:
        while connection.state is State.OPEN:
            text = await outgoing.get()
            with contextlib.suppress(ConnectionClosed, UnicodeEncodeError):
                await connection.send(text)
