"""The driver protocol of an rpc client."""

from typing import Any

from relayspec.driver import Command, Driver

from .client import Client


class RpcDriver(Driver):
    def handle(self, line: bytes, client: Client) -> None:
        """Carries out a command. Never waits, so that `stop` works at any time."""

        def call(command: Command) -> None:
            call_id = command.text("id")

            def outcome(answer: Any, error: str | None) -> None:
                self.result(call_id, ok=answer, error=error)

            client.call(command.value("message"), outcome)

        self.take(line, {"stop": lambda _: client.stop(), "call": call})
