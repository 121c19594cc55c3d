//! The order rules of tunnel, each kept and violated.

use serde_json::{Value, json};

use super::violated_by;

fn violated(messages: &[(char, Value)]) -> Option<String> {
    violated_by("tunnel", "agent", messages)
}

fn of(sender: char, name: &str, data: Value) -> (char, Value) {
    (sender, json!({ "type": name, "data": data }))
}

fn after_success(rest: Vec<(char, Value)>) -> Vec<(char, Value)> {
    let mut messages = vec![of('>', "Auth", json!({ "token": "t" })), of('<', "AuthSuccess", json!({}))];
    messages.extend(rest);
    messages
}

#[test]
fn each_rule_of_the_opening_is_violated_and_kept() {
    let auth = || of('>', "Auth", json!({ "token": "t" }));
    let ping = |who| of(who, "Ping", json!({ "timestamp": 1 }));
    for (messages, rule) in [
        (vec![auth(), of('<', "AuthSuccess", json!({}))], None),
        (vec![auth(), of('<', "AuthError", json!({}))], None),
        (vec![of('<', "AuthError", json!({}))], None),
        (vec![ping('>')], Some("TUN-01")),
        (vec![('>', Value::Null)], Some("TUN-01")),
        (vec![auth(), ping('>')], Some("TUN-01")),
        (vec![auth(), auth()], Some("TUN-01")),
        (vec![auth(), of('<', "AuthSuccess", json!({})), auth()], Some("TUN-01")),
        (vec![auth(), of('<', "AuthError", json!({})), ping('>')], Some("TUN-04")),
        (vec![auth(), of('<', "AuthError", json!({})), of('<', "Error", json!({}))], Some("TUN-02")),
        (vec![auth(), of('<', "AuthSuccess", json!({})), of('<', "AuthSuccess", json!({}))], Some("TUN-02")),
        (vec![auth(), of('<', "AuthSuccess", json!({})), of('<', "AuthError", json!({}))], Some("TUN-02")),
        (vec![ping('!'), of('<', "AuthSuccess", json!({}))], Some("TUN-03")),
        (vec![of('<', "AuthSuccess", json!({}))], Some("TUN-03")),
        (vec![auth(), of('<', "HttpRequest", json!({ "id": "1" }))], Some("TUN-20")),
    ] {
        assert_eq!(violated(&messages).as_deref(), rule, "{messages:?}");
    }
}

#[test]
fn requests_have_one_answer() {
    let request = |who, id: &str| of(who, "HttpRequest", json!({ "id": id }));
    let response = |id: &str| of('>', "HttpResponse", json!({ "id": id }));
    let error = |id: Value| of('>', "Error", json!({ "request_id": id }));
    for (messages, rule) in [
        (vec![request('<', "1"), request('<', "2"), response("2"), response("1")], None),
        (vec![request('<', "1"), error(json!("1"))], None),
        (vec![request('<', "1"), request('?', "1"), error(json!("1")), response("1")], None),
        (vec![of('<', "Unknown", json!({ "id": "x" })), error(json!("x"))], None),
        (vec![error(Value::Null), error(Value::Null)], None),
        (vec![request('<', "1"), response("1"), response("1")], Some("TUN-10")),
        (vec![request('<', "1"), response("1"), error(json!("1"))], Some("TUN-10")),
        (vec![response("1")], Some("TUN-10")),
        (vec![error(json!("1"))], Some("TUN-10")),
        (vec![request('<', "1"), response("1"), request('<', "1")], Some("TUN-20")),
    ] {
        assert_eq!(violated(&after_success(messages.clone())).as_deref(), rule, "{messages:?}");
    }
}

#[test]
fn pongs_repeat_pings_and_counters_do_not_fall() {
    let stamped = |who, name: &str, timestamp: f64| of(who, name, json!({ "timestamp": timestamp }));
    let stats = |count: u64| {
        let stats = json!({ "requests_processed": count, "bytes_transferred": 2 * count, "uptime_seconds": 0.5 });
        of('>', "Stats", stats)
    };
    for (messages, rule) in [
        (
            vec![
                stamped('<', "Ping", 1.0),
                stamped('<', "Ping", 2.0),
                stamped('>', "Pong", 2.0),
                stamped('>', "Pong", 1.0),
            ],
            None,
        ),
        (vec![stamped('>', "Ping", 1.0), stamped('<', "Pong", 1.0)], None),
        (vec![stamped('<', "Ping", 1.0), stamped('>', "Pong", 2.0)], Some("TUN-30")),
        (vec![stamped('<', "Ping", 1.0), stamped('>', "Pong", 1.0), stamped('>', "Pong", 1.0)], Some("TUN-30")),
        (vec![stamped('>', "Ping", 1.0), stamped('<', "Pong", 3.0)], Some("TUN-30")),
        (vec![stamped('<', "Ping", 1.0), stamped('<', "Pong", 1.0)], Some("TUN-30")),
        (vec![stats(1), stats(1), stats(7)], None),
        (vec![stats(2), stats(1)], Some("TUN-32")),
    ] {
        assert_eq!(violated(&after_success(messages.clone())).as_deref(), rule, "{messages:?}");
    }
}
