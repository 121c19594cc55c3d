"""The shared command-line options and the environment."""

import contextlib
import io
import math
import unittest
from typing import Any

from relayspec.options import ClientOptions, client_options, client_parser
from relayspec.reconnect import RELAY, Policy
from relayspec.timing import Timing

URL = "ws://127.0.0.1:8080/ws"


def options(arguments: list[str], environment: dict[str, str], **settings: Any) -> ClientOptions:
    given = client_parser("client", "A client.", environment, "ws://HOST:PORT/ws").parse_args(arguments)
    return client_options(given, environment, RELAY, URL, **settings)[0]


class OptionsTest(unittest.TestCase):
    def test_defaults(self) -> None:
        self.assertEqual(options(["--url", URL], {}), ClientOptions(url=URL, policy=RELAY))
        self.assertEqual(RELAY.max_attempts, math.inf)

    def test_arguments_win_over_the_environment(self) -> None:
        environment = {
            "CONFORMANCE_URL": URL,
            "CONFORMANCE_PARAMS": '{"connect_timeout":0.5,"reconnect":{"base":1,"factor":2,"cap":4,"max_attempts":5}}',
        }
        expected = ClientOptions(url=URL, policy=Policy(1, 2, 4, 0, 5), timing=Timing(connect_timeout=0.5), driver=True)
        self.assertEqual(options([], environment), expected)
        given = options(["--url", "wss://other", "--max-attempts", "3"], environment)
        self.assertEqual((given.url, given.policy.max_attempts), ("wss://other", 3))

    def test_rejects_other_addresses_and_counts(self) -> None:
        for arguments in ([], ["--url", "http://x"], ["--url", "unix:/x"], ["--url", URL, "--max-attempts", "0"]):
            self.assertRaises(ValueError, options, arguments, {})
        self.assertEqual(options(["--url", "unix:/x"], {}, prefixes=("unix:/",)).url, "unix:/x")
        self.assertRaises(ValueError, options, ["--url", URL], {}, prefixes=("unix:/",))
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit):
            options(["--max-attempts", "many"], {})
