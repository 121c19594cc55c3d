//! Answers of the cloud itself, and its limits (TUN-21 to TUN-24).

use std::io;
use std::time::{Duration, Instant};

use futures_util::SinkExt;
use relayspec::timing::Parameter;
use relayspec_reference::Limits;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use super::public::{exchange, get, send};
use super::{TOKEN, TestCloud, options, timing};
use crate::client::{TestClient, frame};
use crate::soon;

pub(super) async fn agent(cloud: &TestCloud) -> TestClient {
    let mut agent = TestClient::connect(cloud.agents, "/tunnel").await;
    agent.send(json!({ "type": "Auth", "data": { "token": TOKEN } })).await;
    assert_eq!(agent.next().await["type"], "AuthSuccess", "TUN-02");
    agent
}

pub(super) fn response(id: &Value, status: u16) -> Value {
    json!({ "type": "HttpResponse", "data": { "id": id, "status": status, "status_text": "", "headers": {}, "body": "eA==" } })
}

#[tokio::test]
async fn refuses_a_wrong_token_and_silence() {
    let mut short = options();
    short.agents.timing = timing(&[(Parameter::AuthTimeout, 200)]);
    let cloud = TestCloud::serving(short).await;
    for first in [Some(json!({ "type": "Auth", "data": { "token": "wrong" } })), Some(json!({})), None] {
        let mut agent = TestClient::connect(cloud.agents, "/tunnel").await;
        if let Some(first) = first {
            agent.send(first).await;
        }
        assert_eq!(agent.next().await["type"], "AuthError", "TUN-02, TUN-03");
        assert_eq!(agent.closed_with().await, 1008, "TUN-02, TUN-03");
    }
}

#[tokio::test]
async fn answers_with_a_status_when_no_agent_does() {
    let mut short = options();
    short.agents.timing = timing(&[(Parameter::RequestTimeout, 300)]);
    let cloud = TestCloud::serving(short).await;
    assert_eq!(get(cloud.public, "/").await.status, 503, "TUN-21");
    let mut agent = agent(&cloud).await;
    assert_eq!(get(cloud.public, "/").await.status, 504, "TUN-21");
    let late = agent.next().await["data"]["id"].clone();
    agent.send(response(&late, 200)).await;
    let (answered, ()) = tokio::join!(get(cloud.public, "/"), async {
        let id = agent.next().await["data"]["id"].clone();
        agent.send(json!({ "type": "Error", "data": { "request_id": id, "error": "teapot", "code": 418 } })).await;
    });
    assert_eq!((answered.status, answered.text()), (418, "teapot\n"), "TUN-21");
    let (answered, ()) = tokio::join!(get(cloud.public, "/"), async {
        let id = agent.next().await["data"]["id"].clone();
        agent.send(response(&id, 101)).await;
    });
    assert_eq!(answered.status, 502, "a status that is not final");
    for target in ["*", "demo.example:443"] {
        let head = format!("OPTIONS {target} HTTP/1.1\r\nHost: h\r\n");
        assert_eq!(send(cloud.public, &head, None).await.status, 400);
    }
}

#[tokio::test]
async fn reports_a_lost_agent_at_once_and_uses_the_one_before() {
    let cloud = TestCloud::start().await;
    let mut first = agent(&cloud).await;
    let mut second = agent(&cloud).await;
    let start = Instant::now();
    let (answered, ()) = tokio::join!(get(cloud.public, "/"), async {
        second.next().await;
        second.socket.get_ref().set_zero_linger().expect("set");
        drop(second);
    });
    assert_eq!(answered.status, 502, "TUN-21");
    assert!(start.elapsed() < Duration::from_secs(1), "TUN-21");
    let (answered, ()) = tokio::join!(get(cloud.public, "/"), async {
        let request = first.next().await;
        let host = &request["data"]["headers"]["host"];
        assert_eq!((request["type"].as_str(), host.as_str()), (Some("HttpRequest"), Some("demo.example")), "TUN-20");
        first.send(response(&request["data"]["id"], 200)).await;
    });
    assert_eq!((answered.status, answered.text()), (200, "x"), "TUN-20");
}

#[tokio::test]
async fn a_client_that_is_gone_frees_its_request() {
    let mut narrow = options();
    narrow.limits = Limits { of_all: 2, of_one: 2 };
    let cloud = TestCloud::serving(narrow).await;
    let mut agent = agent(&cloud).await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = TcpStream::connect(cloud.public).await.expect("a connection");
        client.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("written");
        agent.next().await;
        clients.push(client);
    }
    assert_eq!(get(cloud.public, "/").await.status, 503, "beyond the limit");
    drop(clients);
    soon("room", async {
        // TUN-23: until the cloud has noticed that they are gone.
        let mut asking = tokio::spawn(get(cloud.public, "/"));
        while let Ok(Ok(answered)) = tokio::time::timeout(Duration::from_millis(50), &mut asking).await {
            assert_eq!(answered.status, 503);
            asking = tokio::spawn(get(cloud.public, "/"));
        }
        let id = agent.next().await["data"]["id"].clone();
        agent.send(response(&id, 200)).await;
        assert_eq!(asking.await.expect("no panic").status, 200);
    })
    .await;
}

#[tokio::test]
async fn bounds_the_answers_kept_for_slow_clients() {
    let mut narrow = options();
    narrow.max_unread = 16 << 20;
    let cloud = TestCloud::serving(narrow).await;
    let mut agent = agent(&cloud).await;
    let body = "A".repeat(12 << 20);
    let mut slow = TcpStream::connect(cloud.public).await.expect("a connection");
    for (number, expected) in [(0, 0), (1, 503)] {
        let answer = async {
            let id = agent.next().await["data"]["id"].clone();
            let data = json!({ "id": id, "status": 200, "status_text": "", "headers": {}, "body": body });
            agent.send(json!({ "type": "HttpResponse", "data": data })).await;
        };
        if number == 0 {
            slow.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("written");
            answer.await;
            soon("the beginning of the answer", slow.readable()).await.expect("readable");
        } else {
            let (answered, ()) = tokio::join!(get(cloud.public, "/"), answer);
            assert_eq!(answered.status, expected, "9 MiB are already kept for a client that reads nothing");
        }
    }
}

#[tokio::test]
async fn accepts_messages_of_24_mebibytes_and_closes_on_larger_ones() {
    let cloud = TestCloud::start().await;
    for (length, closes) in [(24 << 20, false), ((24 << 20) + 1, true)] {
        let mut agent = agent(&cloud).await;
        let start = r#"{"type":"Pong","data":{"timestamp":1},"x":""#;
        let message = format!("{start}{}\"}}", "x".repeat(length - start.len() - 2));
        _ = agent.socket.send(Message::text(message)).await;
        if closes {
            assert_eq!(agent.closed_with().await, 1009, "WIRE-07");
        } else {
            agent.send(json!({ "type": "Ping", "data": { "timestamp": 7 } })).await;
            assert_eq!(agent.next().await["data"]["timestamp"], 7, "TUN-30");
        }
    }
}

async fn pinged(agent: &mut TestClient, times: usize) -> io::Result<()> {
    let mut ping = [0; 2];
    for _ in 0..times {
        soon("a Ping", agent.socket.get_mut().read_exact(&mut ping)).await?;
        assert_eq!(ping, [0x89, 0x00]);
    }
    Ok(())
}

#[tokio::test]
async fn an_agent_is_alive_while_more_of_a_message_arrives() {
    let mut short = options();
    short.agents.timing = timing(&[(Parameter::HeartbeatInterval, 100), (Parameter::HeartbeatTimeout, 150)]);
    let cloud = TestCloud::serving(short).await;
    let mut agent = agent(&cloud).await;
    let ping = frame(0x81, br#"{"type":"Ping","data":{"timestamp":7}}"#);
    let mut rest = ping.as_slice();
    while let Some((byte, behind)) = rest.split_first() {
        agent.send_raw(&[*byte]).await;
        rest = behind;
        let pings = usize::from(ping.len() - rest.len() <= 8);
        pinged(&mut agent, pings).await.expect("an open connection");
    }
    assert_eq!(agent.next().await["data"]["timestamp"], 7);
    let lost = pinged(&mut agent, 8).await;
    assert!(lost.is_err(), "an agent that answers no Ping and sends nothing is lost");
}

#[tokio::test]
async fn lets_requests_finish_at_shutdown() {
    let cloud = TestCloud::start().await;
    let mut agent = agent(&cloud).await;
    let (public, task, shutdown) = (cloud.public, cloud.task, cloud.shutdown);
    let (answered, ()) = tokio::join!(exchange(public, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_vec()), async {
        let id = agent.next().await["data"]["id"].clone();
        shutdown.send(()).expect("it runs");
        soon("the end of listening", async {
            while TcpStream::connect(public).await.is_ok() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        // The connection stays open for some milliseconds.
        for timestamp in 0..200 {
            agent.send(json!({ "type": "Ping", "data": { "timestamp": timestamp } })).await;
            assert_eq!(agent.next().await["data"]["timestamp"], timestamp, "WIRE-08");
        }
        agent.send(response(&id, 200)).await;
    });
    assert_eq!((answered.status, answered.of("connection")), (200, vec!["close"]), "WIRE-08");
    assert_eq!(agent.closed_with().await, 1001, "WIRE-08");
    soon("the end of the cloud", task).await.expect("no panic");
}

#[tokio::test]
async fn does_not_wait_long_for_a_request_at_shutdown() {
    let cloud = TestCloud::start().await;
    let mut agent = agent(&cloud).await;
    let mut client = TcpStream::connect(cloud.public).await.expect("a connection");
    client.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("written");
    agent.next().await;
    let start = Instant::now();
    cloud.shutdown.send(()).expect("it runs");
    assert_eq!(agent.closed_with().await, 1001, "WIRE-08");
    soon("the end of the cloud", cloud.task).await.expect("no panic");
    assert!(start.elapsed() < Duration::from_secs(5), "WIRE-08");
}

#[tokio::test]
async fn answers_invalid_http_in_http() {
    let cloud = TestCloud::start().await;
    let _agent = agent(&cloud).await;
    let long = format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: y\r\n".repeat(300));
    for (request, status) in [
        ("this is not HTTP\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
        (&long, 431),
        (&many, 431),
    ] {
        let answered = exchange(cloud.public, request.into()).await;
        assert_eq!(answered.status, status, "{}", &request[..request.len().min(80)]);
    }
}
