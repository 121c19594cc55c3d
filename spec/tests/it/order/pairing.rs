//! The order rules of pairing, each kept and violated.

use serde_json::json;

use super::violated_by;

#[test]
fn each_rule_is_violated_and_kept() {
    let joined = || json!({ "type": "joined" });
    let join = || json!({ "type": "join" });
    let data = || json!({ "type": "data" });
    let ping = |ts: f64| json!({ "type": "ping", "ts": ts });
    let pong = |ts: f64| json!({ "type": "pong", "ts": ts });
    let gone = || json!({ "type": "error", "code": "MAC_DISCONNECTED" });
    let refused = || json!({ "type": "error", "code": "INVALID_CODE" });
    let register = || json!({ "type": "register" });
    let registered = || json!({ "type": "registered" });
    for (role, messages, violated) in [
        ("host", vec![('<', registered()), ('<', data())], None),
        ("host", vec![('<', data())], Some("PAIR-10")),
        ("host", vec![('<', registered()), ('>', ping(1.0)), ('<', pong(1.0))], None),
        ("host", vec![('<', registered()), ('>', ping(1.0)), ('<', pong(2.0))], Some("PAIR-50")),
        ("host", vec![('<', registered()), ('>', ping(1.0)), ('<', pong(1.0)), ('<', pong(1.0))], Some("PAIR-50")),
        ("host", vec![('>', ping(1.0)), ('>', register()), ('<', registered()), ('>', data())], None),
        ("host", vec![('>', data())], Some("PAIR-H4")),
        ("host", vec![('>', register()), ('<', registered()), ('>', register())], Some("PAIR-H1")),
        ("viewer", vec![('>', join()), ('<', joined()), ('<', data())], None),
        ("viewer", vec![('<', joined())], Some("PAIR-20")),
        ("viewer", vec![('>', join()), ('<', joined()), ('>', join()), ('<', joined())], Some("PAIR-23")),
        ("viewer", vec![('>', join()), ('<', data())], Some("PAIR-42")),
        ("viewer", vec![('<', gone())], Some("PAIR-70")),
        ("viewer", vec![('>', join()), ('<', joined()), ('<', gone()), ('<', data())], Some("PAIR-42")),
        ("viewer", vec![('>', join()), ('<', joined()), ('<', gone()), ('>', join()), ('<', joined())], None),
        ("viewer", vec![('>', join()), ('>', ping(1.0)), ('<', joined()), ('>', data())], None),
        ("viewer", vec![('>', ping(1.0))], Some("PAIR-V1")),
        ("viewer", vec![('>', data())], Some("PAIR-V1")),
        ("viewer", vec![('>', join()), ('>', data())], Some("PAIR-V3")),
        ("viewer", vec![('>', join()), ('<', refused()), ('>', data())], Some("PAIR-V3")),
        ("viewer", vec![('>', join()), ('<', joined()), ('<', gone()), ('>', ping(1.0))], None),
        ("viewer", vec![('>', join()), ('<', joined()), ('<', gone()), ('>', data())], Some("PAIR-V5")),
        ("viewer", vec![('>', join()), ('<', joined()), ('<', gone()), ('>', join()), ('>', data())], Some("PAIR-V3")),
    ] {
        assert_eq!(violated_by("pairing", role, &messages).as_deref(), violated, "{role}: {messages:?}");
    }
}

#[test]
fn ignores_binary_messages() {
    let (join, binary) = (json!({ "type": "join" }), serde_json::Value::Null);
    for messages in [vec![('>', binary.clone())], vec![('>', binary.clone()), ('>', join), ('<', binary)]] {
        assert_eq!(violated_by("pairing", "viewer", &messages), None);
    }
}
