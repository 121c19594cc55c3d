"""The driver protocol: events as lines of JSON, and commands likewise."""

import base64
import json
from collections.abc import Callable
from typing import Any

from .viewer import Viewer


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

    def sessions(self, ids: list[str]) -> None:
        """No event tells of it."""

    def data(self, session_id: str, payload: bytes) -> None:
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            text = None
        self._event("data", session_id=session_id, payload=text, base64=base64.b64encode(payload).decode())

    def error(self, code: str, message: str) -> None:
        self._event("error", code=code, message=message)

    def waiting(self, seconds: float, why: str) -> None:
        """No event tells of it."""

    def gave_up(self) -> None:
        self._event("gave_up")

    def take(self, line: bytes, viewer: Viewer) -> None:
        """Carries a command out. It never waits, so that `stop` is heard at any time."""
        if not line.strip():
            return
        try:
            command = json.loads(line)
            do = command["do"]
            if do == "stop":
                viewer.stop()
            elif do == "join" and isinstance(command["code"], str):
                viewer.join(command["code"])
            elif do == "send":
                _send(command["payload"], viewer)
            elif isinstance(do, str) and do != "join":
                self._event("unsupported", do=do)
            else:
                raise ValueError("`do` and `code` are strings")
        except KeyError as error:
            self.error("BAD_COMMAND", f"the member {error} is missing")
        except (ValueError, TypeError, RecursionError) as error:
            self.error("BAD_COMMAND", str(error))

    def _event(self, event: str, **members: Any) -> None:
        self._write(json.dumps({"event": event, **members}) + "\n")


def _send(payload: Any, viewer: Viewer) -> None:
    if isinstance(payload, str):
        viewer.send(None, payload.encode())
    elif "type" in payload:
        viewer.control(payload)
    elif "base64" in payload:
        viewer.send(_session_id(payload), base64.b64decode(payload["base64"], validate=True))
    else:
        viewer.send(_session_id(payload), payload["data"].encode())


def _session_id(payload: dict[str, Any]) -> str:
    if not isinstance(payload["session_id"], str):
        raise ValueError("`session_id` is a string")
    return payload["session_id"]
