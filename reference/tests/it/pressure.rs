//! Peers that do not read: what is kept for them is bounded, and only their own session waits.

use futures_util::{FutureExt, SinkExt};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::client::Client;
use crate::{Served, soon};

/// More than the relay and the system keep between two peers, in bytes: 6 x 10 MiB would not fit its bounds either.
const TOO_MUCH: usize = 200 << 20;

/// Rounds of traffic of another session in which nothing is taken; then nothing will be.
const PATIENT_ROUNDS: usize = 500;

/// Sends numbered messages until no more is taken for a while that is filled with traffic of another session. The number sent.
async fn pour(host: &mut Client, others: &mut (Client, Client)) -> usize {
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
        assert!(sent * filling.len() < TOO_MUCH, "WIRE-11: {sent} messages are kept for a peer that does not read");
    }
}

async fn talk((host, viewer): &mut (Client, Client)) {
    host.send_data("ping").await;
    assert_eq!(viewer.next().await["payload"], "ping", "WIRE-10");
    viewer.send_data("pong").await;
    assert_eq!(host.next().await["payload"], "pong", "WIRE-10");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_viewer_stops_its_host_alone_and_loses_nothing() {
    let relay = Served::start().await;
    let (mut host, mut viewer) = Client::pair(relay.address).await;
    let mut others = Client::pair(relay.address).await;
    let sent = pour(&mut host, &mut others).await;
    soon("a new session (WIRE-10)", Client::pair(relay.address)).await;
    // The rest of the message that was not taken, and one more.
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
async fn a_viewer_that_goes_while_its_host_is_held_sets_it_free() {
    let relay = Served::start().await;
    let (mut host, viewer) = Client::pair(relay.address).await;
    let mut others = Client::pair(relay.address).await;
    pour(&mut host, &mut others).await;
    drop(viewer);
    host.socket.flush().await.expect("flushed");
    host.send(json!({ "type": "ping", "ts": 1 })).await;
    assert_eq!(host.next().await, json!({ "type": "pong", "ts": 1 }), "PAIR-73");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_host_that_is_reset_is_lost_at_once() {
    let relay = Served::start().await;
    let (mut host, code) = Client::host(relay.address).await;
    let mut viewer = Client::connect(relay.address, "/browser").await;
    viewer.send(json!({ "type": "join", "code": code })).await;
    assert_eq!(viewer.next().await["type"], "joined");
    let mut others = Client::pair(relay.address).await;
    pour(&mut host, &mut others).await;
    host.socket.get_ref().set_zero_linger().expect("set");
    drop(host);
    soon("the loss of the host (PAIR-70, PAIR-71)", async {
        loop {
            let mut late = Client::connect(relay.address, "/browser").await;
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
async fn answers_that_nobody_reads_are_bounded() {
    let relay = Served::start().await;
    let mut others = Client::pair(relay.address).await;
    for frame in [Message::text(json!({ "type": "ping", "ts": 1 }).to_string()), Message::Ping(vec![0; 125].into())] {
        let mut rude = Client::connect(relay.address, "/browser").await;
        let mut kept = 0;
        // Fed, not flushed: thousands of frames go in one write.
        'pouring: while kept < TOO_MUCH {
            for _ in 0..PATIENT_ROUNDS {
                if rude.socket.feed(frame.clone()).now_or_never().is_some() {
                    kept += frame.len();
                    continue 'pouring;
                }
                talk(&mut others).await;
            }
            break;
        }
        assert!(kept < TOO_MUCH, "WIRE-11: {kept} bytes were taken from a peer that reads nothing");
    }
    soon("traffic of another session (WIRE-10)", talk(&mut others)).await;
}
