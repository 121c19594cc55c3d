"""A person at a terminal: each line is a call in its JSON form, its answer a line too."""

import json
import sys
from typing import Any

from .client import Client


class Person:
    def connected(self) -> None:
        self._notice("connected")

    def disconnected(self) -> None:
        self._notice("the connection is lost")

    def reconnected(self) -> None:
        self._notice("back again")

    def error(self, code: str, message: str) -> None:
        self._notice(f"{code}: {message}")

    def gave_up(self) -> None:
        self._notice("no further attempt will be made")

    def take(self, line: bytes, client: Client) -> None:
        if not line.strip():
            return
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            return self._notice(f"no JSON: {error}")
        client.call(message, self._outcome)

    def _outcome(self, answer: Any, error: str | None) -> None:
        if error is None:
            print(json.dumps(answer), flush=True)
        else:
            self._notice(error)

    def _notice(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)
