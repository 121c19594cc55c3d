"""The program: options in, a running viewer out, and an orderly end on signals."""

import asyncio
import os
import signal
import sys

from . import options, person, stdin
from .driver import Driver
from .viewer import Viewer


def main() -> int:
    given = options.parse(sys.argv[1:], os.environ)
    if given.driver:
        return asyncio.run(_drive(given))
    with person.attached():
        return asyncio.run(_attach(given))


async def _drive(given: options.Options) -> int:
    driver = Driver(_print)
    viewer = Viewer(given, driver)

    async def listen() -> None:
        async for line in stdin.lines():
            driver.take(line, viewer)

    return await _run(viewer, listen())


async def _attach(given: options.Options) -> int:
    user = person.Person(given.session)
    viewer = Viewer(given, user)

    async def listen() -> None:
        async for chunk in stdin.chunks():
            user.take(chunk, viewer)
            # A pipe can wait while the relay is away; a person may want to leave.
            if not sys.stdin.isatty():
                await viewer.sent()

    return await _run(viewer, listen())


async def _run(viewer: Viewer, listening) -> int:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, viewer.stop)
    # The end of standard input means nothing: the viewer goes on.
    listener = loop.create_task(listening)
    try:
        return 0 if await viewer.run() else 1
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
