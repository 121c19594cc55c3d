//! Requests of clients to a sync server, valid and invalid.

use serde_json::{Value, json};

use super::{ChatRecord, OLD_CHATS, SyncClient, SyncModel};
use crate::model::{Op, Script};

const WITHOUT_ID: [&str; 7] = [
    "no JSON",
    "",
    "[]",
    "null",
    "{}",
    "{\"type\":\"auth\",\"pin\":\"1\"}",
    "{\"id\":7,\"type\":\"send\",\"resourceId\":\"c\",\"message\":\"x\"}",
];

impl SyncModel {
    pub(super) fn client(&mut self, op: &Op, script: &mut Script) -> bool {
        if self.clients.contains_key(&op.on) {
            return false;
        }
        let name = format!("c{}", op.on);
        script.connect(&name, "/sync", "SYNC-02 connects");
        let is_known = op.how % 6 != 1;
        if is_known {
            let mut keys = json!({ "on": name, "json": { "id": "auth", "type": "auth", "pin": "$pin" } });
            if op.how % 6 == 2 {
                keys["fragments"] = json!(3);
            }
            script.step("send", keys);
            script.expect(&name, admitted("auth"), "SYNC-02 right-pin");
        }
        self.clients.insert(op.on, SyncClient { is_known, ..SyncClient::default() });
        true
    }

    /// A wrong PIN, once, on a connection from an address that has made no other guess.
    pub(super) fn wrong_pin(&mut self, op: &Op, script: &mut Script) -> bool {
        let tick = self.tick();
        let name = format!("w{tick}");
        let from = format!("address{tick}");
        let connect = json!({ "as": name, "to": "/sync", "from": from, "check": "SYNC-02 connects" });
        script.step("connect", connect);
        let pin: Value = if op.how.is_multiple_of(2) { json!("wrong") } else { json!("") };
        script.send(&name, json!({ "id": "guess", "type": "auth", "pin": pin }));
        script.expect(&name, json!({ "id": "guess", "type": "auth_failed" }), "SYNC-02 wrong-pin");
        script.send(&name, json!({ "id": "then", "type": "auth", "pin": "$pin" }));
        script.expect(&name, json!({ "id": "then", "type": "auth_success" }), "SYNC-02 stays-open");
        script.lose(&name, 0);
        true
    }

    /// A client subscribes to the first project, and so learns of its chats; or unsubscribes from it.
    pub(super) fn project(&mut self, op: &Op, script: &mut Script) -> bool {
        let (Some(name), true) = (self.name(op.on), self.is_known(op.on)) else { return false };
        self.ready(op.on, script);
        let id = format!("project {}", self.tick());
        let request = |kind: &str| json!({ "id": id, "type": kind, "resource": "project", "resourceId": "$project" });
        let Some(client) = self.clients.get_mut(&op.on) else { return false };
        if client.has_project && op.how % 3 == 1 {
            client.has_project = false;
            script.send(&name, request("unsubscribe"));
            let answer = json!({ "id": id, "type": "data", "data": { "unsubscribed": true } });
            script.expect(&name, answer, "SYNC-40 unsubscribed");
            return true;
        }
        client.has_project = true;
        script.send(&name, request("subscribe"));
        let chats = json!({ "begins_with": [{ "id": "$chat1", "projectId": "$project" }, { "id": "$chat2" }] });
        let answer = json!({
            "id": id, "type": "subscribed", "resource": "project", "resourceId": "$project", "data": { "chats": chats },
        });
        script.expect(&name, answer, "SYNC-10 project");
        for id in 1..=OLD_CHATS {
            self.chats.entry(id).or_default();
        }
        true
    }

    /// A client subscribes to a chat, perhaps again: earlier messages are in the snapshot.
    pub(super) fn subscribe(&mut self, op: &Op, script: &mut Script) -> bool {
        let (Some(name), true) = (self.name(op.on), self.is_known(op.on)) else { return false };
        if !self.chats.contains_key(&op.with) {
            return false;
        }
        self.ready(op.on, script);
        let (id, chat) = (format!("subscribe {}", self.tick()), format!("$chat{}", op.with));
        let request = json!({ "id": id, "type": "subscribe", "resource": "chat", "resourceId": chat });
        script.send(&name, request);
        let answer = json!({
            "id": id, "type": "subscribed", "resource": "chat", "resourceId": chat,
            "data": { "messages": self.snapshot(op.with) },
        });
        let Some(client) = self.clients.get_mut(&op.on) else { return false };
        let is_new = client.chats.insert(op.with);
        script.expect(&name, answer, if is_new { "SYNC-10 chat" } else { "SYNC-12 answered-twice" });
        self.quiet.insert(op.on, "SYNC-23 nothing-twice");
        true
    }

    pub(super) fn unsubscribe(&mut self, op: &Op, script: &mut Script) -> bool {
        let (Some(name), true) = (self.name(op.on), self.is_known(op.on)) else { return false };
        if !self.chats.contains_key(&op.with) {
            return false;
        }
        self.ready(op.on, script);
        let (id, chat) = (format!("unsubscribe {}", self.tick()), format!("$chat{}", op.with));
        script.send(&name, json!({ "id": id, "type": "unsubscribe", "resource": "chat", "resourceId": chat }));
        let answer = json!({ "id": id, "type": "data", "data": { "unsubscribed": true } });
        script.expect(&name, answer, "SYNC-40 unsubscribed-from-a-chat");
        if let Some(client) = self.clients.get_mut(&op.on) {
            client.chats.remove(&op.with);
        }
        true
    }

    pub(super) fn profiles(&mut self, op: &Op, script: &mut Script) -> bool {
        let (Some(name), true) = (self.name(op.on), self.is_known(op.on)) else { return false };
        self.ready(op.on, script);
        let id = format!("profiles {}", self.tick());
        script.send(&name, json!({ "id": id, "type": "subscribe", "resource": "modelProfiles" }));
        let answer = json!({ "id": id, "type": "subscribed", "resource": "modelProfiles" });
        script.expect(&name, answer, "SYNC-10 profiles");
        true
    }

    pub(super) fn unknown(&mut self, op: &Op, script: &mut Script) -> bool {
        let (Some(name), true) = (self.name(op.on), self.is_known(op.on)) else { return false };
        self.ready(op.on, script);
        let id = format!("unknown {}", self.tick());
        let subscribe =
            |resource: &str, of: &str| json!({ "type": "subscribe", "resource": resource, "resourceId": of });
        let send = json!({ "type": "send", "resourceId": "no such chat", "message": "x" });
        let (mut request, is_valid, check) = match op.how % 8 {
            0 => (subscribe("chat", "no such chat"), true, "SYNC-11 unknown-chat"),
            1 => (subscribe("project", ""), true, "SYNC-11 unknown-project"),
            2 => (json!({ "type": "subscribe", "resource": "chat" }), false, "SYNC-11 no-id"),
            3 => (subscribe("weather", "$project"), false, "SYNC-11 unknown-resource"),
            4 => (send, true, "SYNC-30 unknown-chat-to-send"),
            5 => (json!({ "type": "send", "resourceId": "$project" }), false, "SYNC-30 no-message"),
            6 => (json!({ "type": "dance" }), false, "SYNC-60 unknown-type"),
            _ => (subscribe("chat", "$project"), true, "SYNC-11 a-project-is-no-chat"),
        };
        request["id"] = json!(id);
        if is_valid {
            script.send(&name, request);
        } else {
            script.send_invalid(&name, request);
        }
        script.expect(&name, json!({ "id": id, "type": "error" }), check);
        self.expect_others_quiet(&[], "SYNC-22 mistakes-affect-no-other");
        true
    }

    /// A message without an id is answered, on any connection.
    pub(super) fn invalid(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(op.on, script);
        let is_known = self.is_known(op.on);
        let texts = if is_known { &WITHOUT_ID[..] } else { &WITHOUT_ID[..4] };
        script.send_text(&name, texts[op.how as usize % texts.len()]);
        script.expect(&name, json!({ "id": null, "type": "error" }), "SYNC-60 without-id");
        self.quiet.insert(op.on, "SYNC-60 refused-once");
        true
    }

    /// A request before authentication has no effect.
    pub(super) fn too_early(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on).filter(|_| !self.is_known(op.on)) else { return false };
        self.ready(op.on, script);
        let id = format!("early {}", self.tick());
        let chat = if self.chats.is_empty() { "c" } else { "$chat1" };
        let request = match op.how % 4 {
            0 => json!({ "id": id, "type": "subscribe", "resource": "chat", "resourceId": chat }),
            1 => json!({ "id": id, "type": "send", "resourceId": chat, "message": "too early" }),
            2 => json!({ "id": id, "type": "unsubscribe", "resource": "chat", "resourceId": chat }),
            _ => {
                script.send(&name, json!({ "id": id, "type": "auth", "pin": "$pin" }));
                script.expect(&name, admitted(&id), "SYNC-02 late-pin");
                if let Some(client) = self.clients.get_mut(&op.on) {
                    client.is_known = true;
                }
                return true;
            }
        };
        script.send(&name, request);
        script.expect(&name, json!({ "id": id, "type": "auth_required" }), "SYNC-01 required");
        self.expect_others_quiet(&[], "SYNC-01 does-nothing");
        true
    }

    pub(super) fn is_known(&self, id: u32) -> bool {
        self.clients.get(&id).is_some_and(|client| client.is_known)
    }

    pub(super) fn made(&mut self, id: u32) {
        self.chats.insert(id, ChatRecord { is_new: true, sent: Vec::new() });
    }
}

/// The answer to the right PIN, which lists the first project.
fn admitted(id: &str) -> Value {
    let data = json!({ "projects": { "begins_with": [{ "id": "$project" }] } });
    json!({ "id": id, "type": "auth_success", "data": data })
}
