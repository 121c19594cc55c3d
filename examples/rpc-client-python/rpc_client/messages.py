"""Messages in their JSON form and as bytes (chapter rpc, "Frames" and "Messages").

A message is a Python value as `json` returns it: `{"IoData": {…}}`, or `"Ack"`. Bytes are base64.
"""

import base64
import binascii
import struct
from collections.abc import Callable
from typing import Any

MAGIC = b"OS"
# Precedes the payload; begins with the length of the frame.
HEADER = struct.Struct(">IQ2sI")


class MessageError(Exception):
    """Not a valid message or frame."""


class Reader:
    """Reads values from bytes in order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def bytes(self, count: int) -> bytes:
        if count > len(self._data) - self._at:
            raise MessageError("the payload ends too early")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, form: str) -> int:
        return struct.unpack("<" + form, self.bytes(struct.calcsize("<" + form)))[0]

    def text(self) -> str:
        try:
            return self.bytes(self.number("Q")).decode()
        except UnicodeDecodeError as error:
            raise MessageError("a string is not valid UTF-8") from error

    def flag(self) -> bool:
        flag = self.number("B")
        if flag > 1:
            raise MessageError("a flag must be 0 or 1")
        return flag == 1

    def end(self) -> None:
        if self._at != len(self._data):
            raise MessageError("bytes follow the message")


def _text(value: Any) -> bytes:
    if not isinstance(value, str):
        raise MessageError("expected a string")
    try:
        raw = value.encode()
    except UnicodeEncodeError as error:
        raise MessageError("a string contains an unpaired surrogate") from error
    return struct.pack("<Q", len(raw)) + raw


def _number(form: str) -> Callable[[Any], bytes]:
    def write(value: Any) -> bytes:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise MessageError("expected a whole number")
        try:
            return struct.pack("<" + form, value)
        except struct.error as error:
            raise MessageError("a number is out of range") from error

    return write


_u64 = _number("Q")
_i32 = _number("i")


def _option(write: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    return lambda value: b"\0" if value is None else b"\1" + write(value)


def _data(value: Any) -> bytes:
    if not isinstance(value, str):
        raise MessageError("expected a base64 string")
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MessageError("expected a base64 string") from error
    if base64.b64encode(raw).decode() != value:
        raise MessageError("base64 must be canonical")
    return struct.pack("<Q", len(raw)) + raw


def _map(value: Any) -> bytes:
    if not isinstance(value, dict):
        raise MessageError("expected an object")
    return struct.pack("<Q", len(value)) + b"".join(_text(name) + _text(value[name]) for name in sorted(value))


def _word(*words: str) -> Callable[[Any], bytes]:
    def write(value: Any) -> bytes:
        if value not in words:
            raise MessageError("expected one of " + ", ".join(words))
        return struct.pack("<I", words.index(value))

    return write


def _one_of(*variants: tuple[str, Callable[[Any], bytes] | None]) -> Callable[[Any], bytes]:
    """A variant: its name, or an object with its name as the only member."""

    def write(value: Any) -> bytes:
        for index, (name, content) in enumerate(variants):
            if content is None and value == name:
                return struct.pack("<I", index)
            if content is not None and isinstance(value, dict) and value.keys() == {name}:
                return struct.pack("<I", index) + content(value[name])
        raise MessageError("expected one of " + ", ".join(name for name, _ in variants))

    return write


def _members(**members: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def write(value: Any) -> bytes:
        if not isinstance(value, dict):
            raise MessageError("expected an object")
        parts = []
        for name, content in members.items():
            try:
                parts.append(content(value.get(name)))
            except MessageError as error:
                raise MessageError(f"`{name}`: {error}") from error
        return b"".join(parts)

    return write


def _list(write: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def items(value: Any) -> bytes:
        if not isinstance(value, list):
            raise MessageError("expected a list")
        return struct.pack("<Q", len(value)) + b"".join(write(item) for item in value)

    return items


_RECORD = _members(
    command_id=_text,
    session_id=_text,
    command_line=_option(_text),
    cwd=_option(_text),
    started_at=_u64,
    ended_at=_option(_u64),
    output_summary=_text,
    stream_offset=_u64,
    stream_length=_u64,
    exit_code=_option(_i32),
)

_EVENT_TYPE = _one_of(("NonZeroExit", _i32), ("PatternMatch", _text), ("CommandBoundary", _members(command=_text)))
_SCOPE = _one_of(("CurrentSession", None), ("AllSessions", None), ("Sessions", _list(_text)))

# What a client sends: the index of each variant and its members.
_CALLS: dict[str, tuple[int, Callable[[Any], bytes]]] = {
    "SessionStart": (0, _members(session_id=_text, parent_session_id=_option(_text), timestamp_ms=_u64, attrs=_map)),
    "SessionEnd": (1, _members(session_id=_text, timestamp_ms=_u64, exit_code=_option(_i32))),
    "IoData": (2, _members(session_id=_text, direction=_word("Input", "Output"), timestamp_ms=_u64, data=_data)),
    "Event": (3, _members(session_id=_text, timestamp_ms=_u64, event_type=_EVENT_TYPE)),
    "Request": (4, _members(request_id=_text, session_id=_text, query=_text, scope=_SCOPE)),
    "CommandComplete": (6, _members(session_id=_text, record=_RECORD)),
}
_RESPONSE = 5
_ACK = 7


def encode(request_id: int, message: Any) -> bytes:
    """The frame of a call."""
    if not isinstance(message, dict) or len(message) != 1 or not message.keys() <= _CALLS.keys():
        raise MessageError("a call must be an object whose only member is one of " + ", ".join(_CALLS))
    ((name, members),) = message.items()
    index, write = _CALLS[name]
    payload = struct.pack("<I", index) + write(members)
    return HEADER.pack(HEADER.size - 4 + len(payload), request_id, MAGIC, len(payload)) + payload


def decode(frame: bytes) -> tuple[int, Any]:
    """Request id and message of an answer; `frame` begins with its length."""
    if len(frame) < HEADER.size:
        raise MessageError("the frame is too short")
    length, request_id, magic, payload_length = HEADER.unpack_from(frame)
    payload = frame[HEADER.size :]
    if magic != MAGIC or payload_length != len(payload) or length != len(frame) - 4:
        raise MessageError("the header is invalid")
    reader = Reader(payload)
    variant = reader.number("I")
    if variant == _ACK:
        message: Any = "Ack"
    elif variant == _RESPONSE:
        members = {"request_id": reader.text(), "content": reader.text()}
        message = {"Response": members | {"is_streaming": reader.flag(), "is_final": reader.flag()}}
    else:
        raise MessageError("not an answer")
    reader.end()
    return request_id, message
