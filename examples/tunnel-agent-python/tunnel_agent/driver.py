"""The driver protocol: events as lines of JSON, and commands likewise."""

import json
from collections.abc import Callable
from typing import Any


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

    def answered(self, method: str, url: str, status: int) -> None:
        """No event tells of it."""

    def error(self, code: str, message: str) -> None:
        self._event("error", code=code, message=message)

    def waiting(self, seconds: float, why: str) -> None:
        """No event tells of it."""

    def gave_up(self) -> None:
        self._event("gave_up")

    def take(self, line: bytes, stop: Callable[[], None]) -> None:
        """Carries a command out. An agent is told to stop, and nothing else."""
        if not line.strip():
            return
        try:
            do = json.loads(line)["do"]
            if not isinstance(do, str):
                raise ValueError("`do` is a string")
        except KeyError as error:
            self.error("BAD_COMMAND", f"the member {error} is missing")
        except (ValueError, TypeError, RecursionError) as error:
            self.error("BAD_COMMAND", str(error))
        else:
            if do == "stop":
                stop()
            else:
                self._event("unsupported", do=do)

    def _event(self, event: str, **members: Any) -> None:
        self._write(json.dumps({"event": event, **members}) + "\n")
