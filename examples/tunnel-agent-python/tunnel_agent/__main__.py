"""The program: runs the agent with a log, or for the conformance runner."""

import asyncio
import os
import sys

from relayspec import program, stdio

from . import options
from .agent import Agent
from .driver import AgentDriver
from .log import Log


async def main() -> int:
    given = options.parse(sys.argv[1:], os.environ)
    if not given.driver:
        return await program.run(Agent(given, Log(stdio.write)))
    driver = AgentDriver()
    agent = Agent(given, driver)
    return await program.run(agent, stdio.each_line(lambda line: driver.handle(line, agent.stop)))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
