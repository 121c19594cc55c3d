"""The driver protocol: events as lines of JSON, and commands likewise."""

import json
from collections.abc import Callable
from typing import Any

from .client import Client


class Driver:
    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def connected(self) -> None:
        self._event("connected")

    def disconnected(self) -> None:
        self._event("disconnected")

    def reconnected(self) -> None:
        self._event("reconnected")

    def error(self, code: str, message: str) -> None:
        self._event("error", code=code, message=message)

    def gave_up(self) -> None:
        self._event("gave_up")

    def take(self, line: bytes, client: Client) -> None:
        """Carries a command out. It never waits, so that `stop` is heard at any time."""
        if not line.strip():
            return
        try:
            command = json.loads(line)
            do = command["do"]
            if do == "stop":
                client.stop()
            elif do == "call":
                self._call(command["id"], command["message"], client)
            elif isinstance(do, str):
                self._event("unsupported", do=do)
            else:
                raise ValueError("`do` is a string")
        except KeyError as error:
            self.error("BAD_COMMAND", f"the member {error} is missing")
        except (ValueError, TypeError, RecursionError) as error:
            self.error("BAD_COMMAND", str(error))

    def _call(self, call_id: Any, message: Any, client: Client) -> None:
        if not isinstance(call_id, str):
            raise ValueError("`id` is a string")

        def outcome(answer: Any, error: str | None) -> None:
            result = {"ok": answer} if error is None else {"error": error}
            self._event("result", id=call_id, **result)

        client.call(message, outcome)

    def _event(self, event: str, **members: Any) -> None:
        self._write(json.dumps({"event": event, **members}) + "\n")
