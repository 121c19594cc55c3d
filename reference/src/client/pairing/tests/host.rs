//! The host (PAIR-H1 to PAIR-H6).

use super::*;

#[test]
fn what_the_user_gives_waits_for_registered_and_outlives_losses() {
    let mut host = host();
    host.give("1");
    host.open();
    host.give("2");
    assert_eq!(host.sent(), [] as [Value; 0], "PAIR-H4");
    host.receive(registered(CODE));
    assert_eq!(host.sent(), ["1", "2"].map(data));
    host.give("3");
    host.lose();
    host.give("4 \u{0}\u{1F600}");
    host.pass(Duration::from_secs(1));
    host.open();
    assert_eq!(host.sent(), [] as [Value; 0], "PAIR-H4");
    host.receive(registered("ABCDEF"));
    assert_eq!(host.sent(), ["3", "4 \u{0}\u{1F600}"].map(data), "PAIR-H4");
    assert_eq!(
        host.told(),
        format!("connected registered:{CODE} disconnected connected registered:ABCDEF reconnected"),
        "PAIR-H6"
    );
}

#[test]
fn each_new_code_is_told_also_a_later_one() {
    let mut host = host();
    host.open();
    for code in [CODE, CODE, "ABCDEF"] {
        host.receive(registered(code));
    }
    assert_eq!(host.told(), format!("connected registered:{CODE} registered:ABCDEF"), "PAIR-H2");
}

#[test]
fn registers_once_on_each_connection_where_it_has_an_id() {
    let id = relayspec::text::Uuid::new("0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11").expect("a UUID");
    let mut host = World::new(Host::new(Some(id.clone())), Policy::RELAY);
    let register = json!({ "type": "register", "clientId": id.as_str() });
    for _ in 0..2 {
        host.open();
        assert_eq!(host.sent(), std::slice::from_ref(&register), "PAIR-H1");
        host.receive(registered(CODE));
        host.receive(registered(CODE));
        assert_eq!(host.sent(), [] as [Value; 0], "PAIR-H1");
        host.lose();
        host.pass(Duration::from_secs(1));
    }
}

#[test]
fn survives_what_is_no_message() {
    let mut host = host();
    host.open();
    host.receive(registered(CODE));
    for text in ["", "{", "[]", "7", r#"{"type":"later"}"#, r#"{"type":"data"}"#, r#"{"type":"joined"}"#] {
        assert_eq!(host.client.text(text, host.now), [], "PAIR-H5: {text}");
    }
    assert_eq!(host.client.binary(&[0, 159], host.now), [], "PAIR-H5");
    host.refuse("NOT_FOUND");
    host.receive(json!({ "type": "data", "payload": "", "new": 1 }));
    host.receive(data("\u{0}"));
    assert_eq!(host.told(), format!("connected registered:{CODE} NOT_FOUND data:\"\" data:\"\\u0000\""), "PAIR-H3");
}

#[test]
fn what_the_user_may_not_ask_is_answered() {
    let mut host = host();
    host.say(json!({ "do": "dance" }));
    host.say(json!({ "do": "join", "code": CODE }));
    host.say(json!({ "do": "send", "payload": 7 }));
    host.say(json!([]));
    host.give(&"x".repeat(2 << 20));
    assert_eq!(host.told(), "unsupported unsupported INVALID_COMMAND INVALID_COMMAND TOO_LARGE", "DRV-03");
    for _ in 0..40 {
        host.give(&"x".repeat(1_000_000));
    }
    assert_eq!(host.told(), ["TOO_MUCH"; 7].join(" "), "PAIR-H4");
    host.open();
    host.receive(registered(CODE));
    assert_eq!(host.sent().len(), 33);
}
