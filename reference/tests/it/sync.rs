//! The sync server and its client with real sockets: what only the shells can get wrong.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use relayspec::sync::Pin;
use relayspec_reference::{Options, SyncOptions, SyncServer};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{TestClient, request};
use crate::clients::losses::{ServerSocket, listen, upgrade};
use crate::soon;

/// Starts a server that runs until the sender is dropped. Returns its address and its control address.
async fn serve() -> (SocketAddr, SocketAddr, oneshot::Sender<()>) {
    let control = Some(([127, 0, 0, 1], 0).into());
    let own = SyncOptions { pin: Pin::new("000042"), database: None, control };
    let server = SyncServer::bind(Options::default(), own).await.expect("a free port");
    let (shutdown, stop) = oneshot::channel::<()>();
    let (address, control) = (server.local_addr(), server.control_addr().expect("an address"));
    tokio::spawn(server.serve(async move { _ = stop.await }));
    (address, control, shutdown)
}

async fn client(address: SocketAddr) -> TestClient {
    let mut client = TestClient::connect(address, "/sync").await;
    client.send(json!({ "id": "auth", "type": "auth", "pin": "000042" })).await;
    assert_eq!(client.next().await["type"], "auth_success", "SYNC-02");
    client
}

async fn subscribe(client: &mut TestClient, chat: &str) {
    client.send(json!({ "id": "s", "type": "subscribe", "resource": "chat", "resourceId": chat })).await;
    assert_eq!(client.next().await["type"], "subscribed", "SYNC-10");
}

async fn talk(writer: &mut TestClient, reader: &mut TestClient, text: &str) {
    writer.send(json!({ "id": text, "type": "send", "resourceId": "roses", "message": text })).await;
    assert_eq!(reader.next().await["data"]["message"]["content"], text, "SYNC-20");
    assert_eq!(writer.next().await["id"], text, "SYNC-30");
}

/// The invalid messages of a direction, with the ids of their vectors.
fn rejected(direction: &str) -> Vec<(String, Vec<u8>)> {
    let path = format!("{}/../fixtures/sync/{direction}.json", env!("CARGO_MANIFEST_DIR"));
    let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).expect("vectors")).expect("JSON");
    let vectors = vectors.into_iter().filter(|vector| vector["verdict"] == "reject");
    let bytes = |vector: &Value| match vector["hex"].as_str() {
        Some(hex) => {
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
        }
        None => vector["text"].as_str().expect("a text").as_bytes().to_vec(),
    };
    vectors.map(|vector| (vector["id"].as_str().unwrap_or_default().to_owned(), bytes(&vector))).collect()
}

#[tokio::test]
async fn invalid_requests_are_answered_and_disturb_no_other_client() {
    let (address, _, _shutdown) = serve().await;
    let (mut writer, mut reader) = (client(address).await, client(address).await);
    subscribe(&mut reader, "roses").await;
    let mut hostile = client(address).await;
    let vectors = rejected("client-to-server");
    assert!(vectors.len() > 50, "{} vectors", vectors.len());
    for (id, bytes) in vectors {
        match String::from_utf8(bytes) {
            Ok(text) => {
                hostile.socket.send(Message::text(text)).await.expect("sent");
                let answer = hostile.next().await;
                assert!(answer["type"] == "error" || answer["type"] == "auth_failed", "SYNC-60: {id}: {answer}");
            }
            Err(error) => {
                let frame = crate::client::frame(0x81, error.as_bytes());
                hostile.send_raw(&frame).await;
                assert_eq!(hostile.closed_with().await, 1007, "WIRE-06: {id}");
                hostile = client(address).await;
            }
        }
        talk(&mut writer, &mut reader, &id).await;
    }
    // Exactly one answer for each.
    hostile.send(json!({ "id": "end", "type": "unsubscribe", "resource": "modelProfiles" })).await;
    assert_eq!(hostile.next().await["id"], "end", "SYNC-60");
}

struct EventReader(PipeReader);

impl EventReader {
    async fn next(&mut self, name: &str) -> Value {
        loop {
            let mut reader = self.0.try_clone().expect("a pipe");
            let line = tokio::task::spawn_blocking(move || {
                let (mut line, mut byte) = (Vec::new(), [0]);
                while reader.read(&mut byte).expect("read") == 1 && byte != *b"\n" {
                    line.push(byte[0]);
                }
                line
            });
            let line = soon(name, line).await.expect("a line");
            let event: Value = serde_json::from_slice(&line).expect("an event");
            if event["event"] == name {
                return event;
            }
        }
    }
}

async fn asked(server: &mut ServerSocket) -> Value {
    loop {
        match soon("a request", server.next()).await.expect("it").expect("a message") {
            Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
            other => assert!(other.is_ping() || other.is_pong(), "{other:?}"),
        }
    }
}

fn command(to: &mut PipeWriter, command: &Value) {
    to.write_all(format!("{command}\n").as_bytes()).expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_answers_reach_no_user_and_end_nothing() {
    use relayspec_reference::{ClientOptions, User, sync_client};

    let listener = listen().await;
    let address = format!("ws://{}/sync", listener.local_addr().expect("an address")).parse().expect("an address");
    let options = ClientOptions::new(address, relayspec::reconnect::Policy::RELAY, User::Driver);
    let ((input, mut commands), (events, output)) = (pipe().expect("a pipe"), pipe().expect("a pipe"));
    let running = tokio::spawn(sync_client(options, "000042".to_owned(), None, input, output, std::future::pending()));
    let mut reader = EventReader(events);
    let mut server = upgrade(&listener).await;
    let auth = asked(&mut server).await;
    let lists = json!({ "projects": [], "modelProfiles": [] });
    let success = json!({ "type": "auth_success", "id": auth["id"], "data": lists });
    server.send(Message::text(success.to_string())).await.expect("sent");
    command(&mut commands, &json!({ "do": "subscribe", "id": "a", "resource": "chat", "resourceId": "c1" }));
    let request = asked(&mut server).await;
    let answer = json!({
        "type": "subscribed", "id": request["id"], "resource": "chat", "resourceId": "c1", "data": { "messages": [] },
    });
    server.send(Message::text(answer.to_string())).await.expect("sent");
    assert_eq!(reader.next("result").await["id"], "a");
    let texts =
        rejected("server-to-client").into_iter().filter_map(|(id, bytes)| Some((id, String::from_utf8(bytes).ok()?)));
    for ((id, text), seq) in texts.zip(1..) {
        server.send(Message::text(text)).await.expect("sent");
        let message = json!({ "id": "m", "chatId": "c1", "role": "user", "content": id, "seq": seq });
        let push = json!({
            "type": "data", "id": null, "resource": "chat", "resourceId": "c1", "data": { "message": message },
        });
        server.send(Message::text(push.to_string())).await.expect("sent");
        assert_eq!(reader.next("data").await["payload"]["message"]["content"], id, "SYNC-C6");
    }
    command(&mut commands, &json!({ "do": "stop" }));
    soon("the end", running).await.expect("no panic");
}

#[tokio::test]
async fn serves_pages_and_creates_chats_by_http() {
    let (address, control, _shutdown) = serve().await;
    for (path, status, kind) in [
        ("/", "200 OK", "text/html; charset=utf-8"),
        ("/page.js", "200 OK", "text/javascript; charset=utf-8"),
        ("/connection.js", "200 OK", "text/javascript; charset=utf-8"),
        ("/page.css", "200 OK", "text/css; charset=utf-8"),
        ("/passwd", "404 Not Found", "text/plain; charset=utf-8"),
        ("/sync", "426 Upgrade Required", "text/plain; charset=utf-8"),
    ] {
        let (_, head, _) = request(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{path}: {head}");
        assert!(head.contains(&format!("content-type: {kind}\r\n")), "{path}: {head}");
    }
    for (kind, body, status) in [
        ("application/json", r#"{"projectId":"garden","name":"Herbs"}"#, "201 Created"),
        ("application/json", r#"{"projectId":"nowhere","name":"Herbs"}"#, "404 Not Found"),
        ("application/json", "{}", "400 Bad Request"),
        ("text/plain", r#"{"projectId":"garden","name":"Herbs"}"#, "400 Bad Request"),
    ] {
        let head = format!(
            "POST /chats HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let (_, head, _) = request(control, &head).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{body}: {head}");
    }
    let (_, head, _) = request(control, "GET /chats HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
}
