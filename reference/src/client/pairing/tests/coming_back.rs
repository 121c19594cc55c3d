//! Losses, delays, and giving up (chapter `reconnect`).

use super::*;

#[test]
fn attempts_that_are_accepted_and_dropped_see_growing_delays() {
    let mut host = host();
    let mut delays = Vec::new();
    for _ in 0..7 {
        host.open();
        host.lose();
        let lost = host.now.duration_since(host.started).as_millis();
        host.pass(host.client.wake_at().expect("an attempt").duration_since(host.now));
        delays.push(host.attempts.last().expect("an attempt") - lost);
    }
    assert_eq!(delays, [1000, 2000, 4000, 8000, 16_000, 32_000, 32_000], "RECON-05");
    host.open();
    assert_eq!(host.reported().matches("reconnected").count(), 0, "RECON-04: a WebSocket alone is no success");
    host.receive(registered(CODE));
    assert_eq!(host.reported(), format!("registered:{CODE} reconnected"));
    host.lose();
    assert_eq!(host.client.wake_at(), Some(host.now + Duration::from_secs(1)), "RECON-04");
}

#[test]
fn abandons_an_attempt_that_hangs_and_delays_from_then() {
    for opens in [false, true] {
        let mut host = host();
        host.pass(Duration::from_secs(1));
        if opens {
            host.open();
        }
        host.pass(CONNECT_TIMEOUT - Duration::from_secs(1));
        assert_eq!(host.abandoned, 1, "RECON-12");
        assert_eq!(host.reported(), if opens { "connected disconnected" } else { "" });
        host.pass(Duration::from_secs(1));
        assert_eq!(host.attempts, [0, 6000], "RECON-02");
    }
}

#[test]
fn gives_up_after_the_last_attempt_and_reports_it() {
    let mut host = fixture(PairingHost::new(None), Policy { max_attempts: Some(3), ..Policy::RELAY });
    host.give("kept");
    host.lose();
    host.pass(Duration::from_secs(1));
    host.open();
    host.lose();
    assert_eq!((host.reported().as_str(), host.ended), ("connected disconnected", None));
    host.pass(Duration::from_secs(2));
    host.lose();
    assert_eq!(host.reported(), "NOT_SENT gave_up", "RECON-09, PAIR-H4");
    assert_eq!((host.ended, host.client.wake_at()), (Some(Ending::GaveUp), None));
    assert_eq!(host.attempts, [0, 1000, 3000]);
}

#[test]
fn stops_in_every_state_without_a_further_attempt() {
    let prepare: [fn(&mut ClientFixture<PairingHost>); 4] = [
        |_| {},
        ClientFixture::open,
        |host| {
            host.open();
            host.receive(registered(CODE));
        },
        |host| {
            host.open();
            host.lose();
        },
    ];
    for prepare in prepare {
        let mut host = host();
        prepare(&mut host);
        let attempts = host.attempts.len();
        host.command(json!({ "do": "stop" }));
        assert_eq!(host.ended, Some(Ending::Stopped), "RECON-13");
        host.pass(Duration::from_secs(1000));
        assert_eq!(host.attempts.len(), attempts, "RECON-13");
        assert!(!host.reported().contains("gave_up"));
    }
}

#[test]
fn sends_messages_given_before_the_stop_if_possible() {
    let mut host = host();
    host.open();
    host.receive(registered(CODE));
    host.give("last words");
    host.command(json!({ "do": "stop" }));
    assert_eq!(host.client.next_message().map(|message| message.len()), Some(data("last words").to_string().len()));
    assert_eq!(host.client.closed(), []);

    let mut host = super::host();
    host.give("too early");
    host.command(json!({ "do": "stop" }));
    assert_eq!(host.reported(), "NOT_SENT", "PAIR-H4");
}

#[test]
fn pings_a_silent_server_and_abandons_it() {
    let mut host = host();
    host.open();
    host.receive(registered(CODE));
    host.pass(Duration::from_secs(30));
    assert_eq!(host.sent(), [json!("Ping")]);
    host.client.received(host.now);
    host.pass(Duration::from_secs(39));
    assert_eq!(host.sent(), [json!("Ping")]);
    assert_eq!(host.abandoned, 0);
    host.pass(Duration::from_secs(1));
    assert_eq!(host.abandoned, 1, "RECON-01");
    host.pass(Duration::from_secs(1));
    assert_eq!(host.attempts, [0, 71_000]);
}

#[test]
fn stops_at_the_end_of_input_when_all_is_sent_if_configured() {
    let mut host = host();
    host.give("a");
    assert!(host.client.end_when_sent().is_empty());
    host.open();
    assert_eq!((host.sent(), host.ended), (vec![], None));
    host.receive(registered(CODE));
    assert_eq!(host.sent(), [data("a")]);
    assert_eq!(host.ended, Some(Ending::Stopped));
}
