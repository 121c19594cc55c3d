"""A log for people: one line per event, without secrets."""

from collections.abc import Callable


class Log:
    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def connected(self) -> None:
        """`joined` follows."""

    def disconnected(self) -> None:
        self._write("disconnected\n")

    def joined(self) -> None:
        self._write("connected: serving requests\n")

    def reconnected(self) -> None:
        """`joined` came first."""

    def answered(self, method: str, url: str, status: int) -> None:
        # A query may contain secrets, and requests from the public may contain escape sequences.
        self._write(f"{_printable(method)} {_printable(url.partition('?')[0])} {status}\n")

    def error(self, code: str, message: str) -> None:
        self._write(f"{_printable(code)}: {_printable(message)}\n")

    def waiting(self, seconds: float, why: str) -> None:
        self._write(f"{_printable(why)}; next attempt in {seconds:.1f} s\n")

    def gave_up(self) -> None:
        self._write("giving up\n")


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in text[:200])
