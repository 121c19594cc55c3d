"""A person at a terminal: shows one session at a time, and puts the terminal back in order whatever happens."""

import contextlib
import sys
import termios
import tty
from collections.abc import Iterator

from .viewer import Viewer

_PREFIX = 0x1D  # Ctrl-]


class Person:
    def __init__(self, session_id: str | None) -> None:
        self._shown = session_id
        self._sessions: list[str] = []
        self._prefixed = False

    def connected(self) -> None:
        """Only a `joined` is worth telling."""

    def disconnected(self) -> None:
        _note("disconnected")

    def joined(self) -> None:
        _note("joined; Ctrl-] q leaves, Ctrl-] n goes to the next session")

    def reconnected(self) -> None:
        """`joined` has told it."""

    def sessions(self, ids: list[str]) -> None:
        self._sessions = ids
        if self._shown is not None and self._shown not in ids:
            _note(f"session {self._shown} has ended")
            self._shown = None
        if self._shown is None and ids:
            self._show(ids[0])

    def data(self, session_id: str, payload: bytes) -> None:
        # What a host sent before comes ahead of its list of sessions.
        if self._shown is None:
            self._show(session_id)
        if session_id == self._shown:
            sys.stdout.buffer.write(payload)
            sys.stdout.buffer.flush()

    def error(self, code: str, message: str) -> None:
        _note(f"{code}: {message}")

    def waiting(self, seconds: float, why: str) -> None:
        _note(f"{why}; trying again in {seconds:.1f} s")

    def gave_up(self) -> None:
        _note("gave up")

    def take(self, typed: bytes, viewer: Viewer) -> None:
        """Sends what was typed, but for the commands behind Ctrl-]; that key twice is that key."""
        keys = bytearray()
        for key in typed:
            if self._prefixed and key != _PREFIX:
                self._command(chr(key), viewer)
            elif key == _PREFIX and not self._prefixed:
                self._prefixed = True
                continue
            else:
                keys.append(key)
            self._prefixed = False
        if keys:
            viewer.send(self._shown, bytes(keys))

    def _command(self, key: str, viewer: Viewer) -> None:
        if key == "q":
            viewer.stop()
        elif key == "n" and self._sessions:
            at = self._sessions.index(self._shown) if self._shown in self._sessions else -1
            self._show(self._sessions[(at + 1) % len(self._sessions)])

    def _show(self, session_id: str) -> None:
        self._shown = session_id
        _note(f"session {session_id}")


def _note(line: str) -> None:
    # A terminal in raw mode goes back to the first column only where it is told to.
    print(f"[{line}]", end="\r\n" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


@contextlib.contextmanager
def attached() -> Iterator[None]:
    """Every key goes to the session as it is typed; afterwards the terminal is as it was before."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)
