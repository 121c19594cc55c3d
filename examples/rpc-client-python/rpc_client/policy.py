"""How a client comes back: the policy, and the count of what failed."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Self

# No delay, jitter included, is longer than this many seconds (RECON-07).
LONGEST = 450


@dataclass(frozen=True)
class Policy:
    """All times in seconds. `max_attempts` is infinite for a client that never gives up."""

    base: float
    factor: float
    cap: float
    jitter: float = 0
    max_attempts: float = math.inf

    def __post_init__(self) -> None:
        if not 0 < self.base <= self.cap:
            raise ValueError("`base` is more than 0 and at most `cap`")
        if self.factor < 1:
            raise ValueError("`factor` is at least 1")
        if not 0 <= self.jitter <= 0.5:
            raise ValueError("`jitter` lies between 0 and 0.5")
        if self.max_attempts < 1 or (math.isfinite(self.max_attempts) and self.max_attempts % 1 != 0):
            raise ValueError("`max_attempts` is a whole number from 1")
        if self.nominal(self.max_attempts - 1) * (1 + self.jitter) > LONGEST:
            raise ValueError(f"`cap` allows delays of more than {LONGEST} s")

    @classmethod
    def parse(cls, value: Any) -> Self:
        """Reads a policy as JSON has it."""
        names = {field.name for field in fields(cls)}
        if not isinstance(value, dict) or not value.keys() <= names:
            raise ValueError("a policy has the members " + ", ".join(sorted(names)))
        given = {name: member for name, member in value.items() if member is not None}
        if not given.keys() >= {"base", "factor", "cap"}:
            raise ValueError("a policy has `base`, `factor` and `cap`")
        if not all(type(member) in (int, float) for member in given.values()):
            raise ValueError("the members of a policy are numbers")
        return cls(**{name: float(member) for name, member in given.items()})

    def nominal(self, attempt: float) -> float:
        """The delay before an attempt, counted from 0, without jitter."""
        try:
            return min(self.base * float(self.factor) ** attempt, self.cap)
        except OverflowError:
            return self.cap


# The policy `rpc` of the specification, with jitter: of the many shells of one daemon no two should knock together.
DEFAULT_POLICY = Policy(base=1, factor=2, cap=30, jitter=0.3)


class ComingBack:
    """Counts the attempts since the last loss, and those that failed in a row."""

    def __init__(self, policy: Policy, draw: Callable[[], float] = random.random) -> None:
        self._policy = policy
        self._draw = draw
        self._attempt = 0
        self._failures = 0
        self._established = False

    def succeeded(self) -> None:
        """An attempt reached the family's own success, and nothing less (RECON-04)."""
        self._attempt = 0
        self._failures = 0
        self._established = True

    def next(self) -> float | None:
        """Seconds from a loss or failure to the next attempt; None when there is to be none."""
        if not self._established:
            self._failures += 1
        self._established = False
        if self._failures >= self._policy.max_attempts:
            return None
        nominal = self._policy.nominal(self._attempt)
        self._attempt += 1
        return nominal * (1 + self._policy.jitter * (2 * self._draw() - 1))
