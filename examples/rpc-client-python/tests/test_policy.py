"""The policy, against the tables of the specification, and the count of what failed."""

import unittest

from rpc_client.policy import ComingBack, Policy

from .support import vectors


class Policies(unittest.TestCase):
    def test_which_policies_may_be_declared(self) -> None:
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

    def test_jitter_spreads_a_delay_around_its_nominal_value(self) -> None:
        policy = Policy(base=1, factor=2, cap=32, jitter=0.5)
        self.assertEqual([ComingBack(policy, lambda: drawn).next() for drawn in (0, 0.5, 1)], [0.5, 1, 1.5])

    def test_only_success_starts_the_sequence_afresh_and_only_failures_count(self) -> None:
        coming_back = ComingBack(Policy(base=1, factor=2, cap=32, max_attempts=3))
        # The very first attempt counts as a loss.
        self.assertEqual([coming_back.next(), coming_back.next()], [1, 2])
        coming_back.succeeded()
        # The loss itself is no failed attempt; three failed ones follow it.
        self.assertEqual([coming_back.next() for _ in range(4)], [1, 2, 4, None])
