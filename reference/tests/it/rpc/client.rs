//! The client: hostile answers while calls are under way, and daemons that come and go.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use relayspec::driver::Event;
use relayspec::reconnect::Policy;
use relayspec::rpc::{Frame, Message};
use relayspec_reference::client::rpc::{self, CallError, Options, Rpc};
use tokio::net::UnixListener;

use super::{Folder, Served, Talk, end, rejected, resident, start};
use crate::soon;

/// A client that comes back at once, and the names of what it tells.
fn client(folder: &Folder) -> (Rpc, Arc<Mutex<Vec<String>>>) {
    let mut options = Options::at(folder.socket());
    options.policy = Policy { base: Duration::from_millis(10), cap: Duration::from_millis(20), ..Policy::RPC };
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let of_client = Arc::clone(&told);
    let tell = move |event: Event| of_client.lock().expect("a list").push(event.name().to_owned());
    (rpc::start(options, rpc_start, tell), told)
}

fn rpc_start(now: u64) -> relayspec::rpc::SessionStart {
    relayspec::rpc::SessionStart { timestamp_ms: now, ..start("s") }
}

/// A daemon of this test's own, which has acknowledged the client's session.
async fn welcome(listener: &UnixListener) -> Talk {
    let (stream, _) = soon("the client", listener.accept()).await.expect("a connection");
    let mut talk = Talk::of(stream);
    let opening = talk.hear().await.expect("SessionStart");
    assert!(matches!(opening.message, Message::SessionStart(_)));
    talk.say(opening.id, Message::Ack).await;
    talk
}

#[tokio::test]
async fn whatever_is_rejected_harms_no_call() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.socket()).expect("a socket");
    let (client, told) = client(&folder);
    let mut daemon = welcome(&listener).await;
    let all = rejected("daemon-to-client");
    assert!(all.len() > 10, "only {} vectors", all.len());
    for (id, bytes) in all {
        let calling = tokio::spawn({
            let client = client.clone();
            async move { client.call(end("s")).await }
        });
        let call = daemon.hear().await.expect("a call");
        daemon.write(&bytes).await;
        daemon.say(u64::MAX, Message::Ack).await;
        daemon.say(call.id, Message::Ack).await;
        assert_eq!(soon("the answer", calling).await.expect("no panic"), Ok(Message::Ack), "{id}");
    }
    assert_eq!(*told.lock().expect("a list"), ["connected"]);
    client.stop().await;
}

#[tokio::test]
async fn a_length_of_4_gib_is_a_loss_and_takes_no_memory() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.socket()).expect("a socket");
    let (client, _) = client(&folder);
    let before = resident();
    for _ in 0..20 {
        let mut daemon = welcome(&listener).await;
        soon("the session", client.connected()).await.expect("a client");
        daemon.write(&[0xFF; 8]).await;
        assert_eq!(daemon.hear().await, None, "the client ends the connection");
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes more");
}

#[tokio::test]
async fn no_call_hangs_when_daemons_come_and_go() {
    let folder = Folder::new();
    let (client, told) = client(&folder);
    // No daemon comes before the first attempt has failed.
    while told.lock().expect("a list").is_empty() {
        assert_eq!(soon("a call", client.call(end("s"))).await, Err(CallError::NotConnected));
    }
    for _ in 0..5 {
        let daemon = Served::at(&folder.socket());
        soon("the session", client.connected()).await.expect("a client");
        assert_eq!(soon("a call", client.call(end("s"))).await, Ok(Message::Ack));
        daemon.end().await;
        // Sooner or later the client knows.
        while client.call(end("s")).await.is_ok() {}
    }
    let told = told.lock().expect("a list").clone();
    assert_eq!(told[..3], ["error", "connected", "reconnected"]);
    assert_eq!(told.iter().filter(|name| *name == "error").count(), 1);
    client.clone().stop().await;
    assert_eq!(client.call(end("s")).await, Err(CallError::Stopped));
}

#[tokio::test]
async fn calls_under_way_fail_when_the_connection_is_lost() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.socket()).expect("a socket");
    let (client, _) = client(&folder);
    let mut daemon = welcome(&listener).await;
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.call(end("s")).await })
        })
        .collect();
    let mut ids = Vec::new();
    for _ in 0..100 {
        ids.push(daemon.hear().await.expect("a call").id);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 100, "each has an id of its own");
    // Half an answer is none.
    daemon.write(&Frame { id: ids[0], message: Message::Ack }.encode()[..21]).await;
    drop(daemon);
    for call in calls {
        assert_eq!(soon("a call", call).await.expect("no panic"), Err(CallError::Lost));
    }
}
