"""A user at a terminal: each line of input is a call in its JSON form, its answer a line of output."""

import json
import sys
from typing import Any

from .client import Client


class Console:
    def connected(self) -> None:
        _notice("connected")

    def disconnected(self) -> None:
        _notice("connection lost")

    def reconnected(self) -> None:
        _notice("reconnected")

    def error(self, code: str, message: str) -> None:
        _notice(f"{code}: {message}")

    def waiting(self, seconds: float, why: str) -> None:
        """`disconnected` and `error` say enough."""

    def gave_up(self) -> None:
        _notice("giving up")

    def handle(self, line: bytes, client: Client) -> None:
        if not line.strip():
            return
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            return _notice(f"invalid JSON: {error}")
        client.call(message, _outcome)


def _outcome(answer: Any, error: str | None) -> None:
    if error is None:
        print(json.dumps(answer), flush=True)
    else:
        _notice(error)


def _notice(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
