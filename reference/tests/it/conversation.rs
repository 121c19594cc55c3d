//! A pairing from the handshake to the end, and the end of the relay.

use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::client::TestClient;
use crate::{TestRelay, soon};

#[tokio::test]
async fn a_host_and_a_viewer_talk_until_one_leaves() {
    let relay = TestRelay::start().await;
    let (mut host, code) = TestClient::host(relay.address).await;
    let mut viewer = TestClient::connect(relay.address, "/browser?theme=dark").await;
    viewer.send(json!({ "type": "join", "code": "333333" })).await;
    assert_eq!(viewer.next().await["code"], "INVALID_CODE");
    viewer.send(json!({ "type": "join", "code": code })).await;
    assert_eq!(viewer.next().await["type"], "joined");
    for payload in ["", "ls -la\n", "\u{0}\"\\\u{1F600}"] {
        host.send_data(payload).await;
        assert_eq!(viewer.next().await, json!({ "type": "data", "payload": payload }));
        viewer.send_data(payload).await;
        assert_eq!(host.next().await, json!({ "type": "data", "payload": payload }));
    }
    for client in [&mut host, &mut viewer] {
        client.send(json!({ "type": "ping", "ts": 1.5 })).await;
        assert_eq!(client.next().await, json!({ "type": "pong", "ts": 1.5 }));
        client.socket.send(Message::Ping("x".into())).await.expect("sent");
        let pong = soon("a Pong", client.socket.next()).await;
        assert!(matches!(&pong, Some(Ok(Message::Pong(payload))) if payload == "x"), "WIRE-04: {pong:?}");
    }
    let frame = CloseFrame { code: 1000.into(), reason: "bye".into() };
    host.socket.send(Message::Close(Some(frame))).await.expect("sent");
    assert_eq!(host.closed().await, Some((1000, "bye".to_owned())), "WIRE-05");
    assert_eq!(viewer.next().await["code"], "MAC_DISCONNECTED", "PAIR-70");
    viewer.send(json!({ "type": "join", "code": code })).await;
    assert_eq!(viewer.next().await["code"], "INVALID_CODE", "PAIR-71");
}

#[tokio::test]
async fn an_abrupt_loss_counts_as_a_loss() {
    let relay = TestRelay::start().await;
    let (host, mut viewer) = TestClient::pair(relay.address).await;
    drop(host);
    assert_eq!(viewer.next().await["code"], "MAC_DISCONNECTED", "WIRE-09");
    let (host, mut viewer) = TestClient::pair(relay.address).await;
    host.socket.get_ref().set_zero_linger().expect("set");
    drop(host);
    assert_eq!(viewer.next().await["code"], "MAC_DISCONNECTED", "WIRE-09");
}

#[tokio::test]
async fn the_largest_messages_pass_in_both_directions() {
    let relay = TestRelay::start().await;
    let (mut host, mut viewer) = TestClient::pair(relay.address).await;
    let frame = r#"{"type":"data","payload":""}"#.len();
    for payload in ["x".repeat((1 << 20) - frame), "\u{1}".repeat(((1 << 20) - frame) / 6)] {
        let expected = json!({ "type": "data", "payload": payload });
        let ((), received) = tokio::join!(host.send_data(&payload), viewer.next());
        assert_eq!(received, expected, "PAIR-40");
        let ((), received) = tokio::join!(viewer.send_data(&payload), host.next());
        assert_eq!(received, expected, "PAIR-40");
    }
}

#[tokio::test]
async fn other_paths_are_closed_after_the_handshake() {
    let relay = TestRelay::start().await;
    for path in ["/", "/mac/", "/Mac", "/other?/mac"] {
        let closed = TestClient::connect(relay.address, path).await.closed().await;
        assert_eq!(closed, Some((4000, "Invalid path".to_owned())), "PAIR-02: {path}");
    }
}

#[tokio::test]
async fn the_tenth_wrong_code_is_answered_before_the_close() {
    let relay = TestRelay::start().await;
    let mut viewer = TestClient::connect(relay.address, "/browser").await;
    for _ in 0..10 {
        viewer.send(json!({ "type": "join", "code": "333333" })).await;
    }
    for _ in 0..10 {
        assert_eq!(viewer.next().await["code"], "INVALID_CODE", "PAIR-91");
    }
    assert_eq!(viewer.closed_with().await, 1008, "PAIR-91");
}

#[tokio::test]
async fn shutting_down_closes_each_connection_and_returns() {
    let relay = TestRelay::start().await;
    let (mut host, mut viewer) = TestClient::pair(relay.address).await;
    let (mut lone_host, _) = TestClient::host(relay.address).await;
    let _silent = tokio::net::TcpStream::connect(relay.address).await.expect("a connection");
    let before = Instant::now();
    relay.shutdown.send(()).expect("a relay that listens");
    for client in [&mut host, &mut viewer, &mut lone_host] {
        let close = soon("a Close frame", client.socket.next()).await;
        assert!(
            matches!(&close, Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == 1001),
            "WIRE-08: {close:?}"
        );
        client.closed().await;
    }
    soon("the end of the relay", relay.task).await.expect("no panic");
    assert!(before.elapsed().as_secs() < 5, "WIRE-08");
    assert!(tokio::net::TcpStream::connect(relay.address).await.is_err(), "WIRE-08: still listening");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutting_down_ends_connections_that_are_busy() {
    let relay = TestRelay::start().await;
    let (host, mut viewer) = TestClient::pair(relay.address).await;
    let (mut sink, mut stream) = host.socket.split();
    let pouring = tokio::spawn(async move {
        let data = Message::text(json!({ "type": "data", "payload": "x".repeat(1000) }).to_string());
        while sink.send(data.clone()).await.is_ok() {}
    });
    for _ in 0..100 {
        viewer.next().await;
    }
    relay.shutdown.send(()).expect("a relay that listens");
    assert_eq!(viewer.closed_with().await, 1001, "WIRE-08");
    let close = soon("a Close frame", stream.next()).await;
    assert!(matches!(&close, Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == 1001), "{close:?}");
    soon("the end of the relay", relay.task).await.expect("no panic");
    soon("the end of the pouring", pouring).await.expect("no panic");
}
