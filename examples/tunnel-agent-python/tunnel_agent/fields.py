"""What a request may look like, and which header lines pass from one connection to the next. It knows no sockets."""

import re
from collections.abc import Iterable

from .messages import Lines, Request

# RFC 9110, section 7.6.1, and what people made of it.
_HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split()
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Exactly one slash in front, and no fragment: nothing that some server or client takes for another host.
_TARGET = re.compile(r"/(?!/)[!\"$-~]*")
_FORBIDDEN_IN_VALUES = re.compile(r"[\0\r\n]")


def problem(request: Request) -> str | None:
    """Why this request can be made nowhere, or None where it can (TUN-16)."""
    if not _TARGET.fullmatch(request.url):
        return "The url is no path with query that begins with one slash."
    if not _TOKEN.fullmatch(request.method) or request.method == "CONNECT":
        return "The method is none that passes here."
    for name, value in request.headers:
        if not _TOKEN.fullmatch(name):
            return "The name of a header is no token."
        if _FORBIDDEN_IN_VALUES.search(value):
            return "The value of a header holds what HTTP forbids."
    return None


def passed_on(lines: Iterable[tuple[str, str]]) -> Lines:
    """The lines that are not about one connection alone. Whatever frames a body is among those."""
    given = list(lines)
    options = [value.split(",") for name, value in given if name.lower() == "connection"]
    left = _HOP_BY_HOP.union(option.strip(" \t").lower() for named in options for option in named)
    return [(name, value) for name, value in given if name.lower() not in left]


def to_bytes(value: str) -> bytes:
    """A header value as it goes over the wire. Space around it is no part of it."""
    return value.strip(" \t").encode()


def to_text(value: bytes) -> str:
    """A header value in a message: UTF-8, as most are, or else one character for each byte."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
