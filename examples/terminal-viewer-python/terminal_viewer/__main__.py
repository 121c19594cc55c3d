"""The program: runs the viewer for a user at a terminal, or for the conformance runner."""

import asyncio
import os
import sys

from relayspec import program, stdio

from . import console, options
from .driver import ViewerDriver
from .viewer import Viewer


def main() -> int:
    given = options.parse(sys.argv[1:], os.environ)
    if given.driver:
        return asyncio.run(_drive(given))
    with console.raw_mode():
        return asyncio.run(_attach(given))


async def _drive(given: options.Options) -> int:
    driver = ViewerDriver()
    viewer = Viewer(given, driver)
    return await program.run(viewer, stdio.each_line(lambda line: driver.handle(line, viewer)))


async def _attach(given: options.Options) -> int:
    user = console.Console(given.session)
    viewer = Viewer(given, user)

    async def read() -> None:
        async for chunk in stdio.chunks():
            user.handle(chunk, viewer)
            # A pipe can wait while the relay is away; at a terminal, a key may mean to leave.
            if not sys.stdin.isatty():
                await viewer.sent()

    return await program.run(viewer, read())


if __name__ == "__main__":
    sys.exit(main())
