"""The driver protocol of a terminal viewer."""

import base64
import binascii

from relayspec.driver import Command, CommandError, Driver

from .viewer import Viewer


class ViewerDriver(Driver):
    def sessions(self, ids: list[str]) -> None:
        """The protocol has no event for this."""

    def output(self, session_id: str, payload: bytes) -> None:
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            text = None
        self.data(text, session_id=session_id, base64=base64.b64encode(payload).decode())

    def handle(self, line: bytes, viewer: Viewer) -> None:
        """Carries out a command. Never waits, so that `stop` works at any time."""
        handlers = {
            "stop": lambda _: viewer.stop(),
            "join": lambda command: viewer.join(command.text("code")),
            "send": lambda command: _send(command, viewer),
        }
        self.take(line, handlers)


def _send(command: Command, viewer: Viewer) -> None:
    if isinstance(command.value("payload"), str):
        return viewer.send(None, command.text("payload").encode())
    payload = command.object("payload")
    if "type" in payload:
        viewer.control(command.value("payload"))
    elif "base64" in payload:
        viewer.send(payload.text("session_id"), _from_base64(payload.text("base64")))
    else:
        viewer.send(payload.text("session_id"), payload.text("data").encode())


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise CommandError("`base64` must be base64") from None
