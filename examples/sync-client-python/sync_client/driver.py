"""The driver protocol: events as lines of JSON, and commands likewise."""

import json
from collections.abc import Callable
from typing import Any

from . import messages
from .client import Client
from .messages import Topic


class Driver:
    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def connected(self) -> None:
        self._event("connected")

    def disconnected(self) -> None:
        self._event("disconnected")

    def joined(self) -> None:
        self._event("joined")

    def reconnected(self) -> None:
        self._event("reconnected")

    def data(self, topic: Topic, payload: dict[str, Any]) -> None:
        self._event("data", **messages.asked(topic), payload=payload)

    def result(self, name: str, ok: Any = None, error: str | None = None) -> None:
        self._event("result", id=name, **({"ok": ok} if error is None else {"error": error}))

    def error(self, code: str, message: str) -> None:
        self._event("error", code=code, message=message)

    def waiting(self, seconds: float, why: str) -> None:
        """No event tells of it."""

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
            elif do in ("subscribe", "unsubscribe"):
                name, topic = _text(command["id"]), messages.topic_of(command["resource"], command.get("resourceId"))
                if topic is None:
                    self.result(name, error="This names nothing that there could be.")
                else:
                    getattr(client, do)(name, topic)
            elif do == "send":
                payload = command["payload"]
                name = _text(command["id"]) if command.get("id") is not None else None
                client.send(name, _text(payload["resourceId"]), _text(payload["message"]))
            elif isinstance(do, str):
                self._event("unsupported", do=do)
            else:
                raise ValueError("`do` is a string")
        except KeyError as error:
            self.error("BAD_COMMAND", f"the member {error} is missing")
        except (ValueError, TypeError, RecursionError) as error:
            self.error("BAD_COMMAND", str(error))

    def _event(self, event: str, **members: Any) -> None:
        self._write(json.dumps({"event": event, **members}) + "\n")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is wanted")
    return value
