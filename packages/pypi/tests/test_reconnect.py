"""Policies and delays, against the tables of the specification."""

import unittest

from relayspec.reconnect import RELAY, RPC, TUNNEL, Backoff, Policy

from .support import vectors


class PolicyTest(unittest.TestCase):
    def test_accepts_valid_policies_and_rejects_others(self) -> None:
        for vector in vectors("reconnect/policies"):
            with self.subTest(vector["id"]):
                if vector["verdict"] == "accept":
                    Policy.parse(vector["policy"])
                else:
                    self.assertRaises(ValueError, Policy.parse, vector["policy"])

    def test_nominal_delays(self) -> None:
        for vector in vectors("reconnect/delays"):
            policy = Policy.parse(vector["policy"])
            for delay in vector["delays"]:
                self.assertAlmostEqual(policy.nominal(delay["attempt"]), delay["nominal"], places=6, msg=vector["id"])

    def test_named_policies(self) -> None:
        self.assertEqual([RELAY.nominal(n) for n in range(7)], [1, 2, 4, 8, 16, 32, 32])
        self.assertEqual([TUNNEL.nominal(8), TUNNEL.nominal(9)], [256, 300])
        self.assertEqual([RPC.nominal(4), RPC.nominal(5)], [16, 30])


class BackoffTest(unittest.TestCase):
    def test_jitter_spreads_a_delay_around_its_nominal_value(self) -> None:
        policy = Policy(base=1, factor=2, cap=32, jitter=0.5)
        delays = [Backoff(policy, lambda drawn=drawn: drawn).next_delay() for drawn in (0, 0.5, 1)]  # type: ignore[misc]
        self.assertEqual(delays, [0.5, 1, 1.5])

    def test_only_success_restarts_the_sequence_and_only_failures_count(self) -> None:
        backoff = Backoff(Policy(base=1, factor=2, cap=32, max_attempts=3))
        # The very first attempt counts as a loss.
        self.assertEqual([backoff.next_delay(), backoff.next_delay()], [1, 2])
        backoff.succeeded()
        # The loss itself is not a failed attempt; three failed ones follow it.
        self.assertEqual([backoff.next_delay() for _ in range(4)], [1, 2, 4, None])
