"""Standard input without blocking the event loop, be it a terminal, a pipe or a file; and standard output."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import CancelledError

_CHUNK = 64 * 1024


async def chunks() -> AsyncIterator[bytes]:
    """Standard input as it arrives. No more is read until the consumer asks for it."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)

    def read() -> None:
        # Event loops cannot watch files, and asyncio would wait for its own threads at the end; a daemon thread just ends.
        chunk = b"-"
        while chunk:
            try:
                chunk = os.read(0, _CHUNK)
            except OSError:
                chunk = b""  # standard input is closed
            try:
                asyncio.run_coroutine_threadsafe(queue.put(chunk), loop).result()
            except (RuntimeError, CancelledError):
                return  # the loop is closed

    threading.Thread(target=read, daemon=True).start()
    while chunk := await queue.get():
        yield chunk


async def lines() -> AsyncIterator[bytes]:
    """The lines of standard input, without their line feeds."""
    async for line in split(chunks()):
        yield line


async def split(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines of a stream. Only a line feed ends one; the last one may lack it."""
    parts: list[bytes] = []
    async for chunk in stream:
        *ended, rest = chunk.split(b"\n")
        for line in ended:
            yield b"".join([*parts, line])
            parts.clear()
        parts.append(rest)
    if any(parts):
        yield b"".join(parts)


async def each_line(handle: Callable[[bytes], None]) -> None:
    """Calls `handle` with each line of standard input."""
    async for line in lines():
        handle(line)


def write(text: str) -> None:
    """Writes to standard output and flushes (DRV-02). A closed pipe is ignored: it is no reason for a client to end."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        pass
