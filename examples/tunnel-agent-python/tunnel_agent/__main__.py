"""The program: options in, a running agent out, and an orderly end on signals."""

import asyncio
import os
import signal
import sys

from . import options, stdin
from .agent import Agent
from .driver import Driver
from .person import Person


def main() -> int:
    return asyncio.run(_run(options.parse(sys.argv[1:], os.environ)))


async def _run(given: options.Options) -> int:
    driver = Driver(_print)
    agent = Agent(given, driver if given.driver else Person(_print))

    async def listen() -> None:
        async for line in stdin.lines():
            driver.take(line, agent.stop)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, agent.stop)
    # The end of standard input means nothing: the agent goes on.
    listener = loop.create_task(listen()) if given.driver else None
    try:
        return 0 if await agent.run() else 1
    finally:
        if listener is not None:
            listener.cancel()


def _print(line: str) -> None:
    try:
        sys.stdout.write(line)
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # nobody listens any more; that is no reason to end


if __name__ == "__main__":
    sys.exit(main())
