//! Whatever is no message, sent to cloud and agent while traffic flows: nothing else fails (WIRE-06, TUN-17, TUN-22).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::SinkExt;
use relayspec_reference::tunnel::Encoding;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::agent::{next, request, say, welcome};
use super::local::Local;
use super::public::get;
use super::{Agent, Cloud, cloud, tunnel};
use crate::client::frame;
use crate::clients::losses::listen;

/// What a vector puts on the wire.
enum Sent {
    Message(Message),
    /// A text that is none.
    NoText(Vec<u8>),
}

/// The vectors of a direction that are no messages, by their ids.
fn rejected(direction: &str) -> Vec<(String, Sent)> {
    let path = format!("{}/../fixtures/tunnel/{direction}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the vectors");
    let vectors: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let rejected = vectors.iter().filter(|vector| vector["verdict"] == "reject");
    let all: Vec<_> = rejected.map(|vector| (vector["id"].as_str().expect("an id").to_owned(), sent(vector))).collect();
    assert!(all.len() > 20, "{} vectors", all.len());
    all
}

fn sent(vector: &Value) -> Sent {
    if !vector["binary"].is_null() {
        return Sent::Message(Message::binary(bytes_of(&joined(&vector["binary"]))));
    }
    if let Some(hex) = vector["hex"].as_str() {
        return Sent::NoText(bytes_of(hex));
    }
    let text = if vector["text"].is_string() { &vector["text"] } else { vector };
    Sent::Message(Message::text(joined(text)))
}

/// A text that may stand in parts.
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
async fn what_is_no_message_disturbs_no_cloud() {
    let cloud = Cloud::start().await;
    let mut bad = cloud::agent(&cloud).await;
    let agent = Agent::start(cloud.agents, Local::saying("page").await, Encoding::MessagePack);
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
            Sent::Message(message) => {
                bad.socket.send(message).await.expect("sent");
                bad.send(json!({ "type": "Ping", "data": { "timestamp": 7 } })).await;
                assert_eq!(bad.next().await["data"]["timestamp"], 7, "WIRE-06: {id}");
            }
            Sent::NoText(bytes) => {
                // A connection of its own that serves nobody, since it has not authenticated.
                let mut other = crate::client::Client::connect(cloud.agents, "/tunnel").await;
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

/// The text of an answer, be it of the agent that the test plays.
async fn get_or_answer(cloud: &Cloud, played: &mut crate::client::Client) -> String {
    let mut asked = Box::pin(get(cloud.public, "/"));
    loop {
        tokio::select! {
            answered = &mut asked => return answered.text().to_owned(),
            request = played.next() => played.send(cloud::response(&request["data"]["id"], 200)).await,
        }
    }
}

#[tokio::test]
async fn what_is_no_message_disturbs_no_agent() {
    let listener = listen().await;
    let address = listener.local_addr().expect("an address");
    let _agent = Agent::start(address, Local::saying("page").await, Encoding::Json);
    let mut socket = welcome(&listener).await;
    for (id, sent) in rejected("cloud-to-agent") {
        say(&mut socket, request("before", "/")).await;
        match sent {
            Sent::Message(message) => socket.send(message).await.expect("sent"),
            Sent::NoText(_) => continue, // A server that sends that is lost: WIRE-06 is tested with the other clients.
        }
        say(&mut socket, request("behind", "/")).await;
        let mut told = Vec::new();
        for _ in 0..3 {
            let message = next(&mut socket).await;
            let (kind, data) = (message["type"].as_str().expect("a type"), &message["data"]);
            told.push(match kind {
                "HttpResponse" => data["id"].as_str().expect("an id").to_owned(),
                _ => format!("{kind} {}", data["code"]),
            });
        }
        told.sort();
        assert_eq!(told, ["Error 400", "before", "behind"], "TUN-17: {id}");
    }
}

#[tokio::test]
async fn floods_of_requests_beyond_the_limits_leave_the_others_alone() {
    let (cloud, _agent) = tunnel(Local::saying("page").await, Encoding::MessagePack).await;
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
