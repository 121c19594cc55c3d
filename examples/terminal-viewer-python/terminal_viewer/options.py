"""The command line, and what the conformance runner passes in the environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from relayspec.options import ClientOptions, client_options, client_parser
from relayspec.reconnect import RELAY

# With jitter: the many viewers of one relay should not all reconnect at the same moment.
DEFAULT_POLICY = replace(RELAY, jitter=0.3)


@dataclass(frozen=True, kw_only=True)
class Options(ClientOptions):
    code: str | None = None
    session: str | None = None


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Ends the process with status 2 and one line if something is wrong."""
    parser = client_parser(
        "terminal_viewer",
        "Joins a host's terminal sessions through a relay. Ctrl-] q leaves, Ctrl-] n shows the next session.",
        environment,
        "ws://HOST:PORT/ws of the relay",
    )
    parser.add_argument("code", nargs="?", metavar="CODE", help="the code that the host shows")
    parser.add_argument("--session", metavar="ID", help="the session to show first (default: the host's first)")
    given = parser.parse_args(arguments)
    try:
        shared, params = client_options(given, environment, DEFAULT_POLICY, "ws://127.0.0.1:8080/ws")
    except ValueError as error:
        parser.error(str(error))
    code = given.code or params.code
    # The runner may pass one later, with `join`.
    if code is None and not shared.driver:
        parser.error("a code is required; the host shows it")
    return Options(**vars(shared), code=code, session=given.session)
