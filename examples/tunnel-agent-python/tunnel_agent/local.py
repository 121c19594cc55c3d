"""The local server: one request, one connection, one answer, byte for byte."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import h11

from . import fields
from .messages import Lines, Request

_CHUNK = 256 * 1024
_LONGEST_HEAD = 256 * 1024
# More lines than any server takes; to look at millions would hold up everything else.
_MOST_LINES = 2000
_Raw = tuple[h11.Response, bytes]
# Methods whose requests are expected to have a body, so that one without tells its length too (RFC 9110, section 8.6).
_WITH_BODY = ("POST", "PUT", "PATCH")


class Failed(Exception):
    """There is no answer, and this is the status that says so."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True)
class Answer:
    status: int
    reason: str
    headers: Lines
    body: bytes


@dataclass(frozen=True)
class Origin:
    """The one address that requests are made to."""

    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> Self:
        parts = urlsplit(url)
        try:
            port = 80 if parts.port is None else parts.port
        except ValueError:
            port = 0
        rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username)
        if parts.scheme != "http" or not parts.hostname or not port or any(rest):
            raise ValueError("the local origin is an address as http://127.0.0.1:3000, without a path")
        return cls(parts.hostname, port)

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 80 else f"{host}:{self.port}"


class Local:
    def __init__(self, origin: Origin, patience: float) -> None:
        self._origin = origin
        self._patience = patience

    async def ask(self, request: Request, room: Callable[[int], None]) -> Answer:
        """Makes the request and waits for the whole answer; `room` is asked for the space of what comes, and may raise."""
        if len(request.headers) > _MOST_LINES:
            raise Failed(431, f"There are more than {_MOST_LINES} header lines.")
        why = fields.problem(request)
        if why is not None:
            raise Failed(400, why)
        # Nothing is sent to anybody before all of it is known to be HTTP.
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        try:
            written = _written(connection, request, self._origin.authority)
        except h11.LocalProtocolError:
            raise Failed(400, "Method or headers are none that HTTP allows.") from None
        try:
            async with asyncio.timeout(self._patience):
                head, body = await self._exchange(connection, written, room)
        except TimeoutError:
            raise Failed(504, f"The local server did not answer within {self._patience:g} s.") from None
        except OSError as error:
            raise Failed(502, f"The local server cannot be reached: {error.strerror or type(error).__name__}.") from None
        except h11.RemoteProtocolError:
            raise Failed(502, "The answer of the local server breaks off, or is no HTTP.") from None
        return _read(request.method, head, body)

    async def _exchange(self, connection: h11.Connection, written: list[bytes], room: Callable[[int], None]) -> _Raw:
        reader, writer = await asyncio.open_connection(self._origin.host, self._origin.port)
        try:
            # It is all in memory already, and an answer may come before the last of it is taken: nobody waits here.
            writer.writelines(written)
            return await _answer(connection, reader, room)
        finally:
            writer.transport.abort()


def _written(connection: h11.Connection, request: Request, authority: str) -> list[bytes]:
    lines = [
        (name.encode(), fields.to_bytes(value))
        for name, value in fields.passed_on(request.headers)
        if name.lower() not in ("host", "content-length")
    ]
    lines.insert(0, (b"host", authority.encode()))
    if request.body or request.method in _WITH_BODY:
        lines.append((b"content-length", str(len(request.body)).encode()))
    head = h11.Request(method=request.method.encode(), target=request.url.encode(), headers=lines)
    events = [head, h11.Data(data=request.body), h11.EndOfMessage()] if request.body else [head, h11.EndOfMessage()]
    return [data for event in events for data in connection.send_with_data_passthrough(event) or () if data]


async def _answer(connection: h11.Connection, reader: asyncio.StreamReader, room: Callable[[int], None]) -> _Raw:
    head: h11.Response | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            room(len(event.data))
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return head, bytes(body)
        elif not isinstance(event, h11.InformationalResponse):
            # The connection was closed, or became one of another protocol.
            raise Failed(502, "The local server closed the connection without an answer.")


def _read(method: str, head: h11.Response, body: bytes) -> Answer:
    if head.status_code > 599:
        raise Failed(502, f"The local server answered with the status {head.status_code}, which HTTP has not.")
    lines = [(name.decode(), fields.to_text(value)) for name, value in head.headers]
    # A length stays where it is right, and where it is that of a body which this answer leaves out by its nature.
    lengths = {str(len(body))}
    if method == "HEAD" or head.status_code == 304:
        lengths |= {value for name, value in lines if name == "content-length"}
    kept = [(name, value) for name, value in fields.passed_on(lines) if name != "content-length" or value in lengths]
    return Answer(head.status_code, fields.to_text(head.reason), kept, body)
