"""The timing parameters that concern an agent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """All in seconds, with the defaults of the specification."""

    connect_timeout: float = 10
    notify_deadline: float = 1
    heartbeat_interval: float = 30
    heartbeat_timeout: float = 10
    request_timeout: float = 30
