"""What an agent reads and writes, against the golden vectors of the specification."""

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
    """What was read, as the vectors show it."""
    if isinstance(read, Request):
        written = messages.response(read.id, 200, "", read.headers, read.body)["data"]
        body = base64.b64encode(read.body).decode() or None
        data = {"id": read.id, "method": read.method, "url": read.url, "headers": written["headers"], "body": body}
        # A name with an empty array is no line, and so it never was there.
        return {"type": "HttpRequest", "data": data}
    return {"type": type(read).__name__, "data": dataclasses.asdict(read)}


class Messages(unittest.TestCase):
    def test_messages_of_a_cloud(self) -> None:
        for vector in vectors("tunnel/cloud-to-agent"):
            with self.subTest(vector["id"]):
                read = messages.read(vector_message(vector))
                if vector["verdict"] == "reject":
                    self.assertIsInstance(read, Malformed)
                else:
                    self.assertEqual(form(read), expanded(vector["message"]))

    def test_what_is_wrong_in_itself_is_wrong_in_either_direction(self) -> None:
        for vector in vectors("tunnel/agent-to-cloud"):
            with self.subTest(vector["id"]):
                read = messages.read(vector_message(vector))
                both = ("Error", "Ping", "Pong")
                accepted = vector["verdict"] == "accept" and vector["message"]["type"] in both
                of_cloud = vector["id"].removesuffix("-packed") in ("success-from-agent", "request-from-agent")
                self.assertEqual(not isinstance(read, Malformed), accepted or of_cloud)

    def test_what_is_written_is_the_same_in_both_encodings(self) -> None:
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

    def test_what_is_hostile_is_no_message(self) -> None:
        for text in ("[" * 100_000, '{"type":' * 10_000, '{"type":["Ping"],"data":{}}', '{"type":"Ping","data":{"timestamp":NaN}}', ""):
            self.assertIsInstance(messages.read(text), Malformed)
        for packed in (b"\x91" * 100_000, b"\xdf\xff\xff\xff\xff", b"\x81" * 5_000, b"\xc1", b""):
            self.assertIsInstance(messages.read(packed), Malformed)

    def test_a_number_of_any_length_does_no_harm(self) -> None:
        for digits in ("9" * 10_000, "-" + "9" * 25, "9" * 310, "1e400", "18446744073709551616", "-9223372036854775809"):
            for name in ("timestamp", "code", "n"):
                messages.read(f'{{"type":"Error","data":{{"error":"?","code":1,"{name}":{digits}}}}}')
                read = messages.read(f'{{"type":"Ping","data":{{"timestamp":1,"{name}":{digits}}}}}')
                if isinstance(read, messages.Ping):
                    messages.encode(messages.pong(read.timestamp), True)
            messages.read(f'{{"type":"HttpRequest","data":{{"id":"","method":"","url":"","headers":{{}},"body":[{digits}]}}}}')

    def test_half_a_character_comes_no_further(self) -> None:
        read = messages.read('{"type":"Gone","data":{"id":"\\ud800"}}')
        self.assertEqual(read, Malformed(None, "No message of this direction has this type."))

    def test_the_id_of_what_is_malformed_is_read_where_there_is_one(self) -> None:
        for data, id in (({"id": "r1"}, "r1"), ({"id": 1}, None), ({}, None), ([], None)):
            for message in (json.dumps({"type": "Gone", "data": data}), msgpack.packb({"type": "Gone", "data": data})):
                read = messages.read(message)
                assert isinstance(read, Malformed)
                self.assertEqual(read.id, id)
