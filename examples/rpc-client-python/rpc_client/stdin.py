"""Standard input, whatever it is: a terminal, a pipe, a file or nothing at all."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator

_CHUNK = 64 * 1024


async def chunks() -> AsyncIterator[bytes]:
    """What comes, as it comes. Who does not ask for more holds up the writer."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)

    def read() -> None:
        # No event loop watches files, and a thread within the runtime's own reader may not be left alone at the end.
        try:
            while chunk := os.read(0, _CHUNK):
                asyncio.run_coroutine_threadsafe(queue.put(chunk), loop).result()
            asyncio.run_coroutine_threadsafe(queue.put(b""), loop).result()
        except (OSError, RuntimeError):
            pass  # standard input is closed, or the loop is

    threading.Thread(target=read, daemon=True).start()
    while chunk := await queue.get():
        yield chunk


async def lines() -> AsyncIterator[bytes]:
    """Each line without its line feed."""
    parts: list[bytes] = []
    async for chunk in chunks():
        *ended, rest = chunk.split(b"\n")
        for line in ended:
            yield b"".join([*parts, line])
            parts.clear()
        parts.append(rest)
    if any(parts):
        yield b"".join(parts)
