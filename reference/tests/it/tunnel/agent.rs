//! The agent at a cloud that the test plays: what it makes of the local server, and of a cloud that is lost (TUN-14, TUN-31, TUN-40).

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

use super::local::Local;
use super::{Agent, timing};
use crate::clients::losses::{Socket, closed, listen, upgrade};
use crate::soon;

pub(super) async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.expect("sent");
}

/// The next message that is no `Stats`, as JSON.
pub(super) async fn next(socket: &mut Socket) -> Value {
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

/// Takes an agent in.
pub(super) async fn welcome(listener: &TcpListener) -> Socket {
    let mut socket = upgrade(listener).await;
    let auth = soon("`Auth`", socket.next()).await;
    assert!(matches!(auth, Some(Ok(Message::Binary(_) | Message::Text(_)))), "TUN-01: {auth:?}");
    say(&mut socket, json!({ "type": "AuthSuccess", "data": { "session_id": "s" } })).await;
    socket
}

pub(super) fn request(id: &str, url: &str) -> Value {
    json!({ "type": "HttpRequest", "data": { "id": id, "method": "GET", "url": url, "headers": {}, "body": null } })
}

/// A cloud that the test plays, and an agent of it.
async fn pair(local: SocketAddr, parameters: &[(Parameter, u64)]) -> (TcpListener, Agent, Socket) {
    let listener = listen().await;
    let address = listener.local_addr().expect("an address");
    let agent = Agent::with(address, local, Encoding::Json, timing(parameters));
    let socket = welcome(&listener).await;
    (listener, agent, socket)
}

#[tokio::test]
async fn a_local_server_that_fails_is_told_with_a_code() {
    let mut local = Local::start().await;
    let (_listener, _agent, mut socket) = pair(local.address, &[(Parameter::RequestTimeout, 300)]).await;
    for (answer, code) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX: broken\r\n\r\nbreaks"[..], 502),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: broken\r\n\r\n9\r\nbreaks", 502),
        (b"HTTP/1.1 2", 502),
        (b"", 502),
        (b"this is no HTTP\r\n\r\n", 502),
        (b"HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n", 502),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 502),
    ] {
        say(&mut socket, request("r", "/")).await;
        local.next().await.answer(answer);
        let told = next(&mut socket).await;
        assert_eq!(
            (told["type"].as_str(), told["data"]["code"].as_u64()),
            (Some("Error"), Some(code)),
            "TUN-14: {told}"
        );
    }
    say(&mut socket, request("slow", "/")).await;
    let slow = local.next().await;
    let told = next(&mut socket).await;
    assert_eq!((&told["data"]["request_id"], &told["data"]["code"]), (&json!("slow"), &json!(504)), "TUN-14");
    slow.given_up().await;
}

#[tokio::test]
async fn a_local_server_that_is_not_there_is_told() {
    let nobody = listen().await.local_addr().expect("an address");
    let (_listener, _agent, mut socket) = pair(nobody, &[]).await;
    say(&mut socket, request("r", "/")).await;
    assert_eq!(next(&mut socket).await["data"]["code"], 502, "TUN-14");
}

#[tokio::test]
async fn a_connection_that_the_local_server_has_closed_is_not_used_again() {
    let mut local = Local::start().await;
    let (_listener, _agent, mut socket) = pair(local.address, &[]).await;
    for number in 0..50 {
        say(&mut socket, request("r", &format!("/{number}"))).await;
        // It says that it stays, and goes.
        local.next().await.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: broken\r\n\r\n");
        assert_eq!(next(&mut socket).await["type"], "HttpResponse", "request {number}");
    }
}

#[tokio::test]
async fn requests_of_a_connection_that_is_lost_are_given_up() {
    let mut local = Local::start().await;
    let (listener, _agent, mut socket) = pair(local.address, &[]).await;
    say(&mut socket, request("r1", "/")).await;
    let came = local.next().await;
    drop(socket);
    came.given_up().await;
    let mut socket = welcome(&listener).await;
    say(&mut socket, request("r2", "/")).await;
    local.next().await.answer_text("");
    assert_eq!(next(&mut socket).await["data"]["id"], "r2", "TUN-40");
}

#[tokio::test]
async fn a_cloud_without_pong_is_left() {
    let local = Local::saying("").await;
    let parameters = [(Parameter::HeartbeatInterval, 100), (Parameter::HeartbeatTimeout, 200)];
    let (listener, _agent, mut socket) = pair(local, &parameters).await;
    let first = next(&mut socket).await;
    assert_eq!(first["type"], "Ping", "TUN-31");
    let start = Instant::now();
    while let Some(Ok(_)) = soon("the loss", socket.next()).await {
        _ = socket.send(Message::Pong(Vec::new().into())).await; // A frame of the same name is no `Pong`.
    }
    assert!(start.elapsed() >= Duration::from_millis(150), "TUN-31");
    welcome(&listener).await;
}

#[tokio::test]
async fn a_refused_agent_ends_and_a_stopped_one_too() {
    let local = Local::saying("").await;
    let listener = listen().await;
    let agent = Agent::start(listener.local_addr().expect("an address"), local, Encoding::Json);
    let mut socket = upgrade(&listener).await;
    soon("`Auth`", socket.next()).await;
    say(&mut socket, json!({ "type": "AuthError", "data": { "error": "no" } })).await;
    assert_eq!(soon("the end", agent.task).await.expect("no panic"), Ending::GaveUp, "TUN-04");
    let (_listener, agent, mut socket) = pair(local, &[]).await;
    let (ending, code) = tokio::join!(agent.stop(), closed(&mut socket));
    assert_eq!((ending, code), (Ending::Stopped, Some(1000)), "RECON-13");
}
