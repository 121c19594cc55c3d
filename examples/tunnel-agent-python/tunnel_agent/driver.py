"""The driver protocol of a tunnel agent, whose only command is `stop`."""

from collections.abc import Callable

from relayspec.driver import Driver


class AgentDriver(Driver):
    def answered(self, method: str, url: str, status: int) -> None:
        """The protocol has no event for this."""

    def handle(self, line: bytes, stop: Callable[[], None]) -> None:
        self.take(line, {"stop": lambda _: stop()})
