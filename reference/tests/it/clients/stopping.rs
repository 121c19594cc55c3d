//! Stopping: in every state, whether or not the output is read (RECON-13).

use std::time::{Duration, Instant};

use relayspec_reference::client::Ending;
use relayspec_reference::{User, pairing_viewer};
use serde_json::json;
use tokio::net::TcpListener;

use super::{ClientRun, options};
use crate::client::TestClient;
use crate::{TestRelay, soon};

const NOTIFY_DEADLINE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn stops_while_connecting_and_while_waiting() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = silent.local_addr().expect("an address");
    for is_there in [true, false] {
        let held = is_there.then_some(&silent);
        let address = held.map_or_else(|| ([127, 0, 0, 1], 1).into(), |_| address);
        let mut host = ClientRun::host(address, User::Driver);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let before = Instant::now();
        host.command(json!({ "do": "stop" }));
        assert_eq!(host.ended().await, Ending::Stopped);
        assert!(before.elapsed() < NOTIFY_DEADLINE);
    }
}

#[tokio::test]
async fn an_external_stop_closes_the_connection() {
    let relay = TestRelay::start().await;
    let mut host = ClientRun::host(relay.address, User::Driver);
    let code = host.code().await;
    let mut viewer = TestClient::connect(relay.address, "/browser").await;
    viewer.send(json!({ "type": "join", "code": code })).await;
    assert_eq!(viewer.next().await["type"], "joined");
    let before = Instant::now();
    host.give("last words");
    tokio::time::sleep(Duration::from_millis(20)).await;
    host.stop.take().expect("not stopped before").send(()).expect("a client that runs");
    assert_eq!(viewer.next().await["payload"], "last words");
    assert_eq!(viewer.next().await["code"], "MAC_DISCONNECTED");
    assert_eq!(host.ended().await, Ending::Stopped);
    assert!(before.elapsed() < NOTIFY_DEADLINE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unread_output_blocks_the_partner_but_not_the_stop() {
    let relay = TestRelay::start().await;
    let (mut host, code) = TestClient::host(relay.address).await;
    let code = relayspec::pairing::JoinCode::new(code).expect("a code");
    let (mut viewer, _output) = ClientRun::unread(|input, output, stop| {
        let options = options(relay.address, "/browser", User::Driver);
        tokio::spawn(pairing_viewer(options, code, input, output, stop))
    });
    let pouring = tokio::spawn(async move {
        let payload = "x".repeat(1_000_000);
        let mut sent = 0;
        while sent < 64 {
            let sending = host.send_data(&payload);
            if tokio::time::timeout(Duration::from_millis(500), sending).await.is_err() {
                break;
            }
            sent += 1;
        }
        (sent, host)
    });
    let (sent, _host) = soon("a host that is held", pouring).await.expect("no panic");
    assert!(sent < 64, "64 MB are buffered for a user who does not read");
    let before = Instant::now();
    viewer.command(json!({ "do": "stop" }));
    assert_eq!(viewer.ended().await, Ending::Stopped);
    assert!(before.elapsed() < NOTIFY_DEADLINE, "RECON-13: {:?}", before.elapsed());
}

#[tokio::test]
async fn gives_up_and_reports_it() {
    let mut options = options(([127, 0, 0, 1], 1).into(), "/mac", User::Driver);
    options.policy.max_attempts = Some(3);
    let mut host = ClientRun::host_with(options);
    assert_eq!(host.event_name().await, "gave_up", "RECON-09");
    assert_eq!(host.ended().await, Ending::GaveUp);
}
