//! The order rules of rpc, each kept and violated.

use serde_json::{Value, json};

use super::violated_by;

fn frame((sender, id, name): (char, u64, &str)) -> (char, Value) {
    let message = if name == "Ack" { Value::from(name) } else { json!({ name: {} }) };
    (sender, json!({ "id": id, "message": message }))
}

#[test]
fn each_rule_is_violated_and_kept() {
    let open = [('>', 1, "SessionStart"), ('<', 1, "Ack")];
    let then = |more: &[(char, u64, &'static str)]| [&open[..], more].concat();
    for (messages, violated) in [
        (then(&[]), None),
        (then(&[('>', 1, "IoData"), ('>', 2, "Request"), ('<', 2, "Response"), ('<', 1, "Ack")]), None),
        (then(&[('>', 9, "SessionStart"), ('>', 2, "Event"), ('<', 2, "Ack")]), None),
        (vec![('>', 1, "IoData")], Some("RPC-C1")),
        (vec![('>', 1, "SessionStart"), ('>', 2, "IoData")], Some("RPC-C1")),
        (then(&[('>', 2, "IoData"), ('>', 2, "IoData")]), Some("RPC-C2")),
        (then(&[('>', 2, "IoData"), ('<', 2, "Ack"), ('<', 2, "Ack")]), Some("RPC-01")),
        (then(&[('<', 3, "Ack")]), Some("RPC-01")),
        (then(&[('>', 2, "IoData"), ('<', 2, "Response")]), Some("RPC-01")),
        (then(&[('>', 2, "Request"), ('<', 2, "Ack")]), Some("RPC-01")),
        (vec![('!', 1, "Response"), ('<', 1, "Ack")], None),
        (then(&[('>', 2, "IoData"), ('!', 2, "Request"), ('<', 2, "Response"), ('<', 2, "Ack")]), None),
    ] {
        let frames: Vec<_> = messages.iter().copied().map(frame).collect();
        assert_eq!(violated_by("rpc", "client", &frames).as_deref(), violated, "{messages:?}");
    }
}

#[test]
fn ignores_undecodable_frames() {
    for sender in ['>', '<'] {
        assert_eq!(violated_by("rpc", "client", &[(sender, serde_json::Value::Null)]), None);
    }
}
