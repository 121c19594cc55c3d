"""A user at a terminal, who reads the messages of one chat and types lines to send."""

import sys
from typing import Any

from .client import Client
from .messages import Topic


class Console:
    def __init__(self, chat: str) -> None:
        self._chat = chat

    def connected(self) -> None:
        """`joined` follows."""

    def disconnected(self) -> None:
        _notice("connection lost")

    def joined(self) -> None:
        _notice("connected")

    def reconnected(self) -> None:
        """`joined` came first."""

    def pushed(self, topic: Topic, payload: dict[str, Any]) -> None:
        message = payload.get("message")
        if message is not None:
            print(f"{message['role']}: {message['content']}", flush=True)

    def result(self, id: str, ok: Any = None, error: Any = None) -> None:
        """Requests typed at a terminal have no name, so their results are not reported by name."""

    def error(self, code: str, message: str) -> None:
        _notice(f"{code}: {message}")

    def waiting(self, seconds: float, why: str) -> None:
        _notice(f"{why}; next attempt in {seconds:.1f} s")

    def gave_up(self) -> None:
        _notice("giving up")

    def handle(self, line: bytes, client: Client) -> None:
        """Sends a line."""
        client.send(None, self._chat, line.decode(errors="replace").rstrip("\r"))


def _notice(text: str) -> None:
    print(text, file=sys.stderr)
