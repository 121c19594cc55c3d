//! The client: hostile answers to its calls, and daemons that come and go.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use relayspec::driver::Event;
use relayspec::reconnect::Policy;
use relayspec::rpc::{Frame, Message};
use relayspec_reference::client::rpc::{self, CallError, RpcClientOptions, RpcHandle};
use tokio::net::UnixListener;

use super::{FrameConnection, TempFolder, TestDaemon, end, rejected, resident, start};
use crate::soon;

/// A client that reconnects at once, and the names of its events.
fn client(folder: &TempFolder) -> (RpcHandle, Arc<Mutex<Vec<String>>>) {
    let mut options = RpcClientOptions::at(folder.socket());
    options.policy = Policy { base: Duration::from_millis(10), cap: Duration::from_millis(20), ..Policy::RPC };
    let events: Arc<Mutex<Vec<String>>> = Arc::default();
    let of_client = Arc::clone(&events);
    let report = move |event: Event| of_client.lock().expect("a list").push(event.name().to_owned());
    (rpc::start(options, rpc_start, report), events)
}

fn rpc_start(now: u64) -> relayspec::rpc::SessionStart {
    relayspec::rpc::SessionStart { timestamp_ms: now, ..start("s") }
}

/// Accepts a client as a daemon, and acknowledges its session.
async fn welcome(listener: &UnixListener) -> FrameConnection {
    let (stream, _) = soon("the client", listener.accept()).await.expect("a connection");
    let mut connection = FrameConnection::of(stream);
    let opening = connection.next().await.expect("SessionStart");
    assert!(matches!(opening.message, Message::SessionStart(_)));
    connection.send(opening.id, Message::Ack).await;
    connection
}

#[tokio::test]
async fn invalid_frames_affect_no_call() {
    let folder = TempFolder::new();
    let listener = UnixListener::bind(folder.socket()).expect("a socket");
    let (client, events) = client(&folder);
    let mut daemon = welcome(&listener).await;
    let all = rejected("daemon-to-client");
    assert!(all.len() > 10, "only {} vectors", all.len());
    for (id, bytes) in all {
        let calling = tokio::spawn({
            let client = client.clone();
            async move { client.call(end("s")).await }
        });
        let call = daemon.next().await.expect("a call");
        daemon.write(&bytes).await;
        daemon.send(u64::MAX, Message::Ack).await;
        daemon.send(call.id, Message::Ack).await;
        assert_eq!(soon("the answer", calling).await.expect("no panic"), Ok(Message::Ack), "{id}");
    }
    assert_eq!(*events.lock().expect("a list"), ["connected"]);
    client.stop().await;
}

#[tokio::test]
async fn a_length_of_4_gib_is_a_loss_and_allocates_nothing() {
    let folder = TempFolder::new();
    let listener = UnixListener::bind(folder.socket()).expect("a socket");
    let (client, _) = client(&folder);
    let before = resident();
    for _ in 0..20 {
        let mut daemon = welcome(&listener).await;
        soon("the session", client.connected()).await.expect("a client");
        daemon.write(&[0xFF; 8]).await;
        assert_eq!(daemon.next().await, None, "the client ends the connection");
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes more");
}

#[tokio::test]
async fn no_call_hangs_when_daemons_come_and_go() {
    let folder = TempFolder::new();
    let (client, events) = client(&folder);
    // No daemon until the first attempt has failed.
    while events.lock().expect("a list").is_empty() {
        assert_eq!(soon("a call", client.call(end("s"))).await, Err(CallError::NotConnected));
    }
    for _ in 0..5 {
        let daemon = TestDaemon::at(&folder.socket());
        soon("the session", client.connected()).await.expect("a client");
        assert_eq!(soon("a call", client.call(end("s"))).await, Ok(Message::Ack));
        daemon.end().await;
        // Until the client has noticed the loss.
        while client.call(end("s")).await.is_ok() {}
    }
    let events = events.lock().expect("a list").clone();
    assert_eq!(events[..3], ["error", "connected", "reconnected"]);
    assert_eq!(events.iter().filter(|name| *name == "error").count(), 1);
    client.clone().stop().await;
    assert_eq!(client.call(end("s")).await, Err(CallError::Stopped));
}

#[tokio::test]
async fn calls_in_flight_fail_when_the_connection_is_lost() {
    let folder = TempFolder::new();
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
        ids.push(daemon.next().await.expect("a call").id);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 100, "ids are unique");
    // Half an answer does not count.
    daemon.write(&Frame { id: ids[0], message: Message::Ack }.encode()[..21]).await;
    drop(daemon);
    for call in calls {
        assert_eq!(soon("a call", call).await.expect("no panic"), Err(CallError::Lost));
    }
}
