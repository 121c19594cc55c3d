//! Losses of all kinds, delays, and when a client gives up (chapter `reconnect`).

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
    assert_eq!(host.told().matches("reconnected").count(), 0, "RECON-04: a WebSocket alone is no success");
    host.receive(registered(CODE));
    assert_eq!(host.told(), format!("registered:{CODE} reconnected"));
    host.lose();
    assert_eq!(host.client.wake_at(), Some(host.now + Duration::from_secs(1)), "RECON-04");
}

#[test]
fn an_attempt_that_hangs_is_given_up_and_the_delay_runs_from_then() {
    for opens in [false, true] {
        let mut host = host();
        host.pass(Duration::from_secs(1));
        if opens {
            host.open();
        }
        host.pass(CONNECT_TIMEOUT - Duration::from_secs(1));
        assert_eq!(host.abandoned, 1, "RECON-12");
        assert_eq!(host.told(), if opens { "connected disconnected" } else { "" });
        host.pass(Duration::from_secs(1));
        assert_eq!(host.attempts, [0, 6000], "RECON-02");
    }
}

#[test]
fn gives_up_after_the_last_attempt_and_says_so() {
    let mut host = World::new(Host::new(None), Policy { max_attempts: Some(3), ..Policy::RELAY });
    host.give("kept");
    host.lose();
    host.pass(Duration::from_secs(1));
    host.open();
    host.lose();
    assert_eq!((host.told().as_str(), host.ended), ("connected disconnected", None));
    host.pass(Duration::from_secs(2));
    host.lose();
    assert_eq!(host.told(), "NOT_SENT gave_up", "RECON-09, PAIR-H4");
    assert_eq!((host.ended, host.client.wake_at()), (Some(Ending::GaveUp), None));
    assert_eq!(host.attempts, [0, 1000, 3000]);
}

#[test]
fn stops_in_every_state_and_no_attempt_follows() {
    type Way = fn(&mut World<Host>);
    let ways: [Way; 4] = [
        |_| {},
        World::open,
        |host| {
            host.open();
            host.receive(registered(CODE));
        },
        |host| {
            host.open();
            host.lose();
        },
    ];
    for way in ways {
        let mut host = host();
        way(&mut host);
        let attempts = host.attempts.len();
        host.say(json!({ "do": "stop" }));
        assert_eq!(host.ended, Some(Ending::Stopped), "RECON-13");
        host.pass(Duration::from_secs(1000));
        assert_eq!(host.attempts.len(), attempts, "RECON-13");
        assert!(!host.told().contains("gave_up"));
    }
}

#[test]
fn what_was_given_before_the_stop_still_goes_out_where_it_can() {
    let mut host = host();
    host.open();
    host.receive(registered(CODE));
    host.give("last words");
    host.say(json!({ "do": "stop" }));
    assert_eq!(host.client.next_message().map(|message| message.len()), Some(data("last words").to_string().len()));
    assert_eq!(host.client.closed(), []);

    let mut host = super::host();
    host.give("too early");
    host.say(json!({ "do": "stop" }));
    assert_eq!(host.told(), "NOT_SENT", "PAIR-H4");
}

#[test]
fn a_silent_server_is_pinged_and_lost() {
    let mut host = host();
    host.open();
    host.receive(registered(CODE));
    host.pass(Duration::from_secs(30));
    assert_eq!(host.sent(), [json!("Ping")]);
    host.client.heard(host.now);
    host.pass(Duration::from_secs(39));
    assert_eq!(host.sent(), [json!("Ping")]);
    assert_eq!(host.abandoned, 0);
    host.pass(Duration::from_secs(1));
    assert_eq!(host.abandoned, 1, "RECON-01");
    host.pass(Duration::from_secs(1));
    assert_eq!(host.attempts, [0, 71_000]);
}

#[test]
fn the_end_of_the_input_ends_a_client_when_all_is_sent_if_that_is_wanted() {
    let mut host = host();
    host.give("a");
    assert!(host.client.end_when_sent().is_empty());
    host.open();
    assert_eq!((host.sent(), host.ended), (vec![], None));
    host.receive(registered(CODE));
    assert_eq!(host.sent(), [data("a")]);
    assert_eq!(host.ended, Some(Ending::Stopped));
}
