"""The golden vectors of the repository."""

import json
import pathlib
from typing import Any

_FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures"


def vectors(name: str) -> list[dict[str, Any]]:
    """The vectors in a file such as `rpc/client-to-daemon`."""
    return json.loads((_FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
