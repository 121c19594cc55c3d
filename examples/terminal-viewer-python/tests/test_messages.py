"""What a viewer reads and writes, against the golden vectors of the specification."""

import unittest

from terminal_viewer import messages

from .support import vector_text, vectors


class Messages(unittest.TestCase):
    def test_messages_of_a_relay(self) -> None:
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

    def test_what_is_hostile_is_no_message(self) -> None:
        for text in ("[" * 100_000, '{"type":' * 10_000, '{"type":["error"]}', '{"type":"error","message":NaN}', ""):
            self.assertIsNone(messages.read_control(text))

    def test_a_number_of_any_length_does_no_harm(self) -> None:
        self.assertIsNotNone(messages.read_control('{"type":"auth_success","n":' + "9" * 10_000 + "}"))

    def test_binary_messages_round_trip(self) -> None:
        for session_id in ("1", "é漢😀", "x" * 255):
            self.assertEqual(messages.read_binary(messages.binary(session_id, b"\xff\0")), (session_id, b"\xff\0"))
        for session_id in ("", "é" * 128):
            with self.assertRaises(ValueError):
                messages.binary(session_id, b"")

