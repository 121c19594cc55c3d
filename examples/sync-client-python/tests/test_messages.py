"""The reader of messages against the golden vectors, as far as a WebSocket lets them through."""

import json
import unittest
from pathlib import Path

from sync_client import messages

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"


class Messages(unittest.TestCase):
    def test_every_vector_is_judged_as_it_says(self) -> None:
        vectors = json.loads((FIXTURES / "sync/server-to-client.json").read_text(encoding="utf-8"))
        read = 0
        for vector in vectors:
            # One that is no UTF-8 is refused by the WebSocket.
            if "hex" in vector:
                continue
            text = "".join(part["text"] * part["times"] for part in vector.get("parts", [])) or vector["text"]
            with self.subTest(vector["id"], rule=vector["rule"]):
                self.assertEqual(messages.read(text) is not None, vector["verdict"] == "accept")
            read += 1
        self.assertGreater(read, 100)

    def test_topics_are_named_by_two_members(self) -> None:
        self.assertEqual(messages.topic_of("chat", "c"), ("chat", "c"))
        self.assertEqual(messages.topic_of("modelProfiles", None), ("modelProfiles", None))
        for resource, resource_id in (("chat", None), ("chat", 1), ("planet", "c"), (None, None), ([], "c")):
            self.assertIsNone(messages.topic_of(resource, resource_id))
        self.assertEqual(messages.asked(("modelProfiles", None)), {"resource": "modelProfiles"})
