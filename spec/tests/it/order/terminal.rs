//! The order rules of terminal, each kept and violated.

use serde_json::{Value, json};

use super::violated_by;

#[test]
fn each_rule_of_a_host_is_violated_and_kept() {
    let register = || ('>', json!({ "type": "register" }));
    let registered = || ('<', json!({ "type": "registered" }));
    let list = || ('>', json!({ "type": "session_list" }));
    let error = || ('<', json!({ "type": "error" }));
    let came = |id: &str| ('<', json!({ "type": "browser_connected", "browser_id": id }));
    let left = |id: &str| ('<', json!({ "type": "browser_disconnected", "browser_id": id }));
    let bytes = |who| (who, Value::Null);
    for (messages, violated) in [
        (vec![register(), registered(), came("1"), list(), bytes('>'), bytes('<'), came("2"), left("1")], None),
        (vec![register(), registered(), came("1"), left("1"), came("1")], None),
        (vec![register(), error()], None),
        (vec![list()], Some("TERM-H1")),
        (vec![bytes('>')], Some("TERM-H1")),
        (vec![('>', json!({ "type": "auth" }))], Some("TERM-H1")),
        (vec![registered()], Some("TERM-01")),
        (vec![register(), registered(), registered()], Some("TERM-01")),
        (vec![register(), came("1")], Some("TERM-10")),
        (vec![register(), bytes('<')], Some("TERM-21")),
        (vec![register(), registered(), came("1"), came("1")], Some("TERM-10")),
        (vec![register(), registered(), came("1"), left("2")], Some("TERM-11")),
        (vec![register(), registered(), came("1"), left("1"), left("1")], Some("TERM-11")),
        (vec![error()], None),
        (vec![('!', Value::Null), error()], None),
        (vec![('!', Value::Null), registered()], Some("TERM-04")),
    ] {
        assert_eq!(violated_by("terminal", "host", &messages).as_deref(), violated, "{messages:?}");
    }
}

#[test]
fn each_rule_of_a_viewer_is_violated_and_kept() {
    let auth = |code: &str| ('>', json!({ "type": "auth", "session_code": code }));
    let success = || ('<', json!({ "type": "auth_success" }));
    let failed = || ('<', json!({ "type": "auth_failed" }));
    let error = || ('<', json!({ "type": "error" }));
    let list = || ('<', json!({ "type": "session_list" }));
    let create = || ('>', json!({ "type": "create_session" }));
    let bytes = |who| (who, Value::Null);
    for (messages, violated) in [
        (vec![auth("A"), success(), bytes('<'), list(), bytes('>'), create(), error()], None),
        (vec![auth("A"), error()], None),
        (vec![auth("A"), success(), auth("A")], None),
        (vec![auth("A"), failed(), auth("B")], None),
        (vec![auth("A"), failed(), auth("a")], Some("TERM-V1")),
        (vec![create()], Some("TERM-V1")),
        (vec![bytes('>')], Some("TERM-V1")),
        (vec![success()], Some("TERM-02")),
        (vec![failed()], Some("TERM-03")),
        (vec![bytes('<')], Some("TERM-20")),
        (vec![auth("A"), success(), success()], Some("TERM-02")),
        (vec![auth("A"), success(), failed()], Some("TERM-03")),
        (vec![auth("A"), bytes('<')], Some("TERM-20")),
        (vec![auth("A"), list()], Some("TERM-22")),
        (vec![auth("A"), failed(), error()], Some("TERM-03")),
        (vec![auth("A"), failed(), success()], Some("TERM-03")),
        (vec![('!', json!({ "type": "create_session" })), error()], None),
        (vec![('!', json!({ "type": "create_session" })), success()], Some("TERM-04")),
    ] {
        assert_eq!(violated_by("terminal", "viewer", &messages).as_deref(), violated, "{messages:?}");
    }
}

#[test]
fn first_message_decides_the_role() {
    let auth = ('>', json!({ "type": "auth", "session_code": "A" }));
    let success = ('<', json!({ "type": "auth_success" }));
    assert_eq!(violated_by("terminal", "", &[auth.clone(), success.clone()]), None);
    assert_eq!(violated_by("terminal", "host", &[('!', auth.1), success]), None);
}
