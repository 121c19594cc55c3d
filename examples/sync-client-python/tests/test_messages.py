"""Reading messages, against the golden vectors."""

import json
import unittest
from pathlib import Path

from sync_client import messages

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"


class MessagesTest(unittest.TestCase):
    def test_reads_valid_messages_and_rejects_others(self) -> None:
        vectors = json.loads((FIXTURES / "sync/server-to-client.json").read_text(encoding="utf-8"))
        read = 0
        for vector in vectors:
            # The WebSocket layer rejects invalid UTF-8.
            if "hex" in vector:
                continue
            text = "".join(part["text"] * part["times"] for part in vector.get("parts", [])) or vector["text"]
            with self.subTest(vector["id"], rule=vector["rule"]):
                self.assertEqual(messages.read(text) is not None, vector["verdict"] == "accept")
            read += 1
        self.assertGreater(read, 100)

    def test_two_members_name_a_topic(self) -> None:
        self.assertEqual(messages.topic_of("chat", "c"), ("chat", "c"))
        self.assertEqual(messages.topic_of("modelProfiles", None), ("modelProfiles", None))
        for resource, resource_id in (("chat", None), ("chat", 1), ("planet", "c"), (None, None), ([], "c")):
            self.assertIsNone(messages.topic_of(resource, resource_id))
        self.assertEqual(messages.topic_members(("modelProfiles", None)), {"resource": "modelProfiles"})
