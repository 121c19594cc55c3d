"""Requests that are waiting or unanswered, and their timeouts (SYNC-C5)."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .messages import Topic, topic_members

# How many requests may be waiting or unanswered.
_MOST = 500


@dataclass(eq=False)
class Request:
    """`user` is the user's name for it; None if the client itself makes the request."""

    kind: str
    user: str | None
    topic: Topic | None = None
    chat: str = ""
    text: str = ""
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)

    def message(self, request_id: str) -> dict[str, Any]:
        members = {"resourceId": self.chat, "message": self.text} if self.topic is None else topic_members(self.topic)
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
        """An id that was never used before (SYNC-C2)."""
        return str(next(self._ids))

    def is_full(self) -> bool:
        return len(self._open) + len(self._waiting) >= _MOST

    def time(self, request: Request, seconds: float, late: Callable[[Request], None]) -> None:
        """Calls `late` if the request is not over after this many seconds."""

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
        """Removes and returns the request with this id; None if it is not open."""
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
        """The subscriptions to a topic that are still waiting for a connection."""
        return [one for one in self._waiting if one.kind == "subscribe" and one.topic == topic]

    def withdraw(self, request: Request) -> None:
        request.over()
        self._waiting = [one for one in self._waiting if one is not request]
