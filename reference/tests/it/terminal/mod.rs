//! The terminal relay and its clients with real sockets: what only the shells can get wrong.

mod clients;
mod relay;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use relayspec::timing::{Parameter, Timing};
use relayspec_reference::{Options, TerminalRelay};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;

use crate::client::TestClient;
use crate::soon;

/// Starts a relay that runs until the sender is dropped.
async fn serve(parameters: &[(Parameter, Duration)]) -> (SocketAddr, oneshot::Sender<()>) {
    let mut timing = Timing::default();
    for (parameter, value) in parameters {
        timing.declare(*parameter, *value);
    }
    let relay = TerminalRelay::bind(Options { timing, ..Options::default() }).await.expect("a free port");
    let (shutdown, stop) = oneshot::channel::<()>();
    let address = relay.local_addr();
    tokio::spawn(relay.serve(async move { _ = stop.await }));
    (address, shutdown)
}

async fn host(address: SocketAddr) -> (TestClient, String) {
    let mut host = TestClient::connect(address, "/ws").await;
    host.send(json!({ "type": "register", "client_id": "me" })).await;
    let registered = host.next().await;
    assert_eq!(registered["type"], "registered", "TERM-01");
    (host, registered["code"].as_str().expect("a code").to_owned())
}

async fn viewer(address: SocketAddr, code: &str) -> TestClient {
    let mut viewer = TestClient::connect(address, "/ws").await;
    viewer.send(json!({ "type": "auth", "session_code": code })).await;
    assert_eq!(viewer.next().await["type"], "auth_success", "TERM-02");
    viewer
}

async fn show(client: &mut TestClient, bytes: &[u8]) {
    client.socket.send(Message::binary(bytes.to_vec())).await.expect("sent");
}

/// The next message: JSON, or bytes as an array.
async fn next(client: &mut TestClient) -> Value {
    loop {
        match soon("a message", client.socket.next()).await {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
            Some(Ok(Message::Binary(bytes))) => return json!(bytes.to_vec()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("a message was expected: {other:?}"),
        }
    }
}
