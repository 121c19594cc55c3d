"""The command-line options that all clients share, and what the conformance runner passes in the environment."""

import argparse
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from .driver import Params
from .reconnect import Policy
from .timing import Timing


@dataclass(frozen=True, kw_only=True)
class ClientOptions:
    """What every client needs to know. A client with more options of its own derives from this class."""

    url: str
    policy: Policy
    timing: Timing = Timing()
    driver: bool = False
    """Whether the client speaks the driver protocol on standard input and output."""


def client_parser(program: str, description: str, environment: Mapping[str, str], url: str) -> argparse.ArgumentParser:
    """A parser with the options `--url`, `--max-attempts` and `--driver`; `url` describes the address."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    parser.add_argument(
        "--url", default=environment.get("CONFORMANCE_URL", ""), help=f"{url} (default: $CONFORMANCE_URL)"
    )
    parser.add_argument(
        "--max-attempts", type=int, metavar="N", help="give up after N failed attempts in a row (default: never)"
    )
    parser.add_argument(
        "--driver", action="store_true", help="speak the driver protocol (default: if $CONFORMANCE_PARAMS is set)"
    )
    return parser


def client_options(
    given: argparse.Namespace,
    environment: Mapping[str, str],
    policy: Policy,
    example: str,
    prefixes: tuple[str, ...] = ("ws://", "wss://"),
) -> tuple[ClientOptions, Params]:
    """The shared options from parsed arguments and the environment; the arguments win.

    `policy` is the client's own. The URL must begin with one of `prefixes`, as `example` does. Raises `ValueError` with a
    message for the user.
    """
    params = Params.from_environment(environment)
    if not given.url.startswith(prefixes):
        raise ValueError(f"--url: expected an address such as {example}")
    if params is not None and params.reconnect is not None:
        policy = params.reconnect
    if given.max_attempts is not None:
        policy = dataclasses.replace(policy, max_attempts=given.max_attempts)
    driver = given.driver or params is not None
    params = params or Params()
    return ClientOptions(url=given.url, policy=policy, timing=params.timing, driver=driver), params
