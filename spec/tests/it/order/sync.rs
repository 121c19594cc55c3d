//! The order rules of sync, each kept and violated.

use serde_json::{Value, json};

use super::violated_by;

type Line = (char, Value);

fn violated(role: &str, messages: &[Line]) -> Option<String> {
    violated_by("sync", role, messages)
}

fn auth(id: &str, pin: &str) -> Line {
    ('>', json!({ "type": "auth", "id": id, "pin": pin }))
}

fn reply(name: &str, id: &str) -> Line {
    ('<', json!({ "type": name, "id": id }))
}

fn asks(name: &str, id: &str, resource: &str, of: &str) -> Line {
    ('>', json!({ "type": name, "id": id, "resource": resource, "resourceId": of }))
}

fn chat(id: &str) -> Line {
    asks("subscribe", id, "chat", "c")
}

fn message(of: &str, seq: u32) -> Value {
    json!({ "id": "m", "chatId": of, "role": "user", "content": "", "seq": seq })
}

fn snapshot(id: &str, seqs: &[u32]) -> Line {
    let messages: Vec<_> = seqs.iter().map(|seq| message("c", *seq)).collect();
    let data = json!({ "messages": messages });
    ('<', json!({ "type": "subscribed", "id": id, "resource": "chat", "resourceId": "c", "data": data }))
}

fn push(seq: u32) -> Line {
    let data = json!({ "message": message("c", seq) });
    ('<', json!({ "type": "data", "id": null, "resource": "chat", "resourceId": "c", "data": data }))
}

fn push_chat(of: &str, project: &str) -> Line {
    let data = json!({ "chat": { "id": "n", "projectId": project, "name": "" } });
    ('<', json!({ "type": "data", "id": null, "resource": "project", "resourceId": of, "data": data }))
}

fn done(what: &str, id: &str) -> Line {
    ('<', json!({ "type": "data", "id": id, "data": { what: true } }))
}

fn error(id: Value) -> Line {
    ('<', json!({ "type": "error", "id": id, "error": "no" }))
}

fn send(id: &str) -> Line {
    ('>', json!({ "type": "send", "id": id, "resourceId": "c", "message": "" }))
}

fn wrong((who, message): Line) -> Line {
    (if who == '>' { '!' } else { '?' }, message)
}

fn within(messages: Vec<Line>) -> Vec<Line> {
    let mut whole = vec![auth("0", "1"), reply("auth_success", "0")];
    whole.extend(messages);
    whole
}

#[test]
fn each_rule_of_authentication_is_violated_and_kept() {
    for (messages, rule) in [
        (vec![auth("1", "1"), reply("auth_success", "1")], None),
        (vec![auth("1", "1"), reply("auth_failed", "1"), auth("2", "2"), reply("auth_success", "2")], None),
        (vec![auth("1", "1"), reply("auth_failed", "1"), auth("2", "1")], Some("SYNC-C2")),
        (vec![chat("1")], Some("SYNC-C1")),
        (vec![auth("1", "1"), chat("2")], Some("SYNC-C1")),
        (vec![auth("1", "1"), reply("auth_failed", "1"), chat("2")], Some("SYNC-C1")),
        (vec![auth("1", "1"), error(json!("1"))], Some("SYNC-02")),
        (vec![wrong(chat("1")), reply("auth_required", "1")], None),
        (vec![wrong(chat("1")), snapshot("1", &[])], Some("SYNC-01")),
        (vec![wrong(chat("1")), error(json!("1"))], Some("SYNC-01")),
        (vec![wrong(send("1")), done("sent", "1")], Some("SYNC-01")),
        (vec![wrong(('>', json!({ "type": "dance", "id": "1" }))), error(json!("1"))], None),
        // A request during a pending `auth` may be answered either way.
        (vec![auth("1", "1"), wrong(chat("2")), reply("auth_success", "1"), reply("auth_required", "2")], None),
        (vec![auth("1", "1"), wrong(chat("2")), reply("auth_success", "1"), snapshot("2", &[])], None),
        (within(vec![chat("1"), reply("auth_required", "1")]), Some("SYNC-10")),
        (within(vec![chat("1"), snapshot("1", &[]), auth("2", "x"), reply("auth_failed", "2"), push(1)]), None),
        (within(vec![auth("0", "1")]), Some("SYNC-C2")),
    ] {
        assert_eq!(violated("client", &messages).as_deref(), rule, "{messages:?}");
    }
    assert_eq!(violated("", &[chat("1"), reply("auth_required", "1")]), None);
}

#[test]
fn each_rule_of_answers_is_violated_and_kept() {
    let bad = |message: Value| wrong(('>', message));
    for (messages, rule) in [
        (vec![chat("1"), snapshot("1", &[]), snapshot("1", &[])], Some("SYNC-60")),
        (vec![error(json!("9"))], Some("SYNC-60")),
        (vec![error(Value::Null)], Some("SYNC-60")),
        (vec![bad(json!({ "type": "send" })), error(Value::Null)], None),
        (vec![bad(json!({ "type": "send", "id": 7 })), error(Value::Null), error(Value::Null)], Some("SYNC-60")),
        (vec![bad(Value::Null), error(Value::Null)], None),
        (vec![bad(json!([])), error(Value::Null)], None),
        (vec![bad(json!({ "type": "dance", "id": "1" })), error(json!("1"))], None),
        (vec![bad(json!({ "type": "dance", "id": "1" })), done("sent", "1")], Some("SYNC-60")),
        (vec![chat("1"), wrong(send("1")), done("sent", "1"), snapshot("1", &[])], None),
        (vec![chat("1"), error(json!("1"))], None),
        (vec![asks("subscribe", "1", "chat", "d"), snapshot("1", &[])], Some("SYNC-10")),
        (vec![bad(json!({ "type": "subscribe", "id": "1", "resource": "chat" })), snapshot("1", &[])], Some("SYNC-11")),
        (vec![bad(json!({ "type": "unsubscribe", "id": "1" })), done("unsubscribed", "1")], Some("SYNC-11")),
        (vec![bad(json!({ "type": "unsubscribe", "id": "1" })), error(json!("1"))], None),
        (vec![chat("1"), done("sent", "1")], Some("SYNC-10")),
        (vec![send("1"), done("sent", "1")], None),
        (vec![send("1"), error(json!("1"))], None),
        (vec![send("1"), done("unsubscribed", "1")], Some("SYNC-30")),
        (vec![bad(json!({ "type": "send", "id": "1", "resourceId": "c" })), done("sent", "1")], Some("SYNC-30")),
        (vec![asks("unsubscribe", "1", "chat", "c"), done("unsubscribed", "1")], None),
        (vec![asks("unsubscribe", "1", "chat", "c"), error(json!("1"))], None),
        (vec![asks("unsubscribe", "1", "chat", "c"), snapshot("1", &[])], Some("SYNC-40")),
        (
            vec![chat("1"), snapshot("1", &[]), asks("unsubscribe", "2", "chat", "c"), error(json!("2"))],
            Some("SYNC-40"),
        ),
    ] {
        let messages = within(messages);
        assert_eq!(violated("client", &messages).as_deref(), rule, "{messages:?}");
    }
}

#[test]
fn each_rule_of_pushes_is_violated_and_kept() {
    let project = || {
        let subscribed =
            json!({ "type": "subscribed", "id": "p", "resource": "project", "resourceId": "p", "data": {} });
        [asks("subscribe", "p", "project", "p"), ('<', subscribed)]
    };
    let ended = || [asks("unsubscribe", "u", "chat", "c"), done("unsubscribed", "u")];
    for (messages, rule) in [
        (vec![chat("1"), snapshot("1", &[1, 2]), push(3), push(4)], None),
        (vec![chat("1"), snapshot("1", &[2, 1]), push(3)], None),
        (vec![push(1)], Some("SYNC-22")),
        (vec![chat("1"), push(1)], Some("SYNC-22")),
        (vec![chat("1"), snapshot("1", &[]), push_chat("p", "p")], Some("SYNC-22")),
        (vec![chat("1"), snapshot("1", &[1, 3])], Some("SYNC-23")),
        (vec![chat("1"), snapshot("1", &[1, 1])], Some("SYNC-23")),
        (vec![chat("1"), snapshot("1", &[2])], Some("SYNC-23")),
        (vec![chat("1"), snapshot("1", &[1]), push(3)], Some("SYNC-23")),
        (vec![chat("1"), snapshot("1", &[1]), push(1)], Some("SYNC-23")),
        (vec![chat("1"), snapshot("1", &[1]), push(2), push(2)], Some("SYNC-20")),
        (vec![chat("1"), snapshot("1", &[]), push(1), chat("2"), snapshot("2", &[1]), push(2)], None),
        (vec![chat("1"), snapshot("1", &[]), push(1), chat("2"), snapshot("2", &[])], Some("SYNC-23")),
        (vec![chat("1"), snapshot("1", &[]), chat("2"), snapshot("2", &[1]), push(1)], Some("SYNC-23")),
    ] {
        let messages = within(messages);
        assert_eq!(violated("client", &messages).as_deref(), rule, "{messages:?}");
    }
    let begun = || vec![chat("1"), snapshot("1", &[])];
    for (messages, rule) in [
        ([begun(), ended().to_vec(), vec![push(1)]].concat(), Some("SYNC-40")),
        ([begun(), ended()[..1].to_vec(), vec![push(1)]].concat(), None),
        ([begun(), ended().to_vec(), vec![chat("2"), snapshot("2", &[]), push(1)]].concat(), None),
        ([project().to_vec(), vec![push_chat("p", "p")]].concat(), None),
        ([project().to_vec(), vec![push_chat("p", "q")]].concat(), Some("SYNC-22")),
        ([project().to_vec(), vec![push_chat("q", "q")]].concat(), Some("SYNC-22")),
    ] {
        let messages = within(messages);
        assert_eq!(violated("client", &messages).as_deref(), rule, "{messages:?}");
    }
    let early = [auth("1", "1"), push(1)];
    assert_eq!(violated("client", &early).as_deref(), Some("SYNC-22"));
}
