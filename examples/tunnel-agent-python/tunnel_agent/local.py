"""Requests to the local server, each on a connection of its own."""

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
# More than any server accepts; checking millions would block everything else.
_MOST_LINES = 2000
_Raw = tuple[h11.Response, bytes]
# These send `content-length` even without a body (RFC 9110, section 8.6).
_WITH_BODY = ("POST", "PUT", "PATCH")


class RequestFailed(Exception):
    """There is no answer; `code` is the status to report instead."""

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
    """The address that all requests go to."""

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
            raise ValueError("the local origin must be an address such as http://127.0.0.1:3000, without a path")
        return cls(parts.hostname, port)

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 80 else f"{host}:{self.port}"


class Local:
    def __init__(self, origin: Origin, patience: float) -> None:
        self._origin = origin
        self._patience = patience

    async def send(self, request: Request, reserve: Callable[[int], None]) -> Answer:
        """Sends a request and waits for the whole answer. `reserve` is called for every byte to be kept, and may raise."""
        if len(request.headers) > _MOST_LINES:
            raise RequestFailed(431, f"There are more than {_MOST_LINES} header lines.")
        why = fields.problem(request)
        if why is not None:
            raise RequestFailed(400, why)
        # Nothing is sent before all of it is known to be valid.
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        try:
            written = _encode(connection, request, self._origin.authority)
        except h11.LocalProtocolError:
            raise RequestFailed(400, "The method or a header is not valid HTTP.") from None
        try:
            async with asyncio.timeout(self._patience):
                head, body = await self._exchange(connection, written, reserve)
        except TimeoutError:
            raise RequestFailed(504, f"The local server did not answer within {self._patience:g} s.") from None
        except OSError as error:
            raise RequestFailed(502, f"The local server cannot be reached: {error.strerror or type(error).__name__}.") from None
        except h11.RemoteProtocolError:
            raise RequestFailed(502, "The answer of the local server is incomplete or not HTTP.") from None
        return _answer(request.method, head, body)

    async def _exchange(self, connection: h11.Connection, written: list[bytes], reserve: Callable[[int], None]) -> _Raw:
        reader, writer = await asyncio.open_connection(self._origin.host, self._origin.port)
        try:
            # No need to drain: it is all in memory, and the answer may arrive before everything has been sent.
            writer.writelines(written)
            return await _read_answer(connection, reader, reserve)
        finally:
            writer.transport.abort()


def _encode(connection: h11.Connection, request: Request, authority: str) -> list[bytes]:
    lines = [
        (name.encode(), fields.to_bytes(value))
        for name, value in fields.forwarded(request.headers)
        if name.lower() not in ("host", "content-length")
    ]
    lines.insert(0, (b"host", authority.encode()))
    if request.body or request.method in _WITH_BODY:
        lines.append((b"content-length", str(len(request.body)).encode()))
    head = h11.Request(method=request.method.encode(), target=request.url.encode(), headers=lines)
    events = [head, h11.Data(data=request.body), h11.EndOfMessage()] if request.body else [head, h11.EndOfMessage()]
    return [data for event in events for data in connection.send_with_data_passthrough(event) or () if data]


async def _read_answer(connection: h11.Connection, reader: asyncio.StreamReader, reserve: Callable[[int], None]) -> _Raw:
    head: h11.Response | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            reserve(len(event.data))
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return head, bytes(body)
        elif not isinstance(event, h11.InformationalResponse):
            # The connection was closed or switched to another protocol.
            raise RequestFailed(502, "The local server closed the connection without an answer.")


def _answer(method: str, head: h11.Response, body: bytes) -> Answer:
    if head.status_code > 599:
        raise RequestFailed(502, f"The local server answered with the invalid status {head.status_code}.")
    lines = [(name.decode(), fields.to_text(value)) for name, value in head.headers]
    # A length is kept if it is right, or if it belongs to a body that such an answer never includes.
    lengths = {str(len(body))}
    if method == "HEAD" or head.status_code == 304:
        lengths |= {value for name, value in lines if name == "content-length"}
    kept = [(name, value) for name, value in fields.forwarded(lines) if name != "content-length" or value in lengths]
    return Answer(head.status_code, fields.to_text(head.reason), kept, body)
