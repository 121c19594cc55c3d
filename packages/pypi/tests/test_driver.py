"""The driver protocol, against the golden vectors."""

import json
import math
import unittest
from typing import Any

from relayspec.driver import Command, Driver, Params, ParamsError
from relayspec.reconnect import Policy
from relayspec.timing import Timing

from .support import vectors


class EventTest(unittest.TestCase):
    def test_writes_every_event(self) -> None:
        written: list[str] = []
        driver = Driver(written.append)
        count = 0
        for vector in vectors("driver/events"):
            if vector["verdict"] != "accept":
                continue
            members = {name: value for name, value in vector["message"].items() if name != "event"}
            getattr(driver, vector["message"]["event"])(**members)
            with self.subTest(vector["id"]):
                self.assertEqual(json.loads(written[-1]), vector["message"])
                self.assertTrue(written[-1].endswith("\n") and written[-1].count("\n") == 1)
            count += 1
        self.assertGreater(count, 15)


class CommandTest(unittest.TestCase):
    def setUp(self) -> None:
        self.events: list[Any] = []
        self.commands: list[str] = []
        self.driver = Driver(lambda line: self.events.append(json.loads(line)))

    def take(self, line: bytes | str) -> None:
        def topic(command: Command) -> None:
            command.text("id"), command.text("resource"), command.optional_text("resourceId")
            self.commands.append(command.do)

        def other(command: Command) -> None:
            command.optional_text("id")
            for name in {"send": ("payload",), "call": ("id", "message"), "join": ("code",), "stop": ()}[command.do]:
                command.value(name) if name in ("payload", "message") else command.text(name)
            self.commands.append(command.do)

        handlers = dict.fromkeys(("send", "call", "join", "stop"), other)
        self.driver.take(line, {**handlers, "subscribe": topic, "unsubscribe": topic})

    def test_dispatches_valid_commands_and_reports_others(self) -> None:
        for vector in vectors("driver/commands"):
            with self.subTest(vector["id"]):
                before = len(self.events), len(self.commands)
                self.take(vector["text"])
                after = len(self.events), len(self.commands)
                accepted = vector["verdict"] == "accept"
                self.assertEqual(after, (before[0] + (not accepted), before[1] + accepted))

    def test_reports_what_it_cannot_carry_out(self) -> None:
        for line in (b"no", b"[]", b"1", b"\xff", b"{}", b'{"do":1}', b"[" * 100_000, b'{"do":"join","code":null}'):
            self.take(line)
        self.assertEqual([event["code"] for event in self.events], ["BAD_COMMAND"] * 8)
        self.take(b'{"do":"dance"}')
        self.assertEqual(self.events[-1], {"event": "unsupported", "do": "dance"})
        self.take(b" \r\n")
        self.assertEqual((len(self.events), self.commands), (9, []))

    def test_reads_members_with_their_types(self) -> None:
        command = Command.parse('{"do":"x","text":"t","object":{"text":"u"},"null":null}')
        self.assertEqual((command.text("text"), command.object("object").text("text")), ("t", "u"))
        self.assertEqual((command.optional_text("null"), command.optional_text("absent")), (None, None))
        self.assertEqual((command.value("null"), "null" in command, "absent" in command), (None, True, False))
        for read, name in ((command.text, "object"), (command.object, "text"), (command.value, "absent")):
            with self.assertRaisesRegex(ValueError, f"`{name}`"):
                read(name)


class ParamsTest(unittest.TestCase):
    def test_accepts_valid_params_and_rejects_others(self) -> None:
        for vector in vectors("driver/params"):
            with self.subTest(vector["id"]):
                if vector["verdict"] == "reject":
                    self.assertRaises(ParamsError, Params.parse, vector["text"])
                    continue
                params = Params.parse(vector["text"])
                for name, value in vector["message"].items():
                    if name == "reconnect":
                        self.assertEqual(params.reconnect, Policy.parse(value))
                    else:
                        self.assertEqual(getattr(params if hasattr(params, name) else params.timing, name), value)

    def test_reads_the_environment(self) -> None:
        self.assertIsNone(Params.from_environment({}))
        self.assertEqual(Params.from_environment({"CONFORMANCE_PARAMS": "{}"}), Params())
        self.assertRaises(ParamsError, Params.from_environment, {"CONFORMANCE_PARAMS": ""})

    def test_shows_no_secrets(self) -> None:
        self.assertNotIn("s3cret", repr(Params(token="s3cret", pin="s3cret")))
        for text in ('{"token":"s3cret"', '{"token":["s3cret"]}'):
            with self.assertRaises(ParamsError) as raised:
                Params.parse(text)
            self.assertNotIn("s3cret", str(raised.exception))


class TimingTest(unittest.TestCase):
    def test_reads_seconds(self) -> None:
        timing = Timing.parse({"connect_timeout": 1, "code_retention": 0, "heartbeat_interval": None, "other": "x"})
        self.assertEqual(timing, Timing(connect_timeout=1, code_retention=0))

    def test_rejects_other_values(self) -> None:
        for name, value in (
            ("connect_timeout", 31),
            ("request_timeout", 0),
            ("request_timeout", True),
            ("request_timeout", math.nan),
        ):
            with self.assertRaisesRegex(ValueError, f"`{name}`"):
                Timing.parse({name: value})
