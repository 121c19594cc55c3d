"""What the client is told from outside: the command line, and what a conformance runner puts into the environment."""

import argparse
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .policy import DEFAULT_POLICY, Policy

_SCHEME = "unix:"


@dataclass(frozen=True)
class Timing:
    """All in seconds, with the defaults of the specification."""

    connect_timeout: float = 10


@dataclass(frozen=True)
class Options:
    socket: str
    session_id: str
    driver: bool = False
    timing: Timing = field(default_factory=Timing)
    policy: Policy = DEFAULT_POLICY


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Ends the process with status 2 and one line, where something is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m rpc_client", description="Reports a session to a daemon. Each line is a call in its JSON form."
    )
    parser.add_argument("--url", default=environment.get("CONFORMANCE_URL"), help="unix:/PATH of the daemon's socket")
    parser.add_argument("--session-id", metavar="ID", help="the id of the session (default: a new one)")
    parser.add_argument("--driver", action="store_true", help="speak the driver protocol")
    given = parser.parse_args(arguments)
    try:
        session_id, timing, policy = _params(environment.get("CONFORMANCE_PARAMS", "{}"))
    except ValueError as error:
        parser.error(str(error))
    url = given.url or ""
    if not url.startswith(_SCHEME + "/"):
        parser.error("--url: the address of a daemon is needed, as unix:/run/daemon.sock")
    return Options(
        socket=url.removeprefix(_SCHEME),
        session_id=given.session_id or session_id or str(uuid.uuid4()),
        driver=given.driver or "CONFORMANCE_PARAMS" in environment,
        timing=timing,
        policy=policy,
    )


def _params(text: str) -> tuple[str | None, Timing, Policy]:
    try:
        params = json.loads(text)
    except ValueError:
        raise ValueError("CONFORMANCE_PARAMS is no JSON") from None
    if not isinstance(params, dict):
        raise ValueError("CONFORMANCE_PARAMS is no JSON object")
    # A member that is null is as if it were absent; others that nobody here needs are ignored.
    given = {name: value for name, value in params.items() if value is not None}
    session_id = given.get("session_id")
    if session_id is not None and not isinstance(session_id, str):
        raise ValueError("CONFORMANCE_PARAMS: `session_id` is a text")
    timing = Timing(_seconds(given["connect_timeout"])) if "connect_timeout" in given else Timing()
    policy = Policy.parse(given["reconnect"]) if "reconnect" in given else DEFAULT_POLICY
    return session_id, timing, policy


def _seconds(value: Any) -> float:
    if type(value) not in (int, float) or not 0 < value <= 30:
        raise ValueError("CONFORMANCE_PARAMS: `connect_timeout` is a number of seconds, at most 30")
    return float(value)
