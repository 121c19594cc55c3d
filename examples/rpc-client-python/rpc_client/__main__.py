"""The program: runs the client for a user at a terminal, or for the conformance runner."""

import asyncio
import os
import sys

from relayspec import program, stdio

from . import options
from .client import Client
from .console import Console
from .driver import RpcDriver


async def main() -> int:
    given = options.parse(sys.argv[1:], os.environ)
    user = RpcDriver() if given.driver else Console()
    client = Client(given, user)
    return await program.run(client, stdio.each_line(lambda line: user.handle(line, client)))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
