"""Standard input in chunks and lines."""

import asyncio
import os
import subprocess
import sys
import unittest
from collections.abc import AsyncIterator

from relayspec import stdio

PATIENCE = 30
READER = (
    "import asyncio; from relayspec import stdio; asyncio.run(stdio.each_line(lambda line: stdio.write(f'{line}\\n')))"
)


async def split(*chunks: bytes) -> list[bytes]:
    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return [line async for line in stdio.split(stream())]


class StdioTest(unittest.TestCase):
    def test_only_a_line_feed_ends_a_line(self) -> None:
        lines = asyncio.run(split(b"a\r\n\nb\xe2\x80\xa8", b"c\rd", b"", b"e\nre", b"st"))
        self.assertEqual(lines, [b"a\r", b"", b"b\xe2\x80\xa8c\rde", b"rest"])

    def test_reads_standard_input(self) -> None:
        read = subprocess.run([sys.executable, "-c", READER], input=b"1\n2", capture_output=True, check=True)
        self.assertEqual(read.stdout, b"b'1'\nb'2'\n")

    def test_a_closed_input_is_at_its_end(self) -> None:
        command = ["sh", "-c", '"$0" -c "$1" <&-', sys.executable, f"{READER}; print('end')"]
        self.assertEqual(subprocess.run(command, stdout=subprocess.PIPE, timeout=PATIENCE, check=True).stdout, b"end\n")

    def test_ignores_a_closed_output(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        script = "from relayspec import stdio; stdio.write('lost'); import os; os._exit(7)"
        self.assertEqual(subprocess.run([sys.executable, "-c", script], stdout=writing, timeout=PATIENCE).returncode, 7)
        os.close(writing)
