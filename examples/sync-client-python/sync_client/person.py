"""A person who reads and types lines."""

import sys
from typing import Any

from .client import Client
from .messages import Topic


class Person:
    def __init__(self, chat: str) -> None:
        self._chat = chat

    def connected(self) -> None:
        """Only the success is worth telling."""

    def disconnected(self) -> None:
        _note("the connection is lost")

    def joined(self) -> None:
        _note("connected")

    def reconnected(self) -> None:
        """`joined` has told it."""

    def data(self, topic: Topic, payload: dict[str, Any]) -> None:
        message = payload.get("message")
        if message is not None:
            print(f"{message['role']}: {message['content']}", flush=True)

    def result(self, name: str, ok: Any = None, error: str | None = None) -> None:
        """What a person asks for has no name."""

    def error(self, code: str, message: str) -> None:
        _note(f"{code}: {message}")

    def waiting(self, seconds: float, why: str) -> None:
        _note(f"{why}; the next attempt follows in {seconds:.1f} s")

    def gave_up(self) -> None:
        _note("no further attempt will be made")

    def take(self, line: bytes, client: Client) -> None:
        """Sends a line."""
        client.send(None, self._chat, line.decode(errors="replace").rstrip("\r"))


def _note(text: str) -> None:
    print(text, file=sys.stderr)
