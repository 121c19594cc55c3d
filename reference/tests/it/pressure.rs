//! Peers that do not read: what is buffered for them is bounded, and only their own session waits.

use std::time::{Duration, Instant};

use futures_util::{FutureExt, SinkExt};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{TestClient, frame};
use crate::{TestRelay, soon};

/// More than the relay and the system buffer between two peers, in bytes.
const TOO_MUCH: usize = 64 << 20;

/// After so many rounds of other traffic without progress there will be none.
const PATIENT_ROUNDS: usize = 500;

/// Sends numbered messages until none is taken during other traffic. Returns their number.
async fn pour(host: &mut TestClient, others: &mut (TestClient, TestClient)) -> usize {
    let filling = "x".repeat(60_000);
    let mut sent = 0;
    loop {
        let message = json!({ "type": "data", "payload": format!("{sent} {filling}") }).to_string();
        let mut sending = std::pin::pin!(host.socket.send(Message::text(message)).fuse());
        for round in 0..PATIENT_ROUNDS {
            if let Some(outcome) = sending.as_mut().now_or_never() {
                outcome.expect("sent");
                break;
            }
            talk(others).await;
            if round == PATIENT_ROUNDS - 1 {
                return sent;
            }
        }
        sent += 1;
        assert!(sent * filling.len() < TOO_MUCH, "WIRE-11: {sent} messages are buffered for a peer that does not read");
    }
}

async fn talk((host, viewer): &mut (TestClient, TestClient)) {
    host.send_data("ping").await;
    assert_eq!(viewer.next().await["payload"], "ping", "WIRE-10");
    viewer.send_data("pong").await;
    assert_eq!(host.next().await["payload"], "pong", "WIRE-10");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_viewer_blocks_only_its_host_and_loses_nothing() {
    let relay = TestRelay::start().await;
    let (mut host, mut viewer) = TestClient::pair(relay.address).await;
    let mut others = TestClient::pair(relay.address).await;
    let sent = pour(&mut host, &mut others).await;
    soon("a new session (WIRE-10)", TestClient::pair(relay.address)).await;
    // The rest of the blocked message, and one more.
    let rest = async {
        host.socket.flush().await.expect("flushed");
        host.send_data("last").await;
    };
    let reading = async {
        for number in 0..=sent {
            let message = viewer.next().await;
            let payload = message["payload"].as_str().expect("data");
            assert_eq!(payload.split(' ').next(), Some(number.to_string().as_str()), "PAIR-41");
        }
        assert_eq!(viewer.next().await["payload"], "last", "PAIR-41");
    };
    tokio::join!(rest, reading);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_leaves_releases_its_blocked_host() {
    let relay = TestRelay::start().await;
    let (mut host, viewer) = TestClient::pair(relay.address).await;
    let mut others = TestClient::pair(relay.address).await;
    pour(&mut host, &mut others).await;
    drop(viewer);
    host.socket.flush().await.expect("flushed");
    host.send(json!({ "type": "ping", "ts": 1 })).await;
    assert_eq!(host.next().await, json!({ "type": "pong", "ts": 1 }), "PAIR-73");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_host_that_is_reset_is_lost_at_once() {
    let relay = TestRelay::start().await;
    let (mut host, code) = TestClient::host(relay.address).await;
    let mut viewer = TestClient::connect(relay.address, "/browser").await;
    viewer.send(json!({ "type": "join", "code": code })).await;
    assert_eq!(viewer.next().await["type"], "joined");
    let mut others = TestClient::pair(relay.address).await;
    pour(&mut host, &mut others).await;
    host.socket.get_ref().set_zero_linger().expect("set");
    drop(host);
    soon("the loss of the host (PAIR-70, PAIR-71)", async {
        loop {
            let mut late = TestClient::connect(relay.address, "/browser").await;
            late.send(json!({ "type": "join", "code": code })).await;
            match late.next().await["code"].as_str() {
                Some("INVALID_CODE") => break,
                Some("ALREADY_JOINED") => {}
                other => panic!("PAIR-71: {other:?}"),
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_does_not_read_its_answers_is_not_read() {
    ask_without_reading(&frame(0x81, br#"{"type":"ping","ts":1}"#)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_does_not_read_its_pongs_is_not_read() {
    ask_without_reading(&frame(0x89, &[0; 125])).await;
}

async fn ask_without_reading(asking: &[u8]) {
    let relay = TestRelay::start().await;
    let mut others = TestClient::pair(relay.address).await;
    let deaf = TestClient::connect(relay.address, "/browser").await;
    let bytes = asking.repeat(10_000);
    let mut sent = 0;
    soon("the relay to stop reading (WIRE-11)", async {
        let mut last_taken = Instant::now();
        while last_taken.elapsed() < Duration::from_secs(2) {
            while let Ok(taken) = deaf.socket.get_ref().try_write(&bytes[sent % bytes.len()..]) {
                sent += taken;
                last_taken = Instant::now();
            }
            talk(&mut others).await;
        }
    })
    .await;
    assert!(sent < TOO_MUCH, "WIRE-11: {sent} bytes were taken from a peer that reads nothing");
}
