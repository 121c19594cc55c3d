//! The host (PAIR-H1 to PAIR-H6).

use super::*;

#[test]
fn keeps_messages_until_registered_and_across_losses() {
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
        host.reported(),
        format!("connected registered:{CODE} disconnected connected registered:ABCDEF reconnected"),
        "PAIR-H6"
    );
}

#[test]
fn reports_each_new_code() {
    let mut host = host();
    host.open();
    for code in [CODE, CODE, "ABCDEF"] {
        host.receive(registered(code));
    }
    assert_eq!(host.reported(), format!("connected registered:{CODE} registered:ABCDEF"), "PAIR-H2");
}

#[test]
fn registers_once_per_connection_if_it_has_an_id() {
    let id = relayspec::text::Uuid::new("0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11").expect("a UUID");
    let mut host = fixture(PairingHost::new(Some(id.clone())), Policy::RELAY);
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
fn ignores_invalid_messages() {
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
    assert_eq!(host.reported(), format!("connected registered:{CODE} NOT_FOUND data:\"\" data:\"\\u0000\""), "PAIR-H3");
}

#[test]
fn refuses_invalid_commands() {
    let mut host = host();
    host.command(json!({ "do": "dance" }));
    host.command(json!({ "do": "join", "code": CODE }));
    host.command(json!({ "do": "send", "payload": 7 }));
    host.command(json!([]));
    host.give("x".repeat(2 << 20));
    assert_eq!(host.reported(), "unsupported unsupported INVALID_COMMAND INVALID_COMMAND TOO_LARGE", "DRV-03");
    for _ in 0..40 {
        host.give("x".repeat(1_000_000));
    }
    assert_eq!(host.reported(), ["TOO_MUCH"; 7].join(" "), "PAIR-H4");
    host.open();
    host.receive(registered(CODE));
    assert_eq!(host.sent().len(), 33);
}
