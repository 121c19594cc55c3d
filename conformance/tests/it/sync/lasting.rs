//! What the reference server has answered is there again after it was killed.

use std::collections::BTreeSet;
use std::time::Duration;

use conformance::clock::{Clock, Moment};
use conformance::transport::encode::TEXT;
use conformance::transport::{Arrival, Connection, Dial, Observer, OutFrame, Route, open};
use serde_json::{Value, json};

use crate::support::{Reference, folder};

/// How often it is killed.
const KILLS: usize = 8;
/// How many messages are under way at once.
const UNDER_WAY: usize = 20;

struct Nobody;

impl Observer for Nobody {
    fn sent(&mut self, _: Moment, _: &OutFrame) {}
    fn received(&mut self, _: Moment, _: &Arrival) {}
}

/// A client that has authenticated.
struct Client(Connection);

impl Client {
    async fn new(server: &Reference, clock: &Clock) -> Self {
        let route = Route { address: server.url().parse().expect("an address"), tls: None };
        let opened = open(&route, "/sync", Dial::default()).await.expect("a connection");
        let mut client = Self(Connection::start(opened, clock.clone(), Box::new(Nobody)));
        client.say(&json!({ "id": "auth", "type": "auth", "pin": "000042" }));
        assert_eq!(client.next().await.expect("an answer")["type"], "auth_success");
        client
    }

    fn say(&self, message: &Value) {
        self.0.writer().send(OutFrame::new(TEXT, message.to_string()));
    }

    fn send(&self, id: &str) {
        self.say(&json!({ "id": id, "type": "send", "resourceId": "roses", "message": id }));
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

    /// What the chat has.
    async fn history(&mut self) -> Vec<String> {
        self.say(&json!({ "id": "look", "type": "subscribe", "resource": "chat", "resourceId": "roses" }));
        let answer = self.next().await.expect("an answer");
        let messages = answer["data"]["messages"].as_array().expect("messages");
        for (message, seq) in messages.iter().zip(1..) {
            assert_eq!(message["seq"], seq, "a gap or a double");
        }
        messages.iter().map(|message| message["content"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

#[tokio::test]
async fn what_was_answered_survives_a_kill_under_load() {
    let file = folder("sync-lasting").join("chats.db").display().to_string();
    let clock = Clock::start();
    let mut answered: BTreeSet<String> = BTreeSet::new();
    for kill in 0..KILLS {
        let server = Reference::sync(&["--database", &file]).await;
        let mut client = Client::new(&server, &clock).await;
        let history = client.history().await;
        assert_eq!(history.iter().collect::<BTreeSet<_>>().len(), history.len(), "a message came twice");
        let lost: Vec<_> = answered.iter().filter(|id| !history.contains(id)).collect();
        assert_eq!(lost, [""; 0], "answered before kill {kill}, and lost");
        let mut writer = Client::new(&server, &clock).await;
        (0..UNDER_WAY).for_each(|nth| writer.send(&format!("{kill}.{nth}")));
        let mut next = UNDER_WAY;
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
        assert!(next > UNDER_WAY, "nothing was under way");
    }
    let server = Reference::sync(&["--database", &file]).await;
    let history = Client::new(&server, &clock).await.history().await;
    assert!(answered.iter().all(|id| history.contains(id)));
    let second = Reference::sync_refused(&["--database", &file]).await;
    assert!(second.contains("the database cannot be used"), "two servers share a file: {second}");
}
