"""The driver protocol of a sync client."""

from typing import Any

from relayspec.driver import Command, Driver

from . import messages
from .client import Client
from .messages import Topic


class SyncDriver(Driver):
    def pushed(self, topic: Topic, payload: dict[str, Any]) -> None:
        self.data(payload, **messages.topic_members(topic))

    def handle(self, line: bytes, client: Client) -> None:
        """Carries out a command. Never waits, so that `stop` works at any time."""

        def change(command: Command) -> None:
            name = command.text("id")
            topic = messages.topic_of(command.value("resource"), command.get("resourceId"))
            if topic is None:
                self.result(name, error="no such resource")
            elif command.do == "subscribe":
                client.subscribe(name, topic)
            else:
                client.unsubscribe(name, topic)

        def send(command: Command) -> None:
            payload = command.object("payload")
            client.send(command.optional_text("id"), payload.text("resourceId"), payload.text("message"))

        handlers = {"stop": lambda _: client.stop(), "subscribe": change, "unsubscribe": change, "send": send}
        self.take(line, handlers)
