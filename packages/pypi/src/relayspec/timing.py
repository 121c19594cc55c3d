"""The timing parameters of the specification (chapter `wire`, "Timing parameters")."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

# An attempt may take no longer than this many seconds (RECON-12).
LONGEST_ATTEMPT = 30


@dataclass(frozen=True)
class Timing:
    """All in seconds, with the defaults of the specification. A client uses those that concern its role."""

    code_lifetime: float = 300
    code_retention: float = 300
    heartbeat_interval: float = 30
    heartbeat_timeout: float = 10
    auth_timeout: float = 10
    notify_deadline: float = 1
    request_timeout: float = 30
    subscribe_timeout: float = 10
    connect_timeout: float = 10

    @classmethod
    def parse(cls, members: Mapping[str, Any]) -> Self:
        """The parameters among the members of a JSON object; those absent or null keep their defaults.

        Raises `ValueError` if one is not a valid number of seconds.
        """
        given = {field.name: members.get(field.name) for field in dataclasses.fields(cls)}
        return cls(**{name: _seconds(name, value) for name, value in given.items() if value is not None})


def _seconds(name: str, value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"`{name}`: expected a number of seconds")
    if value < 0 or (value == 0 and name != "code_retention"):
        raise ValueError(f"`{name}`: expected more than 0 seconds")
    if name == "connect_timeout" and value > LONGEST_ATTEMPT:
        raise ValueError(f"`{name}`: expected at most {LONGEST_ATTEMPT} seconds")
    return float(value)
