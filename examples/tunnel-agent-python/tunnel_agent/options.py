"""The command line, the file with the token, and what the conformance runner passes in the environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from relayspec.options import ClientOptions, client_options, client_parser
from relayspec.reconnect import TUNNEL

from .local import Origin

# With jitter: the many agents of one cloud should not all reconnect at the same moment.
DEFAULT_POLICY = replace(TUNNEL, jitter=0.3)


@dataclass(frozen=True, kw_only=True)
class Options(ClientOptions):
    # Not in `repr`, so that no log of the options shows the token.
    token: str = field(repr=False)
    origin: Origin
    packed: bool = False


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Ends the process with status 2 and one line if something is wrong."""
    parser = client_parser(
        "tunnel_agent",
        "Makes a local HTTP server reachable through a cloud.",
        environment,
        "ws://HOST:PORT/tunnel of the cloud",
    )
    parser.add_argument("origin", nargs="?", metavar="LOCAL_URL", help="the local server, as http://127.0.0.1:3000")
    parser.add_argument(
        "--token-file", type=Path, metavar="PATH", help="a file with the token on one line (default: $TUNNEL_TOKEN)"
    )
    parser.add_argument("--packed", action="store_true", help="start in MessagePack instead of JSON")
    given = parser.parse_args(arguments)
    try:
        shared, params = client_options(given, environment, DEFAULT_POLICY, "ws://127.0.0.1:8080/tunnel")
        return Options(
            **vars(shared),
            token=_token(given.token_file, params.token, environment),
            origin=Origin.parse(given.origin or params.local_url or ""),
            packed=given.packed,
        )
    except ValueError as error:
        parser.error(str(error))


def _token(path: Path | None, param: str | None, environment: Mapping[str, str]) -> str:
    if path is not None:
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"--token-file: {type(error).__name__}: {path}") from None
    token = param if param is not None else environment.get("TUNNEL_TOKEN")
    if token is None:
        raise ValueError("a token is required: use --token-file, or set TUNNEL_TOKEN in the environment")
    return token
