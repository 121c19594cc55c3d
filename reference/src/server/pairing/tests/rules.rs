//! The rules that the core decides, in the order of the chapter.

use super::*;

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn a_host_gets_its_code_at_once() {
    let mut fixture = PairingFixture::new();
    let host = fixture.open(PairingRole::Host);
    let registered = fixture.only(host);
    assert_eq!(registered["type"], "registered", "PAIR-10");
    // 400 microseconds past a millisecond: rounded up.
    assert_eq!(registered["expiresAt"], 1_760_000_000_000_u64 + 300_000 + 1, "PAIR-12");
}

#[test]
fn codes_are_uniformly_distributed() {
    let mut fixture = PairingFixture::new();
    let mut counts = HashMap::new();
    for _ in 0..28_000 {
        let (host, code) = fixture.host();
        for place in code.char_indices() {
            *counts.entry(place).or_insert(0) += 1;
        }
        fixture.lose(host);
    }
    assert_eq!(counts.len(), 6 * 28, "PAIR-11, PAIR-14");
    // 1,000 expected, standard deviation 31.
    assert!(counts.values().all(|count| (820..1180).contains(count)), "PAIR-14: {counts:?}");
}

#[test]
fn register_repeats_a_live_code_and_replaces_an_expired_one() {
    let mut fixture = PairingFixture::new();
    let host = fixture.open(PairingRole::Host);
    let first = fixture.only(host);
    let register = r#"{"type":"register","clientId":"0b0e5a0e-4d1c-4a57-9d0b-2F6C8F7F1C11"}"#;
    fixture.send(host, register);
    assert_eq!(fixture.only(host), first, "PAIR-15");
    fixture.send(host, r#"{"type":"register","clientId":"me"}"#);
    assert_eq!(fixture.only(host)["code"], "INVALID_MESSAGE", "PAIR-16");

    fixture.pass(LIFETIME + MILLISECOND);
    fixture.send(host, register);
    let second = fixture.only(host);
    assert_ne!(second["code"], first["code"], "PAIR-17");
    let viewer = fixture.open(PairingRole::Viewer);
    assert_eq!(fixture.join(viewer, &text(&first["code"])), "EXPIRED_CODE", "PAIR-32");
    fixture.pass(RETENTION - 2 * MILLISECOND);
    assert_eq!(fixture.join(viewer, &text(&first["code"])), "EXPIRED_CODE", "PAIR-32");
    fixture.pass(2 * MILLISECOND);
    assert_eq!(fixture.join(viewer, &text(&first["code"])), "INVALID_CODE");
    assert_eq!(fixture.join(viewer, &text(&second["code"]))["type"], "joined");
}

#[test]
fn register_changes_nothing_while_a_viewer_has_joined() {
    let mut fixture = PairingFixture::new();
    let (host, code) = fixture.host();
    let viewer = fixture.joined(&code);
    fixture.pass(2 * LIFETIME);
    fixture.send(host, r#"{"type":"register","clientId":"0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11"}"#);
    assert_eq!(fixture.only(host)["code"], code, "PAIR-15");
    fixture.send_data(viewer, "still here");
    assert_eq!(fixture.only(host)["payload"], "still here", "PAIR-33");
}

#[test]
fn answers_joins_by_the_state_of_the_code() {
    let mut fixture = PairingFixture::new();
    let (_, code) = fixture.host();
    let (_, other) = fixture.host();
    let (first, second) = (fixture.open(PairingRole::Viewer), fixture.open(PairingRole::Viewer));
    for wrong in ["333333", "AAAAAA", "O0I1L2", &code.to_lowercase()] {
        assert_eq!(fixture.join(first, wrong), "INVALID_CODE", "PAIR-21, PAIR-24");
    }
    for malformed in ["", "K7QX4", "K7QX4MM", "\u{0}"] {
        assert_eq!(fixture.join(first, malformed), "INVALID_MESSAGE", "PAIR-24");
    }
    let session = fixture.join(first, &code)["sessionId"].clone();
    assert_eq!(fixture.join(second, &code), "ALREADY_JOINED", "PAIR-22, PAIR-25");
    fixture.pass(2 * LIFETIME);
    assert_eq!(fixture.join(second, &code), "ALREADY_JOINED", "PAIR-22: however old the code is");
    for again in [&code, &other, "AAAAAA"] {
        assert_eq!(fixture.join(first, again), "ALREADY_JOINED", "PAIR-23");
    }
    fixture.lose(first);
    assert_ne!(fixture.join(second, &code)["sessionId"], session, "PAIR-20: a session id of its own");
}

#[test]
fn expiry_is_exact_and_inclusive() {
    let mut fixture = PairingFixture::new();
    let host = fixture.open(PairingRole::Host);
    let registered = fixture.only(host);
    let code = text(&registered["code"]);
    let expires_at = Duration::from_millis(registered["expiresAt"].as_u64().expect("whole milliseconds"));
    let viewer = fixture.open(PairingRole::Viewer);
    fixture.pass(expires_at - fixture.now.unix - Duration::from_nanos(1));
    // Setting the wall clock changes nothing.
    fixture.now.unix += Duration::from_secs(3600);
    assert_eq!(fixture.join(viewer, &code)["type"], "joined", "PAIR-31");
    fixture.lose(viewer);

    let viewer = fixture.open(PairingRole::Viewer);
    fixture.pass(LIFETIME + MILLISECOND);
    assert_eq!(fixture.join(viewer, &code), "EXPIRED_CODE", "PAIR-30");
    fixture.pass(10 * (LIFETIME + RETENTION));
    assert_eq!(fixture.join(viewer, &code), "EXPIRED_CODE", "PAIR-32: while the host lives");
    fixture.lose(host);
    assert_eq!(fixture.join(viewer, &code), "INVALID_CODE", "PAIR-71: also if it had expired");
}

#[test]
fn a_viewer_that_leaves_starts_a_new_lifetime() {
    let mut fixture = PairingFixture::new();
    let (host, code) = fixture.host();
    let viewer = fixture.joined(&code);
    fixture.pass(7 * LIFETIME);
    fixture.lose(viewer);
    let left = fixture.now.unix;
    assert_eq!(fixture.received(host), [] as [Value; 0], "PAIR-73: the host is not notified");
    fixture.pass(LIFETIME - MILLISECOND);
    fixture.send(host, r#"{"type":"register","clientId":"0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11"}"#);
    let repeated = fixture.only(host);
    assert_eq!(repeated["code"], code);
    assert_eq!(repeated["expiresAt"].as_u64().map(u128::from), Some((left + LIFETIME).as_millis() + 1), "PAIR-34");
    let next = fixture.joined(&code);
    fixture.lose(next);
    fixture.pass(LIFETIME + MILLISECOND);
    let late = fixture.open(PairingRole::Viewer);
    assert_eq!(fixture.join(late, &code), "EXPIRED_CODE");
}

#[test]
fn data_goes_only_to_the_partner() {
    let mut fixture = PairingFixture::new();
    let (host, code) = fixture.host();
    let (other_host, other_code) = fixture.host();
    let other_viewer = fixture.joined(&other_code);
    fixture.send_data(host, "without a partner");
    let viewer = fixture.open(PairingRole::Viewer);
    fixture.send_data(viewer, "without a partner");
    assert_eq!(fixture.only(viewer)["code"], "NOT_FOUND", "PAIR-44");
    assert_eq!(fixture.join(viewer, &code)["type"], "joined");
    for payload in ["", "a", "\u{0}\u{1F600}\u{FFFF}\"\\/\u{2028}"] {
        fixture.send_data(host, payload);
        fixture.send_data(viewer, payload);
        assert_eq!(fixture.only(viewer), json!({ "type": "data", "payload": payload }), "PAIR-40, PAIR-43");
        assert_eq!(fixture.only(host), json!({ "type": "data", "payload": payload }), "PAIR-40, PAIR-41");
    }
    assert!(fixture.received(other_host).is_empty() && fixture.received(other_viewer).is_empty(), "PAIR-42");
    fixture.lose(viewer);
    fixture.send_data(host, "without a partner");
    let next = fixture.joined(&code);
    assert_eq!(fixture.received(next), [] as [Value; 0], "PAIR-43: nor later");
}

#[test]
fn answers_pings_to_their_sender_only() {
    let mut fixture = PairingFixture::new();
    let (host, code) = fixture.host();
    let viewer = fixture.open(PairingRole::Viewer);
    for _ in 0..2 {
        for (sender, ts) in [(host, "0"), (viewer, "-1.5"), (host, "1e0"), (viewer, "9007199254740993")] {
            fixture.send(sender, &format!(r#"{{"type":"ping","ts":{ts}}}"#));
            let pong = fixture.only(sender);
            assert_eq!(pong["type"], "pong", "PAIR-50");
            assert_eq!(pong["ts"].as_f64(), ts.parse().ok(), "PAIR-50");
        }
        assert!(fixture.received(host).is_empty() && fixture.received(viewer).is_empty(), "PAIR-51");
        fixture.join(viewer, &code);
    }
}

#[test]
fn answers_invalid_input_and_does_not_forward_it() {
    let mut fixture = PairingFixture::new();
    let (host, code) = fixture.host();
    let viewer = fixture.joined(&code);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_payload = format!(r#"{{"type":"data","payload":{deep}}}"#);
    let common = [
        ("PAIR-60", "no JSON"),
        ("PAIR-60", "[]"),
        ("PAIR-60", r#"["data","x"]"#),
        ("PAIR-60", "null"),
        ("PAIR-60", deep.as_str()),
        ("PAIR-61", "{}"),
        ("PAIR-61", r#"{"type":"shout"}"#),
        ("PAIR-61", r#"{"type":7,"payload":"x"}"#),
        ("PAIR-62", r#"{"type":"data"}"#),
        ("PAIR-62", r#"{"type":"data","payload":null}"#),
        ("PAIR-62", deep_payload.as_str()),
        ("PAIR-62", r#"{"type":"ping"}"#),
        ("PAIR-62", r#"{"type":"ping","ts":1e999}"#),
        ("PAIR-64", r#"{"type":"registered","code":"K7QX4M","expiresAt":1}"#),
        ("PAIR-64", r#"{"type":"joined","sessionId":"0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11"}"#),
        ("PAIR-64", r#"{"type":"pong","ts":1}"#),
        ("PAIR-64", r#"{"type":"error","code":"NOT_FOUND","message":"x"}"#),
    ];
    let from_host = ("PAIR-64", r#"{"type":"join","code":"K7QX4M"}"#);
    let from_viewer = ("PAIR-64", r#"{"type":"register","clientId":"0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11"}"#);
    for (sender, partner, own) in [(host, viewer, from_host), (viewer, host, from_viewer)] {
        for (rule, message) in common.into_iter().chain([own]) {
            fixture.send(sender, message);
            let answer = fixture.only(sender);
            assert_eq!(answer["code"], "INVALID_MESSAGE", "{rule}: {message:.80}");
            assert_ne!(answer["message"], "", "PAIR-65");
            assert!(fixture.received(partner).is_empty(), "{rule}: {message:.80}");
        }
        fixture.send(sender, r#"{"unknown":[{}],"payload":"x","type":"data"}"#);
        assert_eq!(fixture.only(partner), json!({ "type": "data", "payload": "x" }), "WIRE-02");
    }
    assert!(fixture.closed.is_empty());
}

#[test]
fn a_lost_host_is_reported_and_its_code_is_dead() {
    let mut fixture = PairingFixture::new();
    let (host, code) = fixture.host();
    let viewer = fixture.joined(&code);
    fixture.lose(host);
    assert_eq!(fixture.only(viewer)["code"], "MAC_DISCONNECTED", "PAIR-70");
    fixture.send_data(viewer, "x");
    assert_eq!(fixture.only(viewer)["code"], "NOT_FOUND", "PAIR-44");
    assert_eq!(fixture.join(viewer, &code), "INVALID_CODE", "PAIR-71");
    let (_, again) = fixture.host();
    assert_ne!(again, code, "PAIR-74");
    assert_eq!(fixture.join(viewer, &again)["type"], "joined", "PAIR-72");
}

#[test]
fn the_tenth_failed_join_is_answered_before_the_close() {
    let mut fixture = PairingFixture::new();
    let (_, code) = fixture.host();
    let viewer = fixture.open(PairingRole::Viewer);
    for nth in 1..=10 {
        assert!(fixture.closed.is_empty(), "closed before the {nth}th");
        assert_eq!(fixture.join(viewer, "AAAAAA"), "INVALID_CODE", "PAIR-91");
    }
    assert_eq!(fixture.closed.get(&viewer), Some(&1008), "PAIR-91");

    let viewer = fixture.joined(&code);
    for _ in 0..20 {
        assert_eq!(fixture.join(viewer, &code), "ALREADY_JOINED");
    }
    assert_eq!(fixture.closed.get(&viewer), None, "PAIR-23: the pairing continues undisturbed");
}

#[test]
fn retired_codes_are_bounded_and_none_is_forgotten_early() {
    let mut fixture = PairingFixture::new();
    fixture.relay.retention = 1000 * LIFETIME;
    let (host, first) = fixture.host();
    for _ in 0..1000 {
        fixture.pass(LIFETIME + MILLISECOND);
        fixture.send(host, r#"{"type":"register","clientId":"0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11"}"#);
    }
    assert!(fixture.relay.codes.len() < 300, "WIRE-11: {} codes", fixture.relay.codes.len());
    let viewer = fixture.open(PairingRole::Viewer);
    assert_eq!(fixture.join(viewer, &first), "EXPIRED_CODE", "PAIR-32");
    fixture.lose(host);
    assert!(fixture.relay.codes.is_empty());
}

#[test]
fn without_entropy_nothing_changes() {
    let mut fixture = PairingFixture::new();
    let (_, code) = fixture.host();
    let viewer = fixture.open(PairingRole::Viewer);
    fixture.relay.entropy.fails = true;
    let mut actions = Vec::new();
    assert_eq!(fixture.relay.open(PairingRole::Host, fixture.now, &mut actions), Err(NoEntropy));
    let join = PairingMessage::Join(relayspec::pairing::JoinCode::new(code.clone()).expect("6 characters"));
    assert_eq!(fixture.relay.receive(viewer, join, fixture.now, &mut actions), Err(NoEntropy));
    assert_eq!(actions, []);
    fixture.relay.entropy.fails = false;
    assert_eq!(fixture.join(viewer, &code)["type"], "joined");
}
