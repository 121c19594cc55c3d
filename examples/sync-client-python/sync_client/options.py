"""What the client is told from outside: the command line, and what a conformance runner puts into the environment."""

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .policy import DEFAULT_POLICY, Policy


@dataclass(frozen=True)
class Timing:
    """All in seconds, with the defaults of the specification."""

    connect_timeout: float = 10
    notify_deadline: float = 1
    subscribe_timeout: float = 10
    request_timeout: float = 30
    heartbeat_interval: float = 30
    heartbeat_timeout: float = 10


@dataclass(frozen=True)
class Options:
    url: str
    pin: str
    chat: str | None = None
    driver: bool = False
    timing: Timing = field(default_factory=Timing)
    policy: Policy = DEFAULT_POLICY


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Ends the process with status 2 and one line, where something is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m sync_client", description="Shows a chat of a desktop server, and sends there what is typed."
    )
    parser.add_argument("chat", nargs="?", metavar="CHAT", help="the id of the chat")
    parser.add_argument("--url", default=environment.get("CONFORMANCE_URL"), help="ws://HOST:PORT/sync of the server")
    parser.add_argument("--pin", help="the PIN that the server shows")
    parser.add_argument("--max-attempts", type=int, metavar="N", help="give up after so many failed attempts in a row")
    parser.add_argument("--driver", action="store_true", help="speak the driver protocol")
    given = parser.parse_args(arguments)
    try:
        pin, timing, policy = _params(environment.get("CONFORMANCE_PARAMS", "{}"))
        if given.max_attempts is not None:
            policy = dataclasses.replace(policy, max_attempts=given.max_attempts)
    except ValueError as error:
        parser.error(str(error))
    driver = given.driver or "CONFORMANCE_PARAMS" in environment
    if not (given.url or "").startswith(("ws://", "wss://")):
        parser.error("--url: the address of a server is needed, as ws://127.0.0.1:8080/sync")
    pin = given.pin or pin
    if pin is None:
        parser.error("--pin: the server shows it")
    if given.chat is None and not driver:
        parser.error("the id of a chat is needed")
    return Options(url=given.url, pin=pin, chat=given.chat, driver=driver, timing=timing, policy=policy)


def _params(text: str) -> tuple[str | None, Timing, Policy]:
    try:
        params = json.loads(text)
    except ValueError:
        raise ValueError("CONFORMANCE_PARAMS is no JSON") from None
    if not isinstance(params, dict):
        raise ValueError("CONFORMANCE_PARAMS is no JSON object")
    # A member that is null is as if it were absent; others that nobody here needs are ignored.
    given = {name: value for name, value in params.items() if value is not None}
    pin = given.get("pin")
    if pin is not None and not isinstance(pin, str):
        raise ValueError("CONFORMANCE_PARAMS: `pin` is a text")
    times = {time.name: _seconds(time.name, given[time.name]) for time in dataclasses.fields(Timing) if time.name in given}
    policy = Policy.parse(given["reconnect"]) if "reconnect" in given else DEFAULT_POLICY
    return pin, Timing(**times), policy


def _seconds(name: str, value: Any) -> float:
    if type(value) not in (int, float) or value <= 0 or (name == "connect_timeout" and value > 30):
        raise ValueError(f"CONFORMANCE_PARAMS: `{name}` is a number of seconds")
    return float(value)
