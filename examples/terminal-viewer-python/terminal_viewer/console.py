"""A user at a terminal, which shows one session at a time and is always restored."""

import contextlib
import sys
import termios
import tty
from collections.abc import Iterator

from .viewer import Viewer

_PREFIX = 0x1D  # Ctrl-]


class Console:
    def __init__(self, session_id: str | None) -> None:
        self._shown = session_id
        self._sessions: list[str] = []
        self._prefixed = False

    def connected(self) -> None:
        """`joined` follows."""

    def disconnected(self) -> None:
        _notice("disconnected")

    def joined(self) -> None:
        _notice("joined; Ctrl-] q leaves, Ctrl-] n shows the next session")

    def reconnected(self) -> None:
        """`joined` came first."""

    def sessions(self, ids: list[str]) -> None:
        self._sessions = ids
        if self._shown is not None and self._shown not in ids:
            _notice(f"session {self._shown} has ended")
            self._shown = None
        if self._shown is None and ids:
            self._show(ids[0])

    def output(self, session_id: str, payload: bytes) -> None:
        # Earlier output arrives before the list of sessions.
        if self._shown is None:
            self._show(session_id)
        if session_id == self._shown:
            sys.stdout.buffer.write(payload)
            sys.stdout.buffer.flush()

    def error(self, code: str, message: str) -> None:
        _notice(f"{code}: {message}")

    def waiting(self, seconds: float, why: str) -> None:
        _notice(f"{why}; next attempt in {seconds:.1f} s")

    def gave_up(self) -> None:
        _notice("giving up")

    def handle(self, typed: bytes, viewer: Viewer) -> None:
        """Sends what was typed, except the commands after Ctrl-]; Ctrl-] twice sends it as itself."""
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
        _notice(f"session {session_id}")


def _notice(line: str) -> None:
    # In raw mode a line feed does not return to the first column.
    print(f"[{line}]", end="\r\n" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


@contextlib.contextmanager
def raw_mode() -> Iterator[None]:
    """Puts the terminal in raw mode, if it is one, and restores it afterwards."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)
