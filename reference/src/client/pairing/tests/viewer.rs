//! The viewer (PAIR-V1 to PAIR-V6).

use super::*;

fn paired() -> ClientFixture<PairingViewer> {
    let mut viewer = viewer();
    viewer.open();
    viewer.receive(joined());
    assert_eq!(viewer.sent(), [join(CODE)], "PAIR-V1");
    assert_eq!(viewer.reported(), "connected joined");
    viewer
}

#[test]
fn no_data_before_joined_and_what_waits_comes_after_it() {
    let mut viewer = viewer();
    viewer.give("1");
    viewer.open();
    viewer.give("2");
    assert_eq!(viewer.sent(), [join(CODE)], "PAIR-V3");
    viewer.receive(joined());
    assert_eq!(viewer.sent(), ["1", "2"].map(data));
    viewer.receive(data("in"));
    assert_eq!(viewer.reported(), "connected joined data:\"in\"", "PAIR-V4");
    assert_eq!(viewer.client.binary(b"x", viewer.now), []);
}

#[test]
fn reports_a_refused_code_and_does_not_send_it_again() {
    for refusal in ["INVALID_CODE", "EXPIRED_CODE", "ALREADY_JOINED", "INVALID_MESSAGE"] {
        let mut viewer = viewer();
        viewer.open();
        viewer.give("unsendable");
        viewer.sent();
        viewer.refuse(refusal);
        viewer.give("unsendable");
        assert_eq!(viewer.reported(), format!("connected {refusal} NOT_SENT NOT_JOINED"), "PAIR-V2");
        viewer.client.received(viewer.now);
        viewer.pass(Duration::from_secs(29));
        assert_eq!((viewer.sent(), viewer.abandoned), (vec![], 0), "PAIR-V2, RECON-11");
        viewer.command(json!({ "do": "join", "code": "ABCDEF" }));
        assert_eq!(viewer.sent(), [join("ABCDEF")]);
        viewer.receive(joined());
        viewer.give("x");
        assert_eq!((viewer.sent(), viewer.reported()), (vec![data("x")], "joined".to_owned()));
    }
}

#[test]
fn does_not_reconnect_with_a_refused_code() {
    let mut viewer = viewer();
    viewer.open();
    viewer.refuse("INVALID_CODE");
    viewer.lose();
    assert_eq!(viewer.reported(), "connected INVALID_CODE disconnected gave_up", "PAIR-V6");
    assert_eq!(viewer.ended, Some(Ending::GaveUp));
}

#[test]
fn does_not_reconnect_when_the_host_is_gone() {
    let mut viewer = paired();
    viewer.refuse("MAC_DISCONNECTED");
    viewer.give("x");
    assert_eq!(viewer.reported(), "MAC_DISCONNECTED NOT_JOINED", "PAIR-V5");
    assert_eq!(viewer.sent(), [] as [Value; 0], "PAIR-V5");
    viewer.lose();
    assert_eq!((viewer.reported().as_str(), viewer.ended), ("disconnected gave_up", Some(Ending::GaveUp)), "PAIR-V6");
}

#[test]
fn retries_its_join_after_a_loss_until_the_relay_has_noticed_it() {
    let mut viewer = paired();
    viewer.lose();
    viewer.pass(Duration::from_secs(1));
    viewer.open();
    assert_eq!(viewer.sent(), [join(CODE)], "PAIR-V6");
    viewer.refuse("ALREADY_JOINED");
    viewer.give("kept");
    viewer.pass(Duration::from_millis(1999));
    assert_eq!(viewer.sent(), [] as [Value; 0]);
    viewer.pass(Duration::from_millis(1));
    assert_eq!(viewer.sent(), [join(CODE)], "PAIR-V2: again, by the policy");
    viewer.refuse("ALREADY_JOINED");
    viewer.pass(Duration::from_secs(4));
    assert_eq!(viewer.sent(), [join(CODE)]);
    viewer.receive(joined());
    assert_eq!(viewer.sent(), [data("kept")]);
    assert_eq!(
        viewer.reported(),
        "disconnected connected ALREADY_JOINED ALREADY_JOINED joined reconnected",
        "on one connection"
    );
    assert_eq!(viewer.attempts, [0, 1000]);
    viewer.lose();
    assert_eq!(viewer.client.wake_at(), Some(viewer.now + Duration::from_secs(1)), "RECON-04");
}

#[test]
fn abandons_a_join_without_an_answer() {
    let mut viewer = paired();
    viewer.lose();
    viewer.pass(Duration::from_secs(1));
    viewer.open();
    viewer.refuse("ALREADY_JOINED");
    viewer.pass(Duration::from_secs(2) + CONNECT_TIMEOUT);
    assert_eq!(viewer.abandoned, 1, "RECON-12");
    viewer.pass(Duration::from_secs(4));
    assert_eq!(viewer.attempts, [0, 1000, 12_000]);
}

#[test]
fn delays_again_after_a_loss_while_waiting_to_join() {
    let mut viewer = paired();
    viewer.lose();
    viewer.pass(Duration::from_secs(1));
    viewer.open();
    viewer.refuse("ALREADY_JOINED");
    viewer.pass(Duration::from_secs(1));
    viewer.lose();
    viewer.pass(Duration::from_secs(2));
    assert_eq!(viewer.attempts, [0, 1000, 4000], "RECON-02");
}

#[test]
fn gives_up_if_the_code_stays_taken() {
    let mut viewer = viewer_with(Policy { max_attempts: Some(2), ..Policy::RELAY });
    viewer.open();
    viewer.receive(joined());
    viewer.lose();
    viewer.pass(Duration::from_secs(1));
    viewer.open();
    viewer.refuse("ALREADY_JOINED");
    assert_eq!(viewer.ended, None);
    viewer.pass(Duration::from_secs(2));
    viewer.refuse("ALREADY_JOINED");
    assert_eq!(viewer.ended, Some(Ending::GaveUp), "RECON-09");
}

#[test]
fn accepts_another_code_at_any_time() {
    // While it waits.
    let mut waiting = paired();
    waiting.lose();
    waiting.command(json!({ "do": "join", "code": "ABCDEF" }));
    waiting.pass(Duration::from_secs(1));
    waiting.open();
    assert_eq!(waiting.sent(), [join("ABCDEF")]);
    waiting.refuse("ALREADY_JOINED");
    waiting.pass(Duration::from_secs(20));
    assert_eq!(waiting.sent(), [] as [Value; 0], "PAIR-V2: it never held this code");

    // While the first is unanswered.
    let mut asking = viewer();
    asking.open();
    asking.command(json!({ "do": "join", "code": "ABCDEF" }));
    assert_eq!(asking.sent(), [join(CODE), join("ABCDEF")]);
    asking.refuse("INVALID_CODE");
    asking.receive(joined());
    asking.lose();
    asking.pass(Duration::from_secs(1));
    asking.open();
    assert_eq!(asking.sent(), [join("ABCDEF")]);

    // While it is joined: the relay refuses, and the pairing goes on (PAIR-23).
    let mut joined = paired();
    joined.command(json!({ "do": "join", "code": "ABCDEF" }));
    assert_eq!(joined.sent(), [join("ABCDEF")]);
    joined.refuse("ALREADY_JOINED");
    joined.give("x");
    assert_eq!(joined.sent(), [data("x")]);
    joined.lose();
    joined.pass(Duration::from_secs(1));
    joined.open();
    assert_eq!(joined.sent(), [join(CODE)]);

    let mut viewer = paired();
    viewer.command(json!({ "do": "join", "code": "no code" }));
    assert_eq!((viewer.sent(), viewer.reported()), (vec![], "INVALID_CODE".to_owned()));
}

#[test]
fn does_not_send_messages_for_one_host_to_another() {
    let mut viewer = paired();
    viewer.lose();
    viewer.give("for the first");
    viewer.command(json!({ "do": "join", "code": "ABCDEF" }));
    assert_eq!(viewer.reported(), "disconnected NOT_SENT");
    viewer.pass(Duration::from_secs(1));
    viewer.open();
    viewer.receive(joined());
    assert_eq!(viewer.sent(), [join("ABCDEF")]);
}
