//! Invalid messages sent to cloud and agent during traffic: nothing else fails (WIRE-06, TUN-17, TUN-22).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::SinkExt;
use relayspec_reference::tunnel::Encoding;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::agent::{next, request, send, welcome};
use super::local::LocalServer;
use super::public::get;
use super::{TestAgent, TestCloud, cloud, tunnel};
use crate::client::frame;
use crate::clients::losses::listen;

enum VectorInput {
    Message(Message),
    /// A text that is not UTF-8.
    InvalidText(Vec<u8>),
}

/// The invalid messages of a direction, with the ids of their vectors.
fn rejected(direction: &str) -> Vec<(String, VectorInput)> {
    let path = format!("{}/../fixtures/tunnel/{direction}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the vectors");
    let vectors: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let rejected = vectors.iter().filter(|vector| vector["verdict"] == "reject");
    let all: Vec<_> = rejected.map(|vector| (vector["id"].as_str().expect("an id").to_owned(), sent(vector))).collect();
    assert!(all.len() > 20, "{} vectors", all.len());
    all
}

fn sent(vector: &Value) -> VectorInput {
    if !vector["binary"].is_null() {
        return VectorInput::Message(Message::binary(bytes_of(&joined(&vector["binary"]))));
    }
    if let Some(hex) = vector["hex"].as_str() {
        return VectorInput::InvalidText(bytes_of(hex));
    }
    let text = if vector["text"].is_string() { &vector["text"] } else { vector };
    VectorInput::Message(Message::text(joined(text)))
}

fn joined(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => {
            let part = |part: &Value| {
                part["text"].as_str().expect("text").repeat(part["times"].as_u64().unwrap_or(1) as usize)
            };
            value["parts"].as_array().expect("parts").iter().map(part).collect()
        }
    }
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits")).collect()
}

#[tokio::test]
async fn invalid_messages_do_not_disturb_the_cloud() {
    let cloud = TestCloud::start().await;
    let mut bad = cloud::agent(&cloud).await;
    let agent = TestAgent::start(cloud.agents, LocalServer::saying("page").await, Encoding::MessagePack);
    while get_or_answer(&cloud, &mut bad).await != "page" {}
    let (done, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let traffic = {
        let (done, count, public) = (Arc::clone(&done), Arc::clone(&count), cloud.public);
        tokio::spawn(async move {
            while !done.load(Ordering::Relaxed) {
                let answered = get(public, "/").await;
                assert_eq!((answered.status, answered.text()), (200, "page"));
                count.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    for (id, sent) in rejected("agent-to-cloud") {
        match sent {
            VectorInput::Message(message) => {
                bad.socket.send(message).await.expect("sent");
                bad.send(json!({ "type": "Ping", "data": { "timestamp": 7 } })).await;
                assert_eq!(bad.next().await["data"]["timestamp"], 7, "WIRE-06: {id}");
            }
            VectorInput::InvalidText(bytes) => {
                // On a connection of its own, which has not authenticated and so serves no requests.
                let mut other = crate::client::TestClient::connect(cloud.agents, "/tunnel").await;
                other.send_raw(&frame(0x81, &bytes)).await;
                assert_eq!(other.closed_with().await, 1007, "WIRE-06: {id}");
            }
        }
    }
    let before = count.load(Ordering::Relaxed);
    while count.load(Ordering::Relaxed) < before + 10 {
        assert!(!traffic.is_finished(), "the traffic has failed");
        tokio::task::yield_now().await;
    }
    done.store(true, Ordering::Relaxed);
    traffic.await.expect("no request fails");
    agent.kill().await;
}

/// The text of an answer; the simulated agent answers if it is asked.
async fn get_or_answer(cloud: &TestCloud, agent: &mut crate::client::TestClient) -> String {
    let mut asked = Box::pin(get(cloud.public, "/"));
    loop {
        tokio::select! {
            answered = &mut asked => return answered.text().to_owned(),
            request = agent.next() => agent.send(cloud::response(&request["data"]["id"], 200)).await,
        }
    }
}

#[tokio::test]
async fn invalid_messages_do_not_disturb_the_agent() {
    let listener = listen().await;
    let address = listener.local_addr().expect("an address");
    let _agent = TestAgent::start(address, LocalServer::saying("page").await, Encoding::Json);
    let mut socket = welcome(&listener).await;
    for (id, sent) in rejected("cloud-to-agent") {
        send(&mut socket, request("before", "/")).await;
        match sent {
            VectorInput::Message(message) => socket.send(message).await.expect("sent"),
            VectorInput::InvalidText(_) => continue, // Ends the connection: WIRE-06 is tested with the other clients.
        }
        send(&mut socket, request("behind", "/")).await;
        let mut answers = Vec::new();
        for _ in 0..3 {
            let message = next(&mut socket).await;
            let (kind, data) = (message["type"].as_str().expect("a type"), &message["data"]);
            answers.push(match kind {
                "HttpResponse" => data["id"].as_str().expect("an id").to_owned(),
                _ => format!("{kind} {}", data["code"]),
            });
        }
        answers.sort();
        assert_eq!(answers, ["Error 400", "before", "behind"], "TUN-17: {id}");
    }
}

#[tokio::test]
async fn requests_beyond_the_limits_do_not_affect_others() {
    let (cloud, _agent) = tunnel(LocalServer::saying("page").await, Encoding::MessagePack).await;
    let requests: Vec<_> = (0..1500).map(|_| tokio::spawn(get(cloud.public, "/"))).collect();
    let mut served = 0;
    for request in requests {
        let answered = request.await.expect("no panic");
        assert!([200, 503].contains(&answered.status), "{answered:?}");
        served += usize::from(answered.status == 200);
    }
    assert!(served >= 1000, "{served} were served");
    assert_eq!(get(cloud.public, "/").await.status, 200);
}
