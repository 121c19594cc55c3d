"""What the client has asked for or still has to ask for, and when an answer comes too late (SYNC-C5)."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .messages import Topic, asked

# So many requests may wait for their answers.
_MOST = 500


@dataclass(eq=False)
class Request:
    """`user` is what the user calls it; None where the client itself asks."""

    kind: str
    user: str | None
    topic: Topic | None = None
    chat: str = ""
    text: str = ""
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)

    def message(self, request_id: str) -> dict[str, Any]:
        members = {"resourceId": self.chat, "message": self.text} if self.topic is None else asked(self.topic)
        return {"id": request_id, "type": self.kind, **members}

    def over(self) -> None:
        if self.timer is not None:
            self.timer.cancel()


class Requests:
    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._open: dict[str, Request] = {}
        self._waiting: list[Request] = []

    def next_id(self) -> str:
        """An id that no request has had (SYNC-C2)."""
        return str(next(self._ids))

    def are_too_many(self) -> bool:
        return len(self._open) + len(self._waiting) >= _MOST

    def time(self, request: Request, seconds: float, late: Callable[[Request], None]) -> None:
        """Calls `late` where the request is not over after so many seconds."""

        def overdue() -> None:
            self._waiting = [one for one in self._waiting if one is not request]
            self._open = {name: one for name, one in self._open.items() if one is not request}
            late(request)

        request.timer = asyncio.get_running_loop().call_later(seconds, overdue)

    def wait(self, request: Request) -> None:
        self._waiting.append(request)

    def asked(self, request_id: str, request: Request) -> None:
        self._open[request_id] = request

    def answered(self, request_id: str | None) -> Request | None:
        """The request with this id; None where it is not open, or is no more."""
        request = self._open.pop(request_id, None) if request_id is not None else None
        if request is not None:
            request.over()
        return request

    def take_waiting(self) -> list[Request]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def take_open(self) -> list[Request]:
        taken, self._open = list(self._open.values()), {}
        return taken

    def subscribing_to(self, topic: Topic) -> list[Request]:
        """The subscriptions to a topic that still wait for a connection."""
        return [one for one in self._waiting if one.kind == "subscribe" and one.topic == topic]

    def withdraw(self, request: Request) -> None:
        request.over()
        self._waiting = [one for one in self._waiting if one is not request]
