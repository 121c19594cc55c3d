"""A person who reads along: one line for whatever happens, with nothing secret in it."""

from collections.abc import Callable


class Person:
    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def connected(self) -> None:
        """Only a `joined` is worth telling."""

    def disconnected(self) -> None:
        self._write("disconnected\n")

    def joined(self) -> None:
        self._write("connected: requests are served\n")

    def reconnected(self) -> None:
        """`joined` has told it."""

    def answered(self, method: str, url: str, status: int) -> None:
        # A query may hold secrets, and what comes from the public may hold what a terminal obeys.
        self._write(f"{_shown(method)} {_shown(url.partition('?')[0])} {status}\n")

    def error(self, code: str, message: str) -> None:
        self._write(f"{_shown(code)}: {_shown(message)}\n")

    def waiting(self, seconds: float, why: str) -> None:
        self._write(f"{_shown(why)}; trying again in {seconds:.1f} s\n")

    def gave_up(self) -> None:
        self._write("gave up\n")


def _shown(text: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in text[:200])
