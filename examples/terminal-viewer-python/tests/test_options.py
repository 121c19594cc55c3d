"""The command line and the environment."""

import contextlib
import io
import math
import unittest

from relayspec.timing import Timing
from terminal_viewer import options

from .support import CODE

URL = "ws://127.0.0.1:8080/ws"


def refused(arguments: list[str], environment: dict[str, str]) -> bool:
    with contextlib.redirect_stderr(io.StringIO()) as errors:
        try:
            options.parse(arguments, environment)
        except SystemExit as end:
            return end.code == 2 and "error: " in errors.getvalue()
    return False


class OptionsTest(unittest.TestCase):
    def test_defaults_to_a_console_and_endless_attempts(self) -> None:
        given = options.parse(["--url", URL, CODE], {})
        self.assertEqual((given.driver, given.code, given.policy.max_attempts), (False, CODE, math.inf))
        self.assertEqual(options.parse(["--url", URL, CODE, "--max-attempts", "3"], {}).policy.max_attempts, 3)

    def test_params_select_the_driver_protocol(self) -> None:
        given = options.parse([], {"CONFORMANCE_URL": URL, "CONFORMANCE_PARAMS": '{"code":"k7qxm2","connect_timeout":0.5}'})
        self.assertEqual((given.url, given.driver, given.code), (URL, True, "k7qxm2"))
        self.assertEqual(given.timing, Timing(connect_timeout=0.5))

    def test_invalid_options_end_with_status_2(self) -> None:
        for arguments in ([CODE], ["--url", "http://x", CODE], ["--url", URL], ["--url", URL, CODE, "--max-attempts", "0"]):
            self.assertTrue(refused(arguments, {}), arguments)
        self.assertTrue(refused(["--url", URL, CODE], {"CONFORMANCE_PARAMS": "[]"}))
