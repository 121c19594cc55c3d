"""The codec against the golden vectors, and against what is no message."""

import json
import unittest

from rpc_client import messages

from .support import vectors


def whole(value):
    """A long string stands as parts."""
    if isinstance(value, dict):
        if value.keys() == {"parts"}:
            return "".join(part["text"] * part["times"] for part in value["parts"])
        return {name: whole(inner) for name, inner in value.items()}
    return value


class Vectors(unittest.TestCase):
    def test_calls_are_written_byte_for_byte(self):
        count = 0
        for vector in vectors("rpc/client-to-daemon"):
            if vector["verdict"] == "accept" and "binary" in vector:
                message = whole(vector["message"])
                written = messages.encode(message["id"], message["message"]).hex()
                self.assertEqual(written, vector.get("canonical") or whole(vector["binary"]), vector["id"])
                count += 1
        self.assertGreater(count, 30)

    def test_what_is_no_call_is_refused(self):
        count = 0
        for vector in vectors("rpc/client-to-daemon"):
            frame = json.loads(vector["text"]) if vector["verdict"] == "reject" and "text" in vector else None
            if isinstance(frame, dict) and "message" in frame and frame.get("id") == 7:
                with self.assertRaises(messages.Wrong, msg=vector["id"]):
                    messages.encode(7, frame["message"])
                count += 1
        self.assertGreater(count, 15)

    def test_answers_are_read(self):
        for vector in vectors("rpc/daemon-to-client"):
            if "binary" not in vector:
                continue
            raw = bytes.fromhex(whole(vector["binary"]))
            if vector["verdict"] == "accept":
                message = whole(vector["message"])
                self.assertEqual(messages.decode(raw), (message["id"], message["message"]), vector["id"])
            else:
                with self.assertRaises(messages.Wrong, msg=vector["id"]):
                    messages.decode(raw)


if __name__ == "__main__":
    unittest.main()
