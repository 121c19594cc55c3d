//! What the reference server has acknowledged survives a kill.

use std::collections::BTreeSet;
use std::time::Duration;

use conformance::clock::{Clock, Moment};
use conformance::transport::encode::TEXT;
use conformance::transport::{Arrival, Connection, Dial, Observer, OutFrame, Route, open};
use serde_json::{Value, json};

use crate::support::{ReferenceProcess, folder};

/// How often it is killed.
const KILLS: usize = 8;
/// How many messages are in flight at once.
const IN_FLIGHT: usize = 20;

struct IgnoringObserver;

impl Observer for IgnoringObserver {
    fn sent(&mut self, _: Moment, _: &OutFrame) {}
    fn received(&mut self, _: Moment, _: &Arrival) {}
}

/// An authenticated client.
struct SyncConnection(Connection);

impl SyncConnection {
    async fn new(server: &ReferenceProcess, clock: &Clock) -> Self {
        let route = Route { address: server.url().parse().expect("an address"), tls: None };
        let opened = open(&route, "/sync", Dial::default()).await.expect("a connection");
        let mut client = Self(Connection::start(opened, clock.clone(), Box::new(IgnoringObserver)));
        client.request(&json!({ "id": "auth", "type": "auth", "pin": "000042" }));
        assert_eq!(client.next().await.expect("an answer")["type"], "auth_success");
        client
    }

    fn request(&self, message: &Value) {
        self.0.writer().send(OutFrame::new(TEXT, message.to_string()));
    }

    fn send(&self, id: &str) {
        self.request(&json!({ "id": id, "type": "send", "resourceId": "roses", "message": id }));
    }

    /// The next message; `None` at the end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await?.what {
                Arrival::Text(text) => return serde_json::from_str(&text).ok(),
                Arrival::End(_) => return None,
                _ => {}
            }
        }
    }

    /// The messages of the chat.
    async fn history(&mut self) -> Vec<String> {
        self.request(&json!({ "id": "look", "type": "subscribe", "resource": "chat", "resourceId": "roses" }));
        let answer = self.next().await.expect("an answer");
        let messages = answer["data"]["messages"].as_array().expect("messages");
        for (message, seq) in messages.iter().zip(1..) {
            assert_eq!(message["seq"], seq, "a gap or a duplicate");
        }
        messages.iter().map(|message| message["content"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

#[tokio::test]
async fn acknowledged_messages_survive_a_kill_under_load() {
    let file = folder("sync-lasting").join("chats.db").display().to_string();
    let clock = Clock::start();
    let mut answered: BTreeSet<String> = BTreeSet::new();
    for kill in 0..KILLS {
        let server = ReferenceProcess::sync(&["--database", &file]).await;
        let mut client = SyncConnection::new(&server, &clock).await;
        let history = client.history().await;
        assert_eq!(history.iter().collect::<BTreeSet<_>>().len(), history.len(), "a message is there twice");
        let lost: Vec<_> = answered.iter().filter(|id| !history.contains(id)).collect();
        assert_eq!(lost, [""; 0], "acknowledged before kill {kill}, and lost");
        let mut writer = SyncConnection::new(&server, &clock).await;
        (0..IN_FLIGHT).for_each(|nth| writer.send(&format!("{kill}.{nth}")));
        let mut next = IN_FLIGHT;
        let writing = async {
            while let Some(answer) = writer.next().await {
                if answer["data"]["sent"] == true {
                    answered.insert(answer["id"].as_str().unwrap_or_default().to_owned());
                    writer.send(&format!("{kill}.{next}"));
                    next += 1;
                }
            }
        };
        let killing = async {
            clock.nap(Duration::from_millis(30 + 7 * kill as u64)).await;
            server.kill().await;
        };
        tokio::join!(writing, killing);
        assert!(next > IN_FLIGHT, "nothing was in flight");
    }
    let server = ReferenceProcess::sync(&["--database", &file]).await;
    let history = SyncConnection::new(&server, &clock).await.history().await;
    assert!(answered.iter().all(|id| history.contains(id)));
    let second = ReferenceProcess::sync_refused(&["--database", &file]).await;
    assert!(second.contains("cannot use the database"), "two servers share a file: {second}");
}
