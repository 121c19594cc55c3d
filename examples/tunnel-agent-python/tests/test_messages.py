"""Reading and writing messages, against the golden vectors."""

import base64
import dataclasses
import json
import unittest
from typing import Any

import msgpack
from tunnel_agent import messages
from tunnel_agent.messages import Malformed, Request

from .support import expanded, vector_message, vectors


def form(read: Any) -> Any:
    """A message in the form that the vectors use."""
    if isinstance(read, Request):
        written = messages.response(read.id, 200, "", read.headers, read.body)["data"]
        body = base64.b64encode(read.body).decode() or None
        data = {"id": read.id, "method": read.method, "url": read.url, "headers": written["headers"], "body": body}
        return {"type": "HttpRequest", "data": data}
    return {"type": type(read).__name__, "data": dataclasses.asdict(read)}


class MessagesTest(unittest.TestCase):
    def test_reads_messages_of_a_cloud(self) -> None:
        for vector in vectors("tunnel/cloud-to-agent"):
            with self.subTest(vector["id"]):
                read = messages.read(vector_message(vector))
                if vector["verdict"] == "reject":
                    self.assertIsInstance(read, Malformed)
                else:
                    self.assertEqual(form(read), expanded(vector["message"]))

    def test_rejects_invalid_messages_of_the_other_direction(self) -> None:
        for vector in vectors("tunnel/agent-to-cloud"):
            with self.subTest(vector["id"]):
                read = messages.read(vector_message(vector))
                both = ("Error", "Ping", "Pong")
                accepted = vector["verdict"] == "accept" and vector["message"]["type"] in both
                of_cloud = vector["id"].removesuffix("-packed") in ("success-from-agent", "request-from-agent")
                self.assertEqual(not isinstance(read, Malformed), accepted or of_cloud)

    def test_both_encodings_carry_the_same(self) -> None:
        for message in (
            messages.auth("t"),
            messages.response("r", 200, "OK", [("Set-Cookie", "a"), ("x", "1"), ("set-cookie", "b")], b"\xff"),
            messages.response("r", 204, "", [], b""),
            messages.error(None, "?", 400),
            messages.pong(1.5),
            messages.stats(1, 2, 3.5),
        ):
            text, packed = messages.encode(message, False), messages.encode(message, True)
            assert isinstance(text, str) and isinstance(packed, bytes)
            value = msgpack.unpackb(packed)
            if value["data"].get("body") is not None:
                value["data"]["body"] = base64.b64encode(value["data"]["body"]).decode()
            self.assertEqual(json.loads(text), value)
            self.assertTrue(text.isascii())
        written = messages.response("r", 200, "", [("Set-Cookie", "a"), ("x", "1"), ("set-cookie", "b")], b"")
        self.assertEqual(written["data"]["headers"], {"set-cookie": ["a", "b"], "x": "1"})

    def test_rejects_hostile_messages(self) -> None:
        for text in ("[" * 100_000, '{"type":' * 10_000, '{"type":["Ping"],"data":{}}', '{"type":"Ping","data":{"timestamp":NaN}}', ""):
            self.assertIsInstance(messages.read(text), Malformed)
        for packed in (b"\x91" * 100_000, b"\xdf\xff\xff\xff\xff", b"\x81" * 5_000, b"\xc1", b""):
            self.assertIsInstance(messages.read(packed), Malformed)

    def test_survives_numbers_of_any_length(self) -> None:
        for digits in ("9" * 10_000, "-" + "9" * 25, "9" * 310, "1e400", "18446744073709551616", "-9223372036854775809"):
            for name in ("timestamp", "code", "n"):
                messages.read(f'{{"type":"Error","data":{{"error":"?","code":1,"{name}":{digits}}}}}')
                read = messages.read(f'{{"type":"Ping","data":{{"timestamp":1,"{name}":{digits}}}}}')
                if isinstance(read, messages.Ping):
                    messages.encode(messages.pong(read.timestamp), True)
            messages.read(f'{{"type":"HttpRequest","data":{{"id":"","method":"","url":"","headers":{{}},"body":[{digits}]}}}}')

    def test_drops_unpaired_surrogates(self) -> None:
        read = messages.read('{"type":"Gone","data":{"id":"\\ud800"}}')
        self.assertEqual(read, Malformed(None, "Unknown message type."))

    def test_reads_the_id_of_malformed_messages(self) -> None:
        for data, id in (({"id": "r1"}, "r1"), ({"id": 1}, None), ({}, None), ([], None)):
            for message in (json.dumps({"type": "Gone", "data": data}), msgpack.packb({"type": "Gone", "data": data})):
                read = messages.read(message)
                assert isinstance(read, Malformed)
                self.assertEqual(read.id, id)
