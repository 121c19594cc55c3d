"""Who is informed of what happens."""

from typing import Protocol

from relayspec.client import Events


class User(Events, Protocol):
    def joined(self) -> None: ...
    def answered(self, method: str, url: str, status: int) -> None: ...
    def error(self, code: str, message: str) -> None: ...
