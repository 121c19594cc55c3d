"""Requests to a local server whose answers each test scripts, byte by byte."""

import asyncio
import unittest

from tunnel_agent.local import Answer, Local, RequestFailed
from tunnel_agent.messages import Lines, Request

from .support import NOWHERE, LocalServer


def reserve(_: int) -> None:
    """There is always enough memory."""


def request(method: str = "GET", url: str = "/", headers: Lines | None = None, body: bytes = b"") -> Request:
    return Request("r", method, url, headers or [], body)


class LocalTest(unittest.IsolatedAsyncioTestCase):
    async def serve(self, *answer: bytes, close: bool = True) -> None:
        async def write(_: bytes, writer: asyncio.StreamWriter) -> None:
            for part in answer:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
            if not close:
                await asyncio.sleep(3)

        self.server = LocalServer(write)
        self.origin = await self.server.start()
        self.addCleanup(self.server.server.close)
        self.local = Local(self.origin, 0.5)

    async def code(self, asked: Request, local: Local | None = None) -> int:
        with self.assertRaises(RequestFailed) as raised:
            await (local or self.local).send(asked, reserve)
        return raised.exception.code

    async def test_forwards_requests_unchanged(self) -> None:
        await self.serve(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        headers = [("X-Two", "1"), ("cookie", "a=1; b=2"), ("x-two", "2, 3"), ("x-name", "Käse"), ("x-empty", "")]
        await self.local.send(request("PROPFIND", "/a%20b/../%2e?x=1&y=%zz;\\\"'", headers, b"\0\xff\r\n"), reserve)
        expected = (
            b"PROPFIND /a%20b/../%2e?x=1&y=%zz;\\\"' HTTP/1.1\r\nhost: " + self.origin.authority.encode() + b"\r\nX-Two: 1\r\n"
            b"cookie: a=1; b=2\r\nx-two: 2, 3\r\nx-name: K\xc3\xa4se\r\nx-empty: \r\ncontent-length: 4\r\n\r\n\0\xff\r\n"
        )
        self.assertEqual(self.server.requests, [expected])

    async def test_drops_hop_by_hop_headers_and_framing(self) -> None:
        await self.serve(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        names = "Keep-Alive Proxy-Connection Proxy-Authenticate Proxy-Authorization TE Trailer Transfer-Encoding Upgrade X-Mine"
        headers = [(name, "chunked") for name in names.split()]
        headers += [("Connection", "close, x-MINE"), ("connection", "X-Other"), ("x-other", "1"), ("Content-Length", "7")]
        headers += [("Host", "demo.example"), ("content-length", "x"), ("x-kept", "1")]
        for method, body, length in (("GET", b"", b""), ("GET", b"abc", b"content-length: 3\r\n"), ("POST", b"", b"content-length: 0\r\n")):
            await self.local.send(request(method, "/", headers, body), reserve)
            host = self.origin.authority.encode()
            head = method.encode() + b" / HTTP/1.1\r\nhost: " + host + b"\r\nx-kept: 1\r\n" + length + b"\r\n"
            self.assertEqual(self.server.requests[-1], head + body)

    async def test_rejects_invalid_requests(self) -> None:
        await self.serve()
        urls = ["", "*", "http://other.example/", "//other.example/", "@other.example/", "/a\nb", "/a b", "/a#b", "/é", "/\x7f", "/a\r\n", "x", "/\t"]
        asked = [request(url=url) for url in urls]
        asked += [request(method) for method in ("", "CONNECT", "GET ", "G\nET", "é", "GET/")]
        asked += [request(headers=[(name, "")]) for name in ("", "a b", "a:", "a\n", "é", "\0")]
        asked += [request(headers=[("a", value)]) for value in ("a\r\nb: c", "\n", "\0", "a\rb", "a\x0bb")]
        for each in asked:
            self.assertEqual(await self.code(each), 400, each)
        self.assertEqual(self.server.requests, [])

    async def test_rejects_too_many_header_lines(self) -> None:
        await self.serve()
        self.assertEqual(await self.code(request(headers=[("a", "")] * 1_000_000)), 431)
        self.assertEqual(self.server.requests, [])

    async def test_returns_answers_unchanged(self) -> None:
        await self.serve(
            b"HTTP/1.1 302 Over there \xe2\x98\x83\r\nLocation: http://other.example/\r\nSet-Cookie: a=1; Expires=Thu, 01 Jan 2026\r\n"
            b"X: 1\r\nset-cookie: b=2\r\nx-latin: K\xe4se\r\nx-utf: K\xc3\xa4se\r\nConnection: close, X-Hop\r\nx-hop: 1\r\n"
            b"Keep-Alive: timeout=5\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x8b\0\xff"
        )
        answer = await self.local.send(request(), reserve)
        lines = [
            ("location", "http://other.example/"),
            ("set-cookie", "a=1; Expires=Thu, 01 Jan 2026"),
            ("x", "1"),
            ("set-cookie", "b=2"),
            ("x-latin", "Käse"),
            ("x-utf", "Käse"),
            ("content-encoding", "gzip"),
            ("content-length", "4"),
        ]
        self.assertEqual(answer, Answer(302, "Over there \u2603", lines, b"\x1f\x8b\0\xff"))

    async def test_reads_bodies_in_any_framing(self) -> None:
        for answer, body in (
            (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc and more", b"abc"),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\nx-trailer: 1\r\n\r\n", b"abc"),
            (b"HTTP/1.1 200 OK\r\n\r\nabc", b"abc"),
            (b"HTTP/1.0 200 OK\r\n\r\nabc", b"abc"),
            (b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", b""),
            (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
            (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na", b"a"),
        ):
            with self.subTest(answer):
                await self.serve(answer)
                self.assertEqual((await self.local.send(request(), reserve)).body, body)
                await self.serve(*(bytes([byte]) for byte in answer))
                self.assertEqual((await self.local.send(request(), reserve)).body, body)

    async def test_does_not_wait_for_the_connection_to_end(self) -> None:
        await self.serve(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", close=False)
        self.assertEqual((await self.local.send(request(), reserve)).body, b"abc")

    async def test_keeps_the_lengths_of_omitted_bodies(self) -> None:
        for method, status in (("HEAD", b"200"), ("GET", b"304")):
            await self.serve(b"HTTP/1.1 " + status + b" X\r\nContent-Length: 5\r\n\r\n", close=False)
            self.assertIn(("content-length", "5"), (await self.local.send(request(method), reserve)).headers)
        await self.serve(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")
        self.assertEqual((await self.local.send(request(), reserve)).headers, [])

    async def test_reads_large_bodies(self) -> None:
        large = bytes(range(256)) * 65536
        await self.serve(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(large), large)
        self.local = Local(self.origin, 5)
        answer = await self.local.send(request("POST", body=large), reserve)
        self.assertTrue(answer.body == large and self.server.requests[0].endswith(large))

    async def test_rejects_invalid_answers(self) -> None:
        for answer in (
            b"",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            b"HTTP/1.1 999 No\r\n\r\n",
            b"SSH-2.0-x\r\n\r\n",
        ):
            with self.subTest(answer):
                await self.serve(answer)
                self.assertEqual(await self.code(request()), 502)

    async def test_reports_a_server_that_is_down_or_does_not_answer(self) -> None:
        self.assertEqual(await self.code(request(), Local(NOWHERE, 1)), 502)
        for begun in (b"", b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab"):
            await self.serve(begun, close=False)
            self.assertEqual(await self.code(request()), 504)

    async def test_a_request_ends_when_memory_is_exhausted(self) -> None:
        def full(_: int) -> None:
            raise RequestFailed(503, "No.")

        await self.serve(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na")
        with self.assertRaises(RequestFailed):
            await self.local.send(request(), full)
