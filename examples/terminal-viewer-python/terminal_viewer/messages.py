"""The messages that a viewer reads or writes (chapter terminal)."""

import json
from collections.abc import Callable
from typing import Any

_LONGEST_ID = 255


def _string(value: Any) -> bool:
    return isinstance(value, str)


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _size(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 65535 and value == int(value)


def _sessions(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(session, dict) and _string(session.get("id")) and _string(session.get("name")) for session in value
    )


# The control messages that a relay sends to a viewer, and the checks of their members.
_MEMBERS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "auth_success": {},
    "auth_failed": {"reason": _text},
    "session_list": {"sessions": _sessions},
    "session_connected": {"session_id": _string, "name": _string},
    "session_disconnected": {"session_id": _string},
    "session_resize": {"session_id": _string, "cols": _size, "rows": _size},
    "error": {"message": _text},
}


def read_control(text: str) -> dict[str, Any] | None:
    """A control message from a relay to a viewer; None if it is invalid."""
    try:
        # As floats, numbers may have any length; Python rejects integers of more than 4300 digits.
        message = json.loads(text, parse_int=float, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return None
    checks = _MEMBERS.get(message["type"])
    if checks is None or not all(check(message.get(name)) for name, check in checks.items()):
        return None
    return message


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def auth(code: str) -> str:
    """The first message of a viewer."""
    return json.dumps({"type": "auth", "session_code": code})


def may_send(message: Any) -> bool:
    """Whether a viewer that has joined may send this control message."""
    if not isinstance(message, dict):
        return False
    if message.get("type") == "close_session":
        return _string(message.get("session_id"))
    return message.get("type") == "create_session"


def read_binary(message: bytes) -> tuple[str, bytes] | None:
    """The session id and the payload; None if the message is malformed."""
    end = 1 + message[0] if message else 0
    if end < 2 or end > len(message):
        return None
    try:
        return message[1:end].decode(), message[end:]
    except UnicodeDecodeError:
        return None


def binary(session_id: str, payload: bytes) -> bytes:
    """A binary message. Raises `ValueError` if the session id does not fit."""
    encoded = session_id.encode()
    if not 1 <= len(encoded) <= _LONGEST_ID:
        raise ValueError(f"a session id must have 1 to {_LONGEST_ID} bytes, this one has {len(encoded)}")
    return bytes([len(encoded)]) + encoded + payload
