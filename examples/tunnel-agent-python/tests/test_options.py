"""The command line and the environment."""

import contextlib
import io
import json
import math
import tempfile
import unittest

from relayspec.timing import Timing
from tunnel_agent import options
from tunnel_agent.local import Origin

from .support import TOKEN

URL = "ws://127.0.0.1:8080/tunnel"
LOCAL = "http://127.0.0.1:3000"
SECRET = {"TUNNEL_TOKEN": TOKEN}


def refused(arguments: list[str], environment: dict[str, str]) -> bool:
    with contextlib.redirect_stderr(io.StringIO()) as errors:
        try:
            options.parse(arguments, environment)
        except SystemExit as end:
            assert TOKEN not in errors.getvalue()
            return end.code == 2 and "error: " in errors.getvalue()
    return False


class OptionsTest(unittest.TestCase):
    def test_defaults_to_a_log_and_endless_attempts(self) -> None:
        given = options.parse(["--url", URL, LOCAL], SECRET)
        self.assertEqual((given.driver, given.origin, given.policy.max_attempts), (False, Origin("127.0.0.1", 3000), math.inf))
        self.assertEqual(options.parse(["--url", URL, LOCAL, "--max-attempts", "3"], SECRET).policy.max_attempts, 3)

    def test_reads_the_token_from_a_file_or_the_environment_and_never_shows_it(self) -> None:
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("from a file\n")
            file.flush()
            self.assertEqual(options.parse(["--url", URL, LOCAL, "--token-file", file.name], SECRET).token, "from a file")
        given = options.parse(["--url", URL, LOCAL], SECRET)
        self.assertEqual(given.token, TOKEN)
        self.assertNotIn(TOKEN, repr(given))

    def test_params_select_the_driver_protocol(self) -> None:
        params = {"token": TOKEN, "local_url": LOCAL, "connect_timeout": 0.5}
        given = options.parse([], {"CONFORMANCE_URL": URL, "CONFORMANCE_PARAMS": json.dumps(params)})
        self.assertEqual((given.url, given.driver, given.token), (URL, True, TOKEN))
        self.assertEqual(given.timing, Timing(connect_timeout=0.5))

    def test_invalid_options_end_with_status_2(self) -> None:
        for arguments in ([LOCAL], ["--url", "http://x", LOCAL], ["--url", URL], ["--url", URL, LOCAL, "--max-attempts", "0"]):
            self.assertTrue(refused(arguments, SECRET), arguments)
        self.assertTrue(refused(["--url", URL, LOCAL], {}), "no token")
        self.assertTrue(refused(["--url", URL, LOCAL, "--token-file", "/nowhere"], SECRET))
        self.assertTrue(refused(["--url", URL, LOCAL], {"CONFORMANCE_PARAMS": f'{{"token":"{TOKEN}"'}))

    def test_parses_local_origins(self) -> None:
        for url, authority in (
            ("http://127.0.0.1:3000", "127.0.0.1:3000"),
            ("http://localhost/", "localhost"),
            ("http://[::1]:80", "[::1]"),
        ):
            self.assertEqual(Origin.parse(url).authority, authority)
        for url in ("", "127.0.0.1:3000", "https://x", "http://x/path", "http://x?y", "http://u:p@x", "http://x:99999", "http://:1", "http://x:0"):
            self.assertRaises(ValueError, Origin.parse, url)
