"""The command line, and what the conformance runner passes in the environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from relayspec.options import ClientOptions, client_options, client_parser
from relayspec.reconnect import RELAY

# With jitter: the many clients of one server should not all reconnect at the same moment.
DEFAULT_POLICY = replace(RELAY, jitter=0.3)


@dataclass(frozen=True, kw_only=True)
class Options(ClientOptions):
    pin: str = field(repr=False)
    chat: str | None = None


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Ends the process with status 2 and one line if something is wrong."""
    parser = client_parser(
        "sync_client",
        "Shows a chat of a desktop server, and sends what is typed.",
        environment,
        "ws://HOST:PORT/sync of the server",
    )
    parser.add_argument("chat", nargs="?", metavar="CHAT", help="the id of the chat")
    parser.add_argument("--pin", help="the PIN that the server shows")
    given = parser.parse_args(arguments)
    try:
        shared, params = client_options(given, environment, DEFAULT_POLICY, "ws://127.0.0.1:8080/sync")
    except ValueError as error:
        parser.error(str(error))
    pin = given.pin or params.pin
    if pin is None:
        parser.error("--pin is required; the server shows the PIN")
    if given.chat is None and not shared.driver:
        parser.error("the id of a chat is required")
    return Options(**vars(shared), pin=pin, chat=given.chat)
