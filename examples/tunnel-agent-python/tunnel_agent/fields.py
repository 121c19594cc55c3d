"""Which requests are valid, and which header lines are forwarded. No I/O."""

import re
from collections.abc import Iterable

from .messages import Lines, Request

# RFC 9110, section 7.6.1, and common practice.
_HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split()
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Exactly one leading slash, and no fragment: nothing that any server or client could take for another host.
_TARGET = re.compile(r"/(?!/)[!\"$-~]*")
_FORBIDDEN_IN_VALUES = re.compile(r"[\0\r\n]")


def problem(request: Request) -> str | None:
    """Why this request is invalid; None if it is valid (TUN-16)."""
    if not _TARGET.fullmatch(request.url):
        return "The url must be a path, with or without a query, that begins with exactly one slash."
    if not _TOKEN.fullmatch(request.method) or request.method == "CONNECT":
        return "This method is not allowed."
    for name, value in request.headers:
        if not _TOKEN.fullmatch(name):
            return "The name of a header must be a token."
        if _FORBIDDEN_IN_VALUES.search(value):
            return "The value of a header contains a character that HTTP forbids."
    return None


def forwarded(lines: Iterable[tuple[str, str]]) -> Lines:
    """Drops the hop-by-hop lines, those that frame a body among them."""
    given = list(lines)
    options = [value.split(",") for name, value in given if name.lower() == "connection"]
    dropped = _HOP_BY_HOP.union(option.strip(" \t").lower() for named in options for option in named)
    return [(name, value) for name, value in given if name.lower() not in dropped]


def to_bytes(value: str) -> bytes:
    """A header value as bytes, without surrounding white space."""
    return value.strip(" \t").encode()


def to_text(value: bytes) -> str:
    """A header value as text: as UTF-8 if valid, otherwise as ISO 8859-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
