//! Silent, hostile and lost servers.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use relayspec_reference::User;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::ClientRun;
use crate::soon;

pub(crate) type ServerSocket = WebSocketStream<TcpStream>;

pub(crate) async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

async fn accept(listener: &TcpListener) -> TcpStream {
    soon("an attempt", listener.accept()).await.expect("a connection").0
}

pub(crate) async fn upgrade(listener: &TcpListener) -> ServerSocket {
    let mut tcp = accept(listener).await;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert!(tcp.read_buf(&mut head).await.expect("read") > 0);
    }
    let head = String::from_utf8(head).expect("ASCII");
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
    let accept = {
        use base64::Engine;
        use sha1::{Digest, Sha1};
        let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
        base64::engine::general_purpose::STANDARD.encode(digest)
    };
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    tcp.write_all(answer.as_bytes()).await.expect("written");
    WebSocketStream::from_raw_socket(tcp, Role::Server, None).await
}

async fn registered(socket: &mut ServerSocket) {
    let registered = json!({ "type": "registered", "code": "K7QX4M", "expiresAt": 1_760_000_300_000_u64 });
    socket.send(Message::text(registered.to_string())).await.expect("sent");
}

/// Reads to the end of the connection; the code of the Close frame, if any.
pub(crate) async fn closed(socket: &mut ServerSocket) -> Option<u16> {
    let mut code = None;
    while let Some(Ok(message)) = soon("the end of the connection", socket.next()).await {
        if let Message::Close(Some(frame)) = message {
            code = Some(frame.code.into());
        }
    }
    code
}

#[tokio::test]
async fn violations_and_oversized_messages_close_the_connection_as_losses() {
    let listener = listen().await;
    let mut host = ClientRun::host(listener.local_addr().expect("an address"), User::Driver);
    let too_large = [&[0x81, 127][..], &(3_u64 << 20).to_be_bytes(), &vec![b'x'; 3 << 20]].concat();
    for (bytes, expected) in [
        (vec![0xC1, 0x00], 1002),
        (vec![0x83, 0x00], 1002),
        (vec![0x81, 0x80, 0, 0, 0, 0], 1002),
        (vec![0x81, 0x02, 0xC3, 0x28], 1007),
        (too_large, 1009),
    ] {
        let mut socket = upgrade(&listener).await;
        registered(&mut socket).await;
        _ = socket.get_mut().write_all(&bytes).await;
        assert_eq!(closed(&mut socket).await, Some(expected), "WIRE-06, WIRE-07: {:02x?}", &bytes[..2]);
    }
    let mut socket = upgrade(&listener).await;
    registered(&mut socket).await;
    for name in ["connected", "registered", "disconnected", "connected", "registered", "reconnected", "disconnected"] {
        assert_eq!(host.event_name().await, name);
    }
}

#[tokio::test]
async fn handles_control_frames_and_fragments() {
    let listener = listen().await;
    let mut host = ClientRun::host(listener.local_addr().expect("an address"), User::Driver);
    let mut socket = upgrade(&listener).await;
    registered(&mut socket).await;
    let data = br#"{"type":"data","payload":"x"}"#;
    let (head, tail) = data.split_at(9);
    let frames = [&[0x01, 9][..], head, &[0x89, 2, b'h', b'i'], &[0x80, tail.len() as u8], tail].concat();
    socket.get_mut().write_all(&frames).await.expect("written");
    let pong = soon("a Pong", socket.next()).await;
    assert!(matches!(&pong, Some(Ok(Message::Pong(payload))) if payload == "hi"), "WIRE-04: {pong:?}");
    assert_eq!((host.event_name().await.as_str(), host.event_name().await.as_str()), ("connected", "registered"));
    assert_eq!(host.event().await["payload"], "x", "WIRE-03");
    let close = CloseFrame { code: 4321.into(), reason: "go".into() };
    socket.send(Message::Close(Some(close))).await.expect("sent");
    assert_eq!(closed(&mut socket).await, Some(4321), "WIRE-05");
    assert_eq!(host.event_name().await, "disconnected");
    upgrade(&listener).await;
}

#[tokio::test]
async fn retries_however_an_attempt_ends() {
    let listener = listen().await;
    let mut host = ClientRun::host(listener.local_addr().expect("an address"), User::Driver);
    // Dropped at once.
    drop(accept(&listener).await);
    // Without an answer to the handshake; then another status than 101.
    let before = Instant::now();
    let silent = accept(&listener).await;
    let mut refused = accept(&listener).await;
    assert!(before.elapsed() >= Duration::from_millis(300), "RECON-12");
    drop(silent);
    refused.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").await.expect("written");
    // A handshake, but never `registered`.
    let mut mute = upgrade(&listener).await;
    let mut good = upgrade(&listener).await;
    assert_eq!(closed(&mut mute).await, None, "RECON-08: a superseded connection is closed");
    registered(&mut good).await;
    for name in ["connected", "disconnected", "connected", "registered", "reconnected"] {
        assert_eq!(host.event_name().await, name);
    }
    good.get_ref().set_zero_linger().expect("set");
    drop(good);
    assert_eq!(host.event_name().await, "disconnected", "WIRE-09");
    upgrade(&listener).await;
}
