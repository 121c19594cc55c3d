//! The heartbeat on real connections.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use relayspec::timing::Parameter;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{TestClient, frame};
use crate::{TestRelay, soon};

const INTERVAL: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_millis(400);

async fn relay() -> TestRelay {
    TestRelay::with(&[(Parameter::HeartbeatInterval, INTERVAL), (Parameter::HeartbeatTimeout, TIMEOUT)]).await
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_disconnected_and_one_that_does_is_not() {
    let relay = relay().await;
    let opened = Instant::now();
    let (host, mut viewer) = TestClient::pair(relay.address).await;
    // The host's socket is not read, so it answers no Ping; the viewer's is.
    assert_eq!(viewer.next().await["code"], "MAC_DISCONNECTED", "PAIR-81");
    assert!(opened.elapsed() >= INTERVAL + TIMEOUT, "PAIR-82: disconnected after {:?}", opened.elapsed());
    drop(host);
    let mut pings = 0;
    while pings < 10 {
        match soon("a Ping", viewer.socket.next()).await {
            Some(Ok(Message::Ping(_))) => pings += 1,
            other => panic!("PAIR-80, PAIR-82: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_connection_survives_the_renewal_of_its_buffers() {
    let relay = relay().await;
    let (mut host, mut viewer) = TestClient::pair(relay.address).await;
    for round in 0..4 {
        let payload = format!("{round} {}", "x".repeat(900_000));
        let ((), received) = tokio::join!(host.send_data(&payload), viewer.next());
        assert_eq!(received["payload"], payload);
        // Two Pings later the buffers have been renewed, even within a message: the host has sent half of one.
        let half = frame(0x01, br#"{"type":"data","#);
        host.send_raw(&half).await;
        for _ in 0..2 {
            for client in [&mut host, &mut viewer] {
                let ping = soon("a Ping", client.socket.next()).await;
                assert!(matches!(ping, Some(Ok(Message::Ping(_)))), "{ping:?}");
                client.socket.flush().await.expect("a Pong that leaves");
            }
        }
        host.send_raw(&frame(0x80, br#""payload":"whole"}"#)).await;
        assert_eq!(viewer.next().await["payload"], "whole", "WIRE-03");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_viewer_is_disconnected_but_not_its_host() {
    let relay = relay().await;
    let (host, _stalled) = TestClient::pair(relay.address).await;
    let (mut sink, mut stream) = host.socket.split();
    // The host answers every Ping, but its Pongs are queued behind data that is not read while the viewer is stalled.
    let pouring = tokio::spawn(async move {
        let data = json!({ "type": "data", "payload": "x".repeat(60_000) }).to_string();
        for _ in 0..2000 {
            sink.send(Message::text(data.clone()))
                .await
                .expect("PAIR-82: the host was disconnected for its viewer's silence");
        }
        sink.send(Message::text(r#"{"type":"ping","ts":1}"#)).await.expect("sent");
        sink
    });
    loop {
        match soon("the end of the pouring", stream.next()).await {
            Some(Ok(Message::Text(text))) => {
                assert_eq!(text, r#"{"type":"pong","ts":1}"#);
                break;
            }
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("PAIR-82: {other:?}"),
        }
    }
    _ = soon("the end of the pouring", pouring).await.expect("no panic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_peers_that_send_without_reading_do_not_deadlock() {
    let relay = relay().await;
    let (mut host, mut viewer) = TestClient::pair(relay.address).await;
    let data = Message::text(json!({ "type": "data", "payload": "x".repeat(60_000) }).to_string());
    let pour = async |client: &mut TestClient| while client.socket.send(data.clone()).await.is_ok() {};
    soon("the end of both", async { tokio::join!(pour(&mut host), pour(&mut viewer)) }).await;
}
