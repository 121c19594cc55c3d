"""The codec, against the golden vectors."""

import json
import unittest
from typing import Any

from rpc_client import messages

from .support import vectors


def expanded(value: Any) -> Any:
    """Vectors give long strings as parts."""
    if isinstance(value, dict):
        if value.keys() == {"parts"}:
            return "".join(part["text"] * part["times"] for part in value["parts"])
        return {name: expanded(inner) for name, inner in value.items()}
    return value


class MessagesTest(unittest.TestCase):
    def test_encodes_calls_byte_for_byte(self) -> None:
        count = 0
        for vector in vectors("rpc/client-to-daemon"):
            if vector["verdict"] == "accept" and "binary" in vector:
                message = expanded(vector["message"])
                written = messages.encode(message["id"], message["message"]).hex()
                self.assertEqual(written, vector.get("canonical") or expanded(vector["binary"]), vector["id"])
                count += 1
        self.assertGreater(count, 30)

    def test_rejects_invalid_calls(self) -> None:
        count = 0
        for vector in vectors("rpc/client-to-daemon"):
            frame = json.loads(vector["text"]) if vector["verdict"] == "reject" and "text" in vector else None
            if isinstance(frame, dict) and "message" in frame and frame.get("id") == 7:
                with self.assertRaises(messages.MessageError, msg=vector["id"]):
                    messages.encode(7, frame["message"])
                count += 1
        self.assertGreater(count, 15)

    def test_decodes_answers(self) -> None:
        for vector in vectors("rpc/daemon-to-client"):
            if "binary" not in vector:
                continue
            raw = bytes.fromhex(expanded(vector["binary"]))
            if vector["verdict"] == "accept":
                message = expanded(vector["message"])
                self.assertEqual(messages.decode(raw), (message["id"], message["message"]), vector["id"])
            else:
                with self.assertRaises(messages.MessageError, msg=vector["id"]):
                    messages.decode(raw)


if __name__ == "__main__":
    unittest.main()
