"""The golden vectors of the repository."""

import json
from pathlib import Path
from typing import Any

_FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"


def vectors(name: str) -> list[dict[str, Any]]:
    """The vectors in a file such as `reconnect/policies`."""
    found: list[dict[str, Any]] = json.loads((_FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return found
