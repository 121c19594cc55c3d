"""The program: options in, a running client out, and an orderly end on signals."""

import asyncio
import os
import signal
import sys

from . import options, stdin
from .client import Client
from .driver import Driver
from .person import Person


def main() -> int:
    return asyncio.run(_run(options.parse(sys.argv[1:], os.environ)))


async def _run(given: options.Options) -> int:
    user = Driver(_print) if given.driver else Person()
    client = Client(given, user)

    async def listen() -> None:
        async for line in stdin.lines():
            user.take(line, client)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, client.stop)
    # The end of standard input means nothing: the client goes on.
    listener = loop.create_task(listen())
    try:
        return 0 if await client.run() else 1
    finally:
        listener.cancel()


def _print(line: str) -> None:
    try:
        sys.stdout.write(line)
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # nobody listens any more; that is no reason to end


if __name__ == "__main__":
    sys.exit(main())
