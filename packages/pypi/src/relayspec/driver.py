"""The driver protocol: how the conformance runner observes and controls a client under test (chapter `driver`).

```
params = Params.from_environment(os.environ)
driver = Driver()
driver.connected()
driver.take(line, {"stop": lambda _: client.stop(), "join": lambda command: client.join(command.text("code"))})
```
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from . import stdio
from .reconnect import Policy
from .timing import Timing

_VARIABLE = "CONFORMANCE_PARAMS"


class CommandError(ValueError):
    """A command is malformed, or cannot be carried out as it is."""


class Members:
    """The members of a JSON object. All methods raise `CommandError` if a member is missing or has the wrong type."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def get(self, name: str) -> Any:
        """A member of any type; None if absent."""
        return self._members.get(name)

    def value(self, name: str) -> Any:
        """A member of any type, null included."""
        if name not in self._members:
            raise CommandError(f"missing member `{name}`")
        return self._members[name]

    def text(self, name: str) -> str:
        """A string."""
        value = self.value(name)
        if not isinstance(value, str):
            raise CommandError(f"`{name}` must be a string")
        return value

    def optional_text(self, name: str) -> str | None:
        """A string; None if absent or null."""
        return None if self.get(name) is None else self.text(name)

    def object(self, name: str) -> "Members":
        """An object."""
        value = self.value(name)
        if not isinstance(value, dict):
            raise CommandError(f"`{name}` must be an object")
        return Members(value)


class Command(Members):
    """One command of the runner."""

    @classmethod
    def parse(cls, line: bytes | str) -> Self:
        """Reads a line of standard input. Raises `CommandError`."""
        try:
            members = json.loads(line)
        except (ValueError, RecursionError):
            raise CommandError("a command must be JSON") from None
        if not isinstance(members, dict):
            raise CommandError("a command must be a JSON object")
        command = cls(members)
        command.text("do")
        return command

    @property
    def do(self) -> str:
        """The name of the command."""
        return self.text("do")


class Driver:
    """Writes events, one line of JSON each, and dispatches commands."""

    def __init__(self, write: Callable[[str], None] = stdio.write) -> None:
        """`write` gets one line at a time and must flush it at once (DRV-02)."""
        self._write = write

    def event(self, event: str, **members: Any) -> None:
        """Writes an event with any members. Those of the protocol have methods of their own."""
        self._write(json.dumps({"event": event, **members}) + "\n")

    def connected(self) -> None:
        """The transport is up: the handshake is done."""
        self.event("connected")

    def disconnected(self) -> None:
        """The transport was lost."""
        self.event("disconnected")

    def registered(self, code: str) -> None:
        """Pairing and terminal hosts: the code to show."""
        self.event("registered", code=code)

    def joined(self) -> None:
        """Viewers are paired; sync clients and tunnel agents are authenticated."""
        self.event("joined")

    def data(self, payload: Any, **members: Any) -> None:
        """Application data arrived. Terminal adds `session_id` and `base64`, sync `resource` and `resourceId`."""
        self.event("data", payload=payload, **members)

    def error(self, code: str, message: str) -> None:
        """Something was refused, by the peer or by the client itself."""
        self.event("error", code=code, message=message)

    def result(self, id: str, ok: Any = None, error: Any = None) -> None:
        """The outcome of the command with this `id`: `error` unless that is None, else `ok`."""
        self.event("result", id=id, **({"ok": ok} if error is None else {"error": error}))

    def reconnected(self) -> None:
        """The protocol's own success after a loss or a failed attempt."""
        self.event("reconnected")

    def waiting(self, seconds: float, why: str) -> None:
        """The next attempt follows after a delay. The protocol has no event for this."""

    def gave_up(self) -> None:
        """No further attempt will follow."""
        self.event("gave_up")

    def unsupported(self, do: str) -> None:
        """The command is unknown (DRV-03)."""
        self.event("unsupported", do=do)

    def take(self, line: bytes | str, handlers: Mapping[str, Callable[[Command], None]]) -> None:
        """Calls the handler of the command in a line of standard input; blank lines are ignored.

        Handlers must not block, so that `stop` works at any time. A command without a handler is answered with
        `unsupported`; one that is malformed, or whose handler raises `ValueError`, with the error `BAD_COMMAND`.
        """
        if not line.strip():
            return
        try:
            command = Command.parse(line)
            handler = handlers.get(command.do)
            if handler is None:
                self.unsupported(command.do)
            else:
                handler(command)
        except ValueError as error:
            self.error("BAD_COMMAND", str(error))


class ParamsError(ValueError):
    """`CONFORMANCE_PARAMS` is invalid. The message contains no secrets."""


@dataclass(frozen=True)
class Params:
    """What a scenario passes to a client; None for what it does not."""

    code: str | None = None
    token: str | None = field(default=None, repr=False)
    pin: str | None = field(default=None, repr=False)
    local_url: str | None = None
    session_id: str | None = None
    reconnect: Policy | None = None
    timing: Timing = Timing()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self | None:
        """Reads `CONFORMANCE_PARAMS`; None if it is not set, that is, if no runner started this program.

        Raises `ParamsError`.
        """
        text = environment.get(_VARIABLE)
        return None if text is None else cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads the JSON object. Unknown members are ignored. Raises `ParamsError`."""
        try:
            members = json.loads(text)
        except (ValueError, RecursionError):
            raise ParamsError(f"{_VARIABLE}: not valid JSON") from None
        if not isinstance(members, dict):
            raise ParamsError(f"{_VARIABLE}: not a JSON object")
        texts = {name: members.get(name) for name in ("code", "token", "pin", "local_url", "session_id")}
        for name, value in texts.items():
            if value is not None and not isinstance(value, str):
                raise ParamsError(f"{_VARIABLE}: `{name}` must be a string")
        try:
            return cls(**texts, reconnect=_policy(members.get("reconnect")), timing=Timing.parse(members))
        except ValueError as error:
            raise ParamsError(f"{_VARIABLE}: {error}") from None


def _policy(value: Any) -> Policy | None:
    try:
        return None if value is None else Policy.parse(value)
    except ValueError as error:
        raise ValueError(f"`reconnect`: {error}") from None
