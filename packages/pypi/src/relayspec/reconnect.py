"""When a client reconnects, and when it gives up (chapter `reconnect`). No timers, no I/O."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Self

# No delay, jitter included, is longer than this many seconds (RECON-07).
LONGEST_DELAY = 450


@dataclass(frozen=True)
class Policy:
    """A reconnection policy. Raises `ValueError` if its values violate RECON-06 or RECON-07."""

    base: float
    """The nominal delay before the first attempt after a loss, in seconds."""
    factor: float
    """What the delay is multiplied by after each failed attempt."""
    cap: float
    """The longest nominal delay, in seconds."""
    jitter: float = 0
    """How far a delay may be from its nominal value, as a fraction of it: at most 0.5."""
    max_attempts: float = math.inf
    """Failed attempts in a row after which the client gives up (RECON-09); infinite by default."""

    def __post_init__(self) -> None:
        if not 0 < self.base <= self.cap:
            raise ValueError("`base` must be more than 0 and at most `cap`")
        if self.factor < 1:
            raise ValueError("`factor` must be at least 1")
        if not 0 <= self.jitter <= 0.5:
            raise ValueError("`jitter` must be between 0 and 0.5")
        if self.max_attempts < 1 or (math.isfinite(self.max_attempts) and self.max_attempts % 1 != 0):
            raise ValueError("`max_attempts` must be a whole number, 1 or more")
        if self.nominal(self.max_attempts - 1) * (1 + self.jitter) > LONGEST_DELAY:
            raise ValueError(f"`cap` and `jitter` allow delays of more than {LONGEST_DELAY} s")

    @classmethod
    def parse(cls, value: Any) -> Self:
        """Reads a policy from its JSON form. Raises `ValueError`."""
        names = {field.name for field in fields(cls)}
        if not isinstance(value, dict) or not value.keys() <= names:
            raise ValueError(
                "a policy is an object with the members " + ", ".join(f"`{name}`" for name in sorted(names))
            )
        given = {name: member for name, member in value.items() if member is not None}
        for name in ("base", "factor", "cap"):
            if name not in given:
                raise ValueError(f"missing member `{name}`")
        for name, member in given.items():
            if type(member) not in (int, float):
                raise ValueError(f"`{name}` must be a number")
        return cls(**{name: float(member) for name, member in given.items()})

    def nominal(self, attempt: float) -> float:
        """The delay before an attempt without jitter, in seconds. Attempts are counted from 0, the first after a loss."""
        try:
            return min(float(self.base * self.factor**attempt), self.cap)
        except OverflowError:
            return self.cap


RELAY = Policy(base=1, factor=2, cap=32)
"""For hosts and viewers of pairing and terminal, and for sync clients."""
TUNNEL = Policy(base=1, factor=2, cap=300)
"""For tunnel agents."""
RPC = Policy(base=1, factor=2, cap=30)
"""For rpc clients."""


class Backoff:
    """Yields the delays of a policy, and counts the attempts since the last loss and the failures in a row."""

    def __init__(self, policy: Policy, draw: Callable[[], float] = random.random) -> None:
        """`draw` returns a number from 0 to 1 for the jitter."""
        self._policy = policy
        self._draw = draw
        self._attempt = 0
        self._failures = 0
        self._established = False

    def succeeded(self) -> None:
        """Restarts the sequence. Only the protocol's own success counts, not an open connection (RECON-04)."""
        self._attempt = 0
        self._failures = 0
        self._established = True

    def next_delay(self) -> float | None:
        """Seconds from a loss or a failed attempt to the next attempt; None if the client has to give up (RECON-09)."""
        if not self._established:
            self._failures += 1
        self._established = False
        if self._failures >= self._policy.max_attempts:
            return None
        nominal = self._policy.nominal(self._attempt)
        self._attempt += 1
        return nominal * (1 + self._policy.jitter * (2 * self._draw() - 1))
