"""What the agent is told from outside: the command line, a file with the token, and what a conformance runner puts into the environment."""

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .local import Origin
from .policy import DEFAULT_POLICY, Policy
from .timing import Timing


@dataclass(frozen=True)
class Options:
    url: str
    # Nothing shows the options and the token with them.
    token: str = field(repr=False)
    origin: Origin
    packed: bool = False
    driver: bool = False
    timing: Timing = field(default_factory=Timing)
    policy: Policy = DEFAULT_POLICY


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Ends the process with status 2 and one line, where something is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tunnel_agent", description="Lets the public reach a local HTTP server through a cloud."
    )
    parser.add_argument("origin", nargs="?", metavar="LOCAL_URL", help="the local server, as http://127.0.0.1:3000")
    parser.add_argument("--url", default=environment.get("CONFORMANCE_URL"), help="ws://HOST:PORT/tunnel of the cloud")
    parser.add_argument(
        "--token-file", type=Path, metavar="PATH", help="a file with the token, on one line (default: $TUNNEL_TOKEN)"
    )
    parser.add_argument("--packed", action="store_true", help="open in MessagePack, not in JSON")
    parser.add_argument("--max-attempts", type=int, metavar="N", help="give up after so many failed attempts in a row")
    parser.add_argument("--driver", action="store_true", help="speak the driver protocol")
    given = parser.parse_args(arguments)
    try:
        params = _params(environment.get("CONFORMANCE_PARAMS", "{}"))
        policy = Policy.parse(params["reconnect"]) if "reconnect" in params else DEFAULT_POLICY
        if given.max_attempts is not None:
            policy = dataclasses.replace(policy, max_attempts=given.max_attempts)
        options = Options(
            url=given.url or "",
            token=_token(given.token_file, _text(params, "token"), environment),
            origin=Origin.parse(given.origin or _text(params, "local_url") or ""),
            packed=given.packed,
            driver=given.driver or "CONFORMANCE_PARAMS" in environment,
            timing=_timing(params),
            policy=policy,
        )
    except ValueError as error:
        parser.error(str(error))
    if not options.url.startswith(("ws://", "wss://")):
        parser.error("--url: the address of a cloud is needed, as ws://127.0.0.1:8080/tunnel")
    return options


def _token(path: Path | None, handed_over: str | None, environment: Mapping[str, str]) -> str:
    if path is not None:
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"--token-file: {type(error).__name__}: {path}") from None
    token = handed_over if handed_over is not None else environment.get("TUNNEL_TOKEN")
    if token is None:
        raise ValueError("a token is needed: by --token-file, or as TUNNEL_TOKEN in the environment")
    return token


def _params(text: str) -> dict[str, Any]:
    try:
        params = json.loads(text)
    except ValueError:
        raise ValueError("CONFORMANCE_PARAMS is no JSON") from None
    if not isinstance(params, dict):
        raise ValueError("CONFORMANCE_PARAMS is no JSON object")
    # A member that is null is as if it were absent; others that nobody here needs are ignored.
    return {name: value for name, value in params.items() if value is not None}


def _text(params: Mapping[str, Any], name: str) -> str | None:
    value = params.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"CONFORMANCE_PARAMS: `{name}` is a text")
    return value


def _timing(params: Mapping[str, Any]) -> Timing:
    names = [time.name for time in dataclasses.fields(Timing)]
    return Timing(**{name: _seconds(name, params[name]) for name in names if name in params})


def _seconds(name: str, value: Any) -> float:
    if type(value) not in (int, float) or value <= 0 or (name == "connect_timeout" and value > 30):
        raise ValueError(f"CONFORMANCE_PARAMS: `{name}` is a number of seconds")
    return float(value)
