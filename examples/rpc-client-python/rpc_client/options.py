"""The command line, and what the conformance runner passes in the environment."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from relayspec.options import ClientOptions, client_options, client_parser
from relayspec.reconnect import RPC

# With jitter: the many shells of one daemon should not all reconnect at the same moment.
DEFAULT_POLICY = replace(RPC, jitter=0.3)


@dataclass(frozen=True, kw_only=True)
class Options(ClientOptions):
    session_id: str

    @property
    def socket(self) -> str:
        return self.url.removeprefix("unix:")


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Ends the process with status 2 and one line if something is wrong."""
    parser = client_parser(
        "rpc_client",
        "Reports a session to a daemon. Each line of input is a call in its JSON form.",
        environment,
        "unix:/PATH of the daemon's socket",
    )
    parser.add_argument("--session-id", metavar="ID", help="the id of the session (default: a new one)")
    given = parser.parse_args(arguments)
    try:
        shared, params = client_options(
            given, environment, DEFAULT_POLICY, example="unix:/run/daemon.sock", prefixes=("unix:/",)
        )
    except ValueError as error:
        parser.error(str(error))
    return Options(**vars(shared), session_id=given.session_id or params.session_id or str(uuid.uuid4()))
