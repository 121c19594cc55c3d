//! The agent at a simulated cloud: failures of the local server, and losses of the cloud (TUN-14, TUN-31, TUN-40).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use relayspec::timing::Parameter;
use relayspec::tunnel::FromAgent;
use relayspec_reference::client::Ending;
use relayspec_reference::tunnel::Encoding;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use super::local::LocalServer;
use super::{TestAgent, timing};
use crate::clients::losses::{ServerSocket, closed, listen, upgrade};
use crate::soon;

pub(super) async fn send(socket: &mut ServerSocket, message: Value) {
    socket.send(Message::text(message.to_string())).await.expect("sent");
}

pub(super) async fn next(socket: &mut ServerSocket) -> Value {
    loop {
        let text = match soon("a message", socket.next()).await {
            Some(Ok(Message::Text(text))) => text.to_string(),
            Some(Ok(Message::Binary(bytes))) => FromAgent::unpack(&bytes).expect("MessagePack").encode(),
            other => panic!("a message was expected: {other:?}"),
        };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        if message["type"] != "Stats" {
            return message;
        }
    }
}

pub(super) async fn welcome(listener: &TcpListener) -> ServerSocket {
    let mut socket = upgrade(listener).await;
    let auth = soon("`Auth`", socket.next()).await;
    assert!(matches!(auth, Some(Ok(Message::Binary(_) | Message::Text(_)))), "TUN-01: {auth:?}");
    send(&mut socket, json!({ "type": "AuthSuccess", "data": { "session_id": "s" } })).await;
    socket
}

pub(super) fn request(id: &str, url: &str) -> Value {
    json!({ "type": "HttpRequest", "data": { "id": id, "method": "GET", "url": url, "headers": {}, "body": null } })
}

async fn pair(local: SocketAddr, parameters: &[(Parameter, u64)]) -> (TcpListener, TestAgent, ServerSocket) {
    let listener = listen().await;
    let address = listener.local_addr().expect("an address");
    let agent = TestAgent::with(address, local, Encoding::Json, timing(parameters));
    let socket = welcome(&listener).await;
    (listener, agent, socket)
}

#[tokio::test]
async fn reports_failures_of_the_local_server_with_a_code() {
    let mut local = LocalServer::start().await;
    let (_listener, _agent, mut socket) = pair(local.address, &[(Parameter::RequestTimeout, 300)]).await;
    for (answer, code) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX: broken\r\n\r\nbreaks"[..], 502),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: broken\r\n\r\n9\r\nbreaks", 502),
        (b"HTTP/1.1 2", 502),
        (b"", 502),
        (b"this is not HTTP\r\n\r\n", 502),
        (b"HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n", 502),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 502),
    ] {
        send(&mut socket, request("r", "/")).await;
        local.next().await.answer(answer);
        let error = next(&mut socket).await;
        let (kind, reported) = (error["type"].as_str(), error["data"]["code"].as_u64());
        assert_eq!((kind, reported), (Some("Error"), Some(code)), "TUN-14: {error}");
    }
    send(&mut socket, request("slow", "/")).await;
    let slow = local.next().await;
    let error = next(&mut socket).await;
    assert_eq!((&error["data"]["request_id"], &error["data"]["code"]), (&json!("slow"), &json!(504)), "TUN-14");
    slow.cancelled().await;
}

#[tokio::test]
async fn reports_a_missing_local_server() {
    let unused = listen().await.local_addr().expect("an address");
    let (_listener, _agent, mut socket) = pair(unused, &[]).await;
    send(&mut socket, request("r", "/")).await;
    assert_eq!(next(&mut socket).await["data"]["code"], 502, "TUN-14");
}

#[tokio::test]
async fn does_not_reuse_a_connection_closed_by_the_local_server() {
    let mut local = LocalServer::start().await;
    let (_listener, _agent, mut socket) = pair(local.address, &[]).await;
    for number in 0..50 {
        send(&mut socket, request("r", &format!("/{number}"))).await;
        // Announces keep-alive, but closes.
        local.next().await.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: broken\r\n\r\n");
        assert_eq!(next(&mut socket).await["type"], "HttpResponse", "request {number}");
    }
}

#[tokio::test]
async fn cancels_requests_of_a_lost_connection() {
    let mut local = LocalServer::start().await;
    let (listener, _agent, mut socket) = pair(local.address, &[]).await;
    send(&mut socket, request("r1", "/")).await;
    let request_of_first = local.next().await;
    drop(socket);
    request_of_first.cancelled().await;
    let mut socket = welcome(&listener).await;
    send(&mut socket, request("r2", "/")).await;
    local.next().await.answer_text("");
    assert_eq!(next(&mut socket).await["data"]["id"], "r2", "TUN-40");
}

#[tokio::test]
async fn leaves_a_cloud_without_pong() {
    let local = LocalServer::saying("").await;
    let parameters = [(Parameter::HeartbeatInterval, 100), (Parameter::HeartbeatTimeout, 200)];
    let (listener, _agent, mut socket) = pair(local, &parameters).await;
    let first = next(&mut socket).await;
    assert_eq!(first["type"], "Ping", "TUN-31");
    let start = Instant::now();
    while let Some(Ok(_)) = soon("the loss", socket.next()).await {
        _ = socket.send(Message::Pong(Vec::new().into())).await; // The frame of this name is not the message `Pong`.
    }
    assert!(start.elapsed() >= Duration::from_millis(150), "TUN-31");
    welcome(&listener).await;
}

#[tokio::test]
async fn ends_when_refused_or_stopped() {
    let local = LocalServer::saying("").await;
    let listener = listen().await;
    let agent = TestAgent::start(listener.local_addr().expect("an address"), local, Encoding::Json);
    let mut socket = upgrade(&listener).await;
    soon("`Auth`", socket.next()).await;
    send(&mut socket, json!({ "type": "AuthError", "data": { "error": "no" } })).await;
    assert_eq!(soon("the end", agent.task).await.expect("no panic"), Ending::GaveUp, "TUN-04");
    let (_listener, agent, mut socket) = pair(local, &[]).await;
    let (ending, code) = tokio::join!(agent.stop(), closed(&mut socket));
    assert_eq!((ending, code), (Ending::Stopped, Some(1000)), "RECON-13");
}
