"""The messages that an agent reads or writes, in both encodings (chapter tunnel)."""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgpack

# The longest message that every peer accepts, and that is accepted here.
LONGEST = 24 * 1024**2

# Header lines as name and value; names in any case.
Lines = list[tuple[str, str]]
Message = dict[str, Any]


@dataclass(frozen=True)
class AuthSuccess:
    session_id: str


@dataclass(frozen=True)
class AuthError:
    error: str


@dataclass(frozen=True)
class Request:
    id: str
    method: str
    url: str
    headers: Lines
    body: bytes


@dataclass(frozen=True)
class Error:
    request_id: str | None
    error: str
    code: int | None


@dataclass(frozen=True)
class Ping:
    timestamp: float


@dataclass(frozen=True)
class Pong:
    timestamp: float


@dataclass(frozen=True)
class Malformed:
    """Not a valid message of a cloud; `id` is that of the request it may have been about."""

    id: str | None
    why: str


def read(message: str | bytes) -> AuthSuccess | AuthError | Request | Error | Ping | Pong | Malformed:
    """Reads a message of a cloud: JSON if text, MessagePack if bytes."""
    packed = isinstance(message, bytes)
    try:
        value = _unpacked(message) if isinstance(message, bytes) else _parsed(message)
    except (ValueError, RecursionError, msgpack.UnpackException):
        return Malformed(None, "Not valid MessagePack." if packed else "Not valid JSON.")
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, dict):
        return Malformed(None, "A message must be an object with `type` and an object `data`.")
    try:
        return _read(value.get("type"), data, packed)
    except ValueError as error:
        given = data.get("id")
        return Malformed(given if _is_string(given) else None, str(error))


def encode(message: Message, packed: bool) -> str | bytes:
    """A message in the given encoding. Its body, if any, is bytes or None."""
    if packed:
        return msgpack.packb(message)
    body = message["data"].get("body")
    if body is not None:
        message = {**message, "data": {**message["data"], "body": base64.b64encode(body).decode()}}
    return json.dumps(message)


def auth(token: str) -> Message:
    return {"type": "Auth", "data": {"token": token}}


def response(id: str, status: int, status_text: str, headers: Lines, body: bytes) -> Message:
    """The answer of the local server. Lines of the same name keep their order."""
    together: dict[str, list[str]] = {}
    for name, value in headers:
        together.setdefault(name.lower(), []).append(value)
    written = {name: values[0] if len(values) == 1 else values for name, values in together.items()}
    data = {"id": id, "status": status, "status_text": status_text, "headers": written, "body": body or None}
    return {"type": "HttpResponse", "data": data}


def error(request_id: str | None, text: str, code: int) -> Message:
    return {"type": "Error", "data": {"request_id": request_id, "error": text, "code": code}}


def ping(timestamp: float) -> Message:
    return {"type": "Ping", "data": {"timestamp": timestamp}}


def pong(timestamp: float) -> Message:
    return {"type": "Pong", "data": {"timestamp": timestamp}}


def stats(requests: int, body_bytes: int, uptime: float) -> Message:
    counted = {"requests_processed": requests, "bytes_transferred": body_bytes, "uptime_seconds": uptime}
    return {"type": "Stats", "data": counted}


def _parsed(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse)


def _unpacked(message: bytes) -> Any:
    # The library rejects lengths beyond the end of the message.
    return msgpack.unpackb(message, raw=False, strict_map_key=True)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _read(name: Any, data: Mapping[str, Any], packed: bool) -> AuthSuccess | AuthError | Request | Error | Ping | Pong:
    match name:
        case "AuthSuccess":
            return AuthSuccess(_text(data, "session_id"))
        case "AuthError":
            return AuthError(_text(data, "error"))
        case "HttpRequest":
            strings = [_string(data, name) for name in ("id", "method", "url")]
            return Request(*strings, _lines(data.get("headers")), _body(data.get("body"), packed))
        case "Error":
            request_id = None if data.get("request_id") is None else _string(data, "request_id")
            return Error(request_id, _text(data, "error"), _code(data.get("code")))
        case "Ping":
            return Ping(_number(data, "timestamp"))
        case "Pong":
            return Pong(_number(data, "timestamp"))
    raise ValueError("Unknown message type.")


def _is_string(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        # Only JSON can contain an unpaired surrogate.
        return value.isascii() or value.encode() is not None
    except UnicodeEncodeError:
        return False


def _as_number(value: Any) -> float | None:
    # MessagePack has no integers beyond 64 bits, so larger ones become floats.
    if type(value) is int and not -(2**63) <= value < 2**64:
        value = float(value) if abs(value) < 10**300 else math.inf
    return value if type(value) in (int, float) and math.isfinite(value) else None


def _string(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not _is_string(value):
        raise ValueError(f"`{name}` must be a string.")
    return value


def _text(data: Mapping[str, Any], name: str) -> str:
    value = _string(data, name)
    if value == "":
        raise ValueError(f"`{name}` must not be empty.")
    return value


def _number(data: Mapping[str, Any], name: str) -> float:
    number = _as_number(data.get(name))
    if number is None:
        raise ValueError(f"`{name}` must be a number.")
    return number


def _code(value: Any) -> int | None:
    if value is None:
        return None
    number = _as_number(value)
    if number is None or number % 1 != 0 or not 100 <= number <= 599:
        raise ValueError("`code` must be a whole number from 100 to 599, or null.")
    return int(number)


def _lines(headers: Any) -> Lines:
    if not isinstance(headers, dict):
        raise ValueError("`headers` must be an object.")
    lines: Lines = []
    for name, values in headers.items():
        for value in values if isinstance(values, list) else [values]:
            if not _is_string(name) or not _is_string(value):
                raise ValueError("A header must be a string or an array of strings.")
            lines.append((name, value))
    return lines


def _body(value: Any, packed: bool) -> bytes:
    if value is None:
        return b""
    if packed:
        if not isinstance(value, bytes):
            raise ValueError("`body` must be bytes or nil.")
        return value
    if isinstance(value, list):
        return _byte_values(value)
    if isinstance(value, str):
        return _from_base64(value)
    raise ValueError("`body` must be base64, an array of byte values, or null.")


def _byte_values(values: list[Any]) -> bytes:
    # There may be millions of values, so avoid a loop in Python where possible.
    types = set(map(type, values))
    if types == {int, float} or types == {float}:
        values = [int(value) if value % 1 == 0 else -1 for value in values]
    elif not types <= {int}:
        values = [-1]
    try:
        return bytes(values)
    except ValueError:
        raise ValueError("`body` must contain whole numbers from 0 to 255.") from None


def _from_base64(text: str) -> bytes:
    try:
        body = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        body = b""
    # The library accepts stray bits at the end.
    if base64.b64encode(body) != text.encode(errors="replace"):
        raise ValueError("`body` must be padded base64 in the standard alphabet.")
    return body
