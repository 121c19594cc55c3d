//! Each rule that the core decides, in the order of the chapter.

use super::*;

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn a_host_gets_its_code_without_asking() {
    let mut world = World::new();
    let host = world.open(Role::Host);
    let registered = world.only(host);
    assert_eq!(registered["type"], "registered", "PAIR-10");
    // 400 microseconds past a millisecond: announced as the whole one after it.
    assert_eq!(registered["expiresAt"], 1_760_000_000_000_u64 + 300_000 + 1, "PAIR-12");
}

#[test]
fn every_character_of_the_alphabet_is_as_frequent_at_every_place() {
    let mut world = World::new();
    let mut counts = HashMap::new();
    for _ in 0..28_000 {
        let (host, code) = world.host();
        for place in code.char_indices() {
            *counts.entry(place).or_insert(0) += 1;
        }
        world.lose(host);
    }
    assert_eq!(counts.len(), 6 * 28, "PAIR-11, PAIR-14");
    // 1,000 expected, standard deviation 31.
    assert!(counts.values().all(|count| (820..1180).contains(count)), "PAIR-14: {counts:?}");
}

#[test]
fn register_repeats_a_live_code_and_replaces_an_expired_one() {
    let mut world = World::new();
    let host = world.open(Role::Host);
    let first = world.only(host);
    let register = r#"{"type":"register","clientId":"0b0e5a0e-4d1c-4a57-9d0b-2F6C8F7F1C11"}"#;
    world.send(host, register);
    assert_eq!(world.only(host), first, "PAIR-15");
    world.send(host, r#"{"type":"register","clientId":"me"}"#);
    assert_eq!(world.only(host)["code"], "INVALID_MESSAGE", "PAIR-16");

    world.pass(LIFETIME + MILLISECOND);
    world.send(host, register);
    let second = world.only(host);
    assert_ne!(second["code"], first["code"], "PAIR-17");
    let viewer = world.open(Role::Viewer);
    assert_eq!(world.join(viewer, &text(&first["code"])), "EXPIRED_CODE", "PAIR-32");
    world.pass(RETENTION - 2 * MILLISECOND);
    assert_eq!(world.join(viewer, &text(&first["code"])), "EXPIRED_CODE", "PAIR-32");
    world.pass(2 * MILLISECOND);
    assert_eq!(world.join(viewer, &text(&first["code"])), "INVALID_CODE");
    assert_eq!(world.join(viewer, &text(&second["code"]))["type"], "joined");
}

#[test]
fn register_changes_nothing_while_a_viewer_holds_the_code() {
    let mut world = World::new();
    let (host, code) = world.host();
    let viewer = world.joined(&code);
    world.pass(2 * LIFETIME);
    world.send(host, r#"{"type":"register","clientId":"0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11"}"#);
    assert_eq!(world.only(host)["code"], code, "PAIR-15");
    world.send_data(viewer, "still here");
    assert_eq!(world.only(host)["payload"], "still here", "PAIR-33");
}

#[test]
fn joins_are_answered_by_the_state_of_the_code() {
    let mut world = World::new();
    let (_, code) = world.host();
    let (_, other) = world.host();
    let (first, second) = (world.open(Role::Viewer), world.open(Role::Viewer));
    for wrong in ["333333", "AAAAAA", "O0I1L2", &code.to_lowercase()] {
        assert_eq!(world.join(first, wrong), "INVALID_CODE", "PAIR-21, PAIR-24");
    }
    for malformed in ["", "K7QX4", "K7QX4MM", "\u{0}"] {
        assert_eq!(world.join(first, malformed), "INVALID_MESSAGE", "PAIR-24");
    }
    let session = world.join(first, &code)["sessionId"].clone();
    assert_eq!(world.join(second, &code), "ALREADY_JOINED", "PAIR-22, PAIR-25");
    world.pass(2 * LIFETIME);
    assert_eq!(world.join(second, &code), "ALREADY_JOINED", "PAIR-22: however old the code is");
    for again in [&code, &other, "AAAAAA"] {
        assert_eq!(world.join(first, again), "ALREADY_JOINED", "PAIR-23");
    }
    world.lose(first);
    assert_ne!(world.join(second, &code)["sessionId"], session, "PAIR-20: a session id of its own");
}

#[test]
fn expiry_is_exact_and_inclusive() {
    let mut world = World::new();
    let host = world.open(Role::Host);
    let registered = world.only(host);
    let code = text(&registered["code"]);
    let expires_at = Duration::from_millis(registered["expiresAt"].as_u64().expect("whole milliseconds"));
    let viewer = world.open(Role::Viewer);
    world.pass(expires_at - world.now.unix - Duration::from_nanos(1));
    // The clock of the world is set meanwhile; that changes nothing.
    world.now.unix += Duration::from_secs(3600);
    assert_eq!(world.join(viewer, &code)["type"], "joined", "PAIR-31");
    world.lose(viewer);

    let viewer = world.open(Role::Viewer);
    world.pass(LIFETIME + MILLISECOND);
    assert_eq!(world.join(viewer, &code), "EXPIRED_CODE", "PAIR-30");
    world.pass(10 * (LIFETIME + RETENTION));
    assert_eq!(world.join(viewer, &code), "EXPIRED_CODE", "PAIR-32: while the host lives");
    world.lose(host);
    assert_eq!(world.join(viewer, &code), "INVALID_CODE", "PAIR-71: also if it had expired");
}

#[test]
fn the_viewers_leaving_starts_a_fresh_lifetime() {
    let mut world = World::new();
    let (host, code) = world.host();
    let viewer = world.joined(&code);
    world.pass(7 * LIFETIME);
    world.lose(viewer);
    let left = world.now.unix;
    assert_eq!(world.seen(host), [] as [Value; 0], "PAIR-73: the host is not told");
    world.pass(LIFETIME - MILLISECOND);
    world.send(host, r#"{"type":"register","clientId":"0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11"}"#);
    let repeated = world.only(host);
    assert_eq!(repeated["code"], code);
    assert_eq!(repeated["expiresAt"].as_u64().map(u128::from), Some((left + LIFETIME).as_millis() + 1), "PAIR-34");
    let next = world.joined(&code);
    world.lose(next);
    world.pass(LIFETIME + MILLISECOND);
    let late = world.open(Role::Viewer);
    assert_eq!(world.join(late, &code), "EXPIRED_CODE");
}

#[test]
fn data_goes_to_the_partner_and_to_nobody_else() {
    let mut world = World::new();
    let (host, code) = world.host();
    let (other_host, other_code) = world.host();
    let other_viewer = world.joined(&other_code);
    world.send_data(host, "to nobody");
    let viewer = world.open(Role::Viewer);
    world.send_data(viewer, "to nobody either");
    assert_eq!(world.only(viewer)["code"], "NOT_FOUND", "PAIR-44");
    assert_eq!(world.join(viewer, &code)["type"], "joined");
    for payload in ["", "a", "\u{0}\u{1F600}\u{FFFF}\"\\/\u{2028}"] {
        world.send_data(host, payload);
        world.send_data(viewer, payload);
        assert_eq!(world.only(viewer), json!({ "type": "data", "payload": payload }), "PAIR-40, PAIR-43");
        assert_eq!(world.only(host), json!({ "type": "data", "payload": payload }), "PAIR-40, PAIR-41");
    }
    assert!(world.seen(other_host).is_empty() && world.seen(other_viewer).is_empty(), "PAIR-42");
    world.lose(viewer);
    world.send_data(host, "to nobody");
    let next = world.joined(&code);
    assert_eq!(world.seen(next), [] as [Value; 0], "PAIR-43: nor later");
}

#[test]
fn pings_are_answered_to_their_sender_alone() {
    let mut world = World::new();
    let (host, code) = world.host();
    let viewer = world.open(Role::Viewer);
    for _ in 0..2 {
        for (sender, ts) in [(host, "0"), (viewer, "-1.5"), (host, "1e0"), (viewer, "9007199254740993")] {
            world.send(sender, &format!(r#"{{"type":"ping","ts":{ts}}}"#));
            let pong = world.only(sender);
            assert_eq!(pong["type"], "pong", "PAIR-50");
            assert_eq!(pong["ts"].as_f64(), ts.parse().ok(), "PAIR-50");
        }
        assert!(world.seen(host).is_empty() && world.seen(viewer).is_empty(), "PAIR-51");
        world.join(viewer, &code);
    }
}

#[test]
fn invalid_input_is_answered_and_not_forwarded() {
    let mut world = World::new();
    let (host, code) = world.host();
    let viewer = world.joined(&code);
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
            world.send(sender, message);
            let answer = world.only(sender);
            assert_eq!(answer["code"], "INVALID_MESSAGE", "{rule}: {message:.80}");
            assert_ne!(answer["message"], "", "PAIR-65");
            assert!(world.seen(partner).is_empty(), "{rule}: {message:.80}");
        }
        world.send(sender, r#"{"unknown":[{}],"payload":"x","type":"data"}"#);
        assert_eq!(world.only(partner), json!({ "type": "data", "payload": "x" }), "WIRE-02");
    }
    assert!(world.closed.is_empty());
}

#[test]
fn a_lost_host_is_told_and_its_code_is_dead() {
    let mut world = World::new();
    let (host, code) = world.host();
    let viewer = world.joined(&code);
    world.lose(host);
    assert_eq!(world.only(viewer)["code"], "MAC_DISCONNECTED", "PAIR-70");
    world.send_data(viewer, "x");
    assert_eq!(world.only(viewer)["code"], "NOT_FOUND", "PAIR-44");
    assert_eq!(world.join(viewer, &code), "INVALID_CODE", "PAIR-71");
    let (_, again) = world.host();
    assert_ne!(again, code, "PAIR-74");
    assert_eq!(world.join(viewer, &again)["type"], "joined", "PAIR-72");
}

#[test]
fn the_tenth_failed_join_is_answered_and_the_last() {
    let mut world = World::new();
    let (_, code) = world.host();
    let viewer = world.open(Role::Viewer);
    for nth in 1..=10 {
        assert!(world.closed.is_empty(), "closed before the {nth}th");
        assert_eq!(world.join(viewer, "AAAAAA"), "INVALID_CODE", "PAIR-91");
    }
    assert_eq!(world.closed.get(&viewer), Some(&1008), "PAIR-91");

    let viewer = world.joined(&code);
    for _ in 0..20 {
        assert_eq!(world.join(viewer, &code), "ALREADY_JOINED");
    }
    assert_eq!(world.closed.get(&viewer), None, "PAIR-23: the pairing goes on undisturbed");
}

#[test]
fn retired_codes_are_bounded_and_none_is_forgotten_early() {
    let mut world = World::new();
    world.relay.retention = 1000 * LIFETIME;
    let (host, first) = world.host();
    for _ in 0..1000 {
        world.pass(LIFETIME + MILLISECOND);
        world.send(host, r#"{"type":"register","clientId":"0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11"}"#);
    }
    assert!(world.relay.codes.len() < 300, "WIRE-11: {} codes", world.relay.codes.len());
    let viewer = world.open(Role::Viewer);
    assert_eq!(world.join(viewer, &first), "EXPIRED_CODE", "PAIR-32");
    world.lose(host);
    assert!(world.relay.codes.is_empty());
}

#[test]
fn without_entropy_nothing_changes() {
    let mut world = World::new();
    let (_, code) = world.host();
    let viewer = world.open(Role::Viewer);
    world.relay.entropy.empty = true;
    let mut actions = Vec::new();
    assert_eq!(world.relay.open(Role::Host, world.now, &mut actions), Err(NoEntropy));
    let join = Message::Join(relayspec::pairing::JoinCode::new(code.clone()).expect("6 characters"));
    assert_eq!(world.relay.receive(viewer, join, world.now, &mut actions), Err(NoEntropy));
    assert_eq!(actions, []);
    world.relay.entropy.empty = false;
    assert_eq!(world.join(viewer, &code)["type"], "joined");
}
