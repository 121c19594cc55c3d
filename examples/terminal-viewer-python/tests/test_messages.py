"""Reading and writing messages, against the golden vectors."""

import unittest

from terminal_viewer import messages

from .support import vector_text, vectors


class MessagesTest(unittest.TestCase):
    def test_reads_messages_of_a_relay(self) -> None:
        for vector in vectors("terminal/relay-to-viewer"):
            with self.subTest(vector["id"]):
                if "binary" in vector:
                    read = messages.read_binary(bytes.fromhex(vector["binary"]))
                    frame = read and {"session_id": read[0], "payload": read[1].hex()}
                    self.assertEqual(frame, vector.get("frame"))
                elif "hex" not in vector:
                    read = messages.read_control(vector_text(vector))
                    self.assertEqual(read is not None, vector["verdict"] == "accept")
                    for name, member in vector.get("message", {}).items():
                        self.assertEqual((read or {}).get(name), member)

    def test_rejects_hostile_messages(self) -> None:
        for text in ("[" * 100_000, '{"type":' * 10_000, '{"type":["error"]}', '{"type":"error","message":NaN}', ""):
            self.assertIsNone(messages.read_control(text))

    def test_reads_numbers_of_any_length(self) -> None:
        self.assertIsNotNone(messages.read_control('{"type":"auth_success","n":' + "9" * 10_000 + "}"))

    def test_round_trips_binary_messages(self) -> None:
        for session_id in ("1", "é漢😀", "x" * 255):
            self.assertEqual(messages.read_binary(messages.binary(session_id, b"\xff\0")), (session_id, b"\xff\0"))
        for session_id in ("", "é" * 128):
            with self.assertRaises(ValueError):
                messages.binary(session_id, b"")
