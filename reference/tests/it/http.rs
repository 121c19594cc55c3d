//! Requests other than handshakes get HTTP answers.

use tokio::io::AsyncReadExt;

use crate::client::{handshake, request};
use crate::{TestRelay, soon};

#[tokio::test]
async fn other_requests_than_handshakes_are_answered_in_http() {
    let relay = TestRelay::start().await;
    let good = handshake("/mac");
    for (head, status, header) in [
        ("GET / HTTP/1.1\r\nHost: relay\r\n\r\n".to_owned(), "404", "content-type: text/plain"),
        ("GET /mac HTTP/1.1\r\nHost: relay\r\n\r\n".to_owned(), "426", "upgrade: websocket"),
        ("POST /mac HTTP/1.1\r\nHost: relay\r\nContent-Length: 3\r\n\r\nabc".to_owned(), "405", "allow: GET"),
        (good.replace("Version: 13", "Version: 12"), "426", "sec-websocket-version: 13"),
        (good.replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), "400", ""),
        (good.replace("Sec-WebSocket-Key", "X-Key"), "400", ""),
        (good.replace("keep-alive, Upgrade", "keep-alive"), "400", ""),
        (good.replace("Host: relay\r\n", ""), "400", ""),
        (good.replace("HTTP/1.1", "HTTP/1.0"), "400", ""),
        ("this is not HTTP\r\n\r\n".to_owned(), "400", ""),
        (good.replace("Host: relay", &format!("Host: {}", "x".repeat(40_000))), "431", ""),
    ] {
        let (mut stream, answer, _) = request(relay.address, &head).await;
        let first = head.lines().next().unwrap_or_default();
        assert!(answer.starts_with("HTTP/1.") && answer[8..].starts_with(&format!(" {status} ")), "{first}: {answer}");
        assert!(answer.contains(header), "{first}: {answer}");
        let mut rest = Vec::new();
        soon("the end of the connection", stream.read_to_end(&mut rest)).await.expect("no reset");
    }
}
