//! Host and viewer at the relay.

use relayspec_reference::User;
use relayspec_reference::client::Ending;
use serde_json::json;

use super::ClientRun;
use crate::{TestRelay, soon};

#[tokio::test]
async fn a_host_and_a_viewer_exchange_data() {
    let relay = TestRelay::start().await;
    let mut host = ClientRun::host(relay.address, User::Driver);
    let code = host.code().await;
    let mut viewer = ClientRun::viewer(relay.address, &code, User::Driver);
    assert_eq!((viewer.event_name().await.as_str(), viewer.event_name().await.as_str()), ("connected", "joined"));
    let large = "ä".repeat((1 << 19) - 30);
    for payload in ["", "\u{0}\"\\\u{1F600}\r\n", large.as_str()] {
        let expected = json!({ "event": "data", "payload": payload });
        host.give(payload);
        assert_eq!(viewer.event().await, expected, "PAIR-H3");
        viewer.give(payload);
        assert_eq!(host.event().await, expected, "PAIR-V4");
    }
    for number in 0..1000 {
        host.give(&number.to_string());
    }
    for number in 0..1000 {
        assert_eq!(viewer.event().await["payload"], number.to_string(), "PAIR-H3");
    }
    host.command(json!({ "do": "stop" }));
    assert_eq!(host.ended().await, Ending::Stopped, "RECON-13");
    assert_eq!(viewer.event().await["code"], "MAC_DISCONNECTED", "PAIR-V5");
}

#[tokio::test]
async fn both_reconnect_to_a_restarted_relay() {
    let relay = TestRelay::start().await;
    let address = relay.address;
    let mut host = ClientRun::host(address, User::Driver);
    let code = host.code().await;
    let mut viewer = ClientRun::viewer(address, &code, User::Driver);
    assert_eq!((viewer.event_name().await.as_str(), viewer.event_name().await.as_str()), ("connected", "joined"));
    relay.shutdown.send(()).expect("a relay that listens");
    soon("the end of the relay", relay.task).await.expect("no panic");
    assert_eq!(
        (host.event_name().await.as_str(), viewer.event_name().await.as_str()),
        ("disconnected", "disconnected")
    );
    host.give("kept");

    let _relay = TestRelay::at(address).await;
    let code = host.code().await;
    assert_eq!(host.event_name().await, "reconnected");
    assert_eq!(viewer.event_name().await, "connected");
    assert_eq!(viewer.event().await["code"], "INVALID_CODE", "PAIR-V2");
    viewer.command(json!({ "do": "join", "code": code }));
    assert_eq!((viewer.event_name().await.as_str(), viewer.event_name().await.as_str()), ("joined", "reconnected"));
    viewer.give("again");
    assert_eq!(host.event().await, json!({ "event": "data", "payload": "again" }), "PAIR-H6");
}

#[tokio::test]
async fn people_pipe_text_through() {
    let relay = TestRelay::start().await;
    let mut host = ClientRun::host(relay.address, User::Person { ends_with_input: false });
    let first = host.line().await;
    let code = first.strip_prefix("code ").expect("the code").to_owned();
    let mut viewer = ClientRun::viewer(relay.address, &code, User::Person { ends_with_input: true });
    for number in 0..1000 {
        viewer.say(&format!("line {number}"));
    }
    viewer.input = None;
    assert_eq!(soon("its end", viewer.task).await.expect("no panic"), Ending::Stopped, "all was sent");
    for number in 0..1000 {
        assert_eq!(host.line().await, format!("line {number}"));
    }
    host.input = None;
    let mut second = ClientRun::viewer(relay.address, &code, User::Driver);
    assert_eq!((second.event_name().await.as_str(), second.event_name().await.as_str()), ("connected", "joined"));
    second.give("the end of the input means nothing\n");
    assert_eq!(host.line().await, "the end of the input means nothing");
}
