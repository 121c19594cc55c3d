"""Runs a client as a program: signals, standard input, exit status."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, Protocol


class Runnable(Protocol):
    """A client, as `relayspec.client.ReconnectingClient`."""

    async def run(self) -> bool:
        """Runs until it is stopped (true) or gives up (false)."""

    def stop(self) -> None:
        """Ends it for good."""


async def run(client: Runnable, reading: Coroutine[Any, Any, None] | None = None) -> int:
    """Runs a client until it ends, and stops it upon SIGTERM, SIGINT or SIGHUP. Returns the exit status.

    The status is 0 if the client was stopped (RECON-13), and 1 if it gave up (RECON-09, RECON-11). `reading` handles
    standard input meanwhile; its end means nothing.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, client.stop)
    reader = None if reading is None else loop.create_task(reading)
    try:
        return 0 if await client.run() else 1
    finally:
        if reader is not None:
            reader.cancel()
