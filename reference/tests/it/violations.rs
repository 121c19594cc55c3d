//! Violations of RFC 6455 close their connection with the right code, and affect no other.

use serde_json::json;

use crate::TestRelay;
use crate::client::{TestClient, frame};

const FIN: u8 = 0x80;
const TEXT: u8 = 0x1;
const CONTINUATION: u8 = 0x0;
const PING: u8 = 0x9;
const CLOSE: u8 = 0x8;

#[tokio::test]
async fn violations_close_with_their_code() {
    let relay = TestRelay::start().await;
    let (mut host, mut viewer) = TestClient::pair(relay.address).await;
    let text = |payload: &[u8]| frame(FIN | TEXT, payload);
    for (what, bytes, code) in [
        ("no mask", vec![FIN | TEXT, 2, b'{', b'}'], 1002),
        ("a reserved bit", frame(FIN | TEXT | 0x40, b"{}"), 1002),
        ("a reserved opcode", frame(FIN | 0x3, b"{}"), 1002),
        ("a reserved control opcode", frame(FIN | 0xB, b""), 1002),
        ("a long Ping", frame(FIN | PING, &[0; 126]), 1002),
        ("a Ping in fragments", frame(PING, b""), 1002),
        ("a continuation of nothing", frame(FIN | CONTINUATION, b"{}"), 1002),
        ("a text within a text", [frame(TEXT, b"{"), text(b"{}")].concat(), 1002),
        ("a length written too long", vec![FIN | TEXT, 0xFE, 0, 2, 0, 0, 0, 0, b'{', b'}'], 1002),
        ("a Close frame of one byte", frame(FIN | CLOSE, &[3]), 1002),
        ("a Close frame of code 1005", frame(FIN | CLOSE, &1005_u16.to_be_bytes()), 1002),
        ("a text that is not UTF-8", text(&[b'"', 0xFF, b'"']), 1007),
        ("a text with a surrogate", text(&[b'"', 0xED, 0xA0, 0x80, b'"']), 1007),
        ("half a character", [frame(TEXT, &[b'"', 0xC3]), frame(FIN | CONTINUATION, b"\"")].concat(), 1007),
        ("a Close reason that is not UTF-8", frame(FIN | CLOSE, &[3, 0xE8, 0xFF]), 1007),
    ] {
        let mut client = TestClient::connect(relay.address, "/browser").await;
        // What comes before the violation is answered first.
        client.send_raw(&[text(br#"{"type":"ping","ts":1}"#), bytes].concat()).await;
        if !what.contains("Close") {
            assert_eq!(client.next().await, json!({ "type": "pong", "ts": 1 }), "{what}");
        }
        assert_eq!(client.closed_with().await, code, "WIRE-06: {what}");
    }
    host.send_data("still here").await;
    assert_eq!(viewer.next().await["payload"], "still here", "WIRE-06");
}

#[tokio::test]
async fn a_peer_that_sends_too_much_still_receives_the_close() {
    let relay = TestRelay::start().await;
    for fragment in [2 << 20, 100_000] {
        let mut client = TestClient::connect(relay.address, "/browser").await;
        client.send_raw(&frame(TEXT, b"\"")).await;
        // The client reads nothing until it has sent everything.
        for _ in 0..(24 << 20) / fragment {
            client.send_raw(&frame(CONTINUATION, &vec![b'x'; fragment])).await;
        }
        assert_eq!(client.closed_with().await, 1009, "WIRE-07");
    }
}

#[tokio::test]
async fn fragments_make_one_message_with_control_frames_between() {
    let relay = TestRelay::start().await;
    let (mut host, mut viewer) = TestClient::pair(relay.address).await;
    let whole = r#"{"type":"data","payload":"ä"}"#.as_bytes();
    let mut bytes = frame(TEXT, &whole[..1]);
    for byte in &whole[1..whole.len() - 1] {
        bytes.extend(frame(FIN | PING, &[*byte]));
        bytes.extend(frame(CONTINUATION, &[*byte]));
    }
    bytes.extend(frame(FIN | CONTINUATION, &whole[whole.len() - 1..]));
    for byte in bytes {
        host.send_raw(&[byte]).await;
    }
    assert_eq!(viewer.next().await["payload"], "ä", "WIRE-03");
}
