//! Changes at a sync server and their pushes; and lost connections.

use serde_json::{Value, json};

use super::SyncModel;
use crate::model::{Model, Op, PONG, Script, literal};

impl SyncModel {
    pub(super) fn write(&mut self, op: &Op, script: &mut Script) -> bool {
        if !self.may_write(op) {
            return false;
        }
        self.prepare(op, script);
        let tick = self.tick();
        let text = match op.how % 6 {
            1 => format!("\u{1F600} \u{E9}\u{4E2D} {tick}"),
            2 => format!("\"\\/\n\t\u{1} {tick}"),
            3 => literal(&format!("$dollars ${{and}} {tick}")),
            4 => String::new(),
            _ => format!("message {tick}"),
        };
        let (name, id, chat) = (format!("c{}", op.on), format!("send {tick}"), format!("$chat{}", op.with));
        let mut keys = json!({ "on": name, "json": { "id": id, "type": "send", "resourceId": chat, "message": text } });
        if op.how / 6 % 4 == 1 {
            keys["fragments"] = json!(2);
        }
        script.step("send", keys);
        self.sent(op, &[text], &[id], script);
        true
    }

    pub(super) fn burst(&mut self, op: &Op, script: &mut Script) -> bool {
        if !self.may_write(op) {
            return false;
        }
        self.prepare(op, script);
        let (tick, count) = (self.tick(), op.size % 5 + 2);
        let (name, chat) = (format!("c{}", op.on), format!("$chat{}", op.with));
        let (id, text) = (format!("send {tick} ${{nth}}"), format!("{tick}: ${{nth}}"));
        let message = json!({ "id": id, "type": "send", "resourceId": chat, "message": text });
        script.step("send", json!({ "on": name, "json": message, "repeated": { "times": count, "as": "nth" } }));
        let each = |of: &str| (1..=count).map(|nth| of.replace("${nth}", &nth.to_string())).collect::<Vec<_>>();
        self.sent(op, &each(&text), &each(&id), script);
        true
    }

    /// Messages were sent: the sender gets answers, the subscribers get pushes.
    fn sent(&mut self, op: &Op, texts: &[String], ids: &[String], script: &mut Script) {
        let subscribers = self.subscribers(op.with);
        let chat = format!("$chat{}", op.with);
        let push = |text: &String| {
            let message = json!({ "chatId": chat, "content": text });
            json!({ "id": null, "type": "data", "resource": "chat", "resourceId": chat, "data": { "message": message } })
        };
        let answer = |id: &Value| json!({ "id": id, "type": "data", "data": { "sent": true } });
        let name = format!("c{}", op.on);
        if subscribers.contains(&op.on) {
            // Pushes are in order; answers may come anywhere between them.
            let any_answer = json!({ "id": { "any_of": ids }, "type": "data", "data": { "sent": true } });
            let any_push = json!({ "id": null, "type": "data", "resource": "chat", "resourceId": chat });
            let count = texts.len();
            let choices = json!([{ "named": "answer", "json": any_answer }, { "named": "push", "json": any_push }]);
            let tick = self.tick();
            let outcomes = format!("came{tick}");
            let one =
                json!({ "on": name, "any_of": choices, "bind": outcomes, "check": "SYNC-30 answered-and-pushed" });
            script.in_turn("nth", 2 * count as u32, Script::inner(|script| script.step("expect", one)));
            let to = json!({ "answer": count, "push": count });
            let tally =
                json!({ "values": format!("${outcomes}"), "to": to, "check": "SYNC-20 pushed-to-the-sender-once" });
            script.step("tally", tally);
        } else if let [id] = ids {
            script.expect(&name, answer(&json!(id)), "SYNC-30 sent");
        } else {
            let any = answer(&json!({ "any_of": ids }));
            let check = "SYNC-30 each-is-answered";
            script.step("collect", json!({ "on": name, "count": ids.len(), "json": any, "check": check }));
        }
        for id in subscribers.iter().filter(|id| **id != op.on) {
            texts.iter().for_each(|text| script.expect(&format!("c{id}"), push(text), "SYNC-20 pushed-in-order"));
        }
        if let Some(chat) = self.chats.get_mut(&op.with) {
            chat.sent.extend(texts.iter().cloned());
        }
        self.quiet.extend(subscribers.into_iter().map(|id| (id, "SYNC-20 pushed-once")));
        self.quiet.insert(op.on, "SYNC-60 answered-once");
        self.expect_others_quiet(&[], "SYNC-22 pushed-to-no-other");
    }

    fn may_write(&self, op: &Op) -> bool {
        self.name(op.on).is_some() && self.is_known(op.on) && self.chats.contains_key(&op.with)
    }

    fn prepare(&mut self, op: &Op, script: &mut Script) {
        let mut all = self.subscribers(op.with);
        all.push(op.on);
        all.into_iter().for_each(|id| self.ready(id, script));
    }

    pub(super) fn new_chat(&mut self, op: &Op, script: &mut Script) -> bool {
        if !self.profile.params.contains("control") || self.chats.is_empty() || self.chats.contains_key(&op.with) {
            return false;
        }
        let subscribers: Vec<_> = self.open().into_iter().filter(|id| self.clients[id].has_project).collect();
        subscribers.iter().for_each(|id| self.ready(*id, script));
        let fetch = format!("made{}", self.tick());
        let body = format!("{{\"projectId\":\"${{project}}\",\"name\":\"New {}\"}}", op.with);
        let request = json!({
            "as": fetch, "from": "http://${control}", "method": "POST", "target": "/chats",
            "headers": { "content-type": "application/json" }, "body": body,
        });
        script.step("fetch", request);
        script.step("answer", json!({ "of": fetch, "like": { "status": 201 }, "check": "SYNC-21 made" }));
        let chat =
            json!({ "id": format!("$chat{}", op.with), "projectId": "$project", "name": format!("New {}", op.with) });
        let push = json!({
            "id": null, "type": "data", "resource": "project", "resourceId": "$project", "data": { "chat": chat },
        });
        for id in &subscribers {
            script.expect(&format!("c{id}"), push.clone(), "SYNC-21 pushed");
            self.quiet.insert(*id, "SYNC-21 new-chat-pushed-once");
        }
        self.expect_others_quiet(&[], "SYNC-22 new-chat-pushed-to-no-other");
        if subscribers.is_empty() {
            return true;
        }
        self.made(op.with);
        true
    }

    pub(super) fn ping_frame(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        let text = format!("ping {}", self.tick());
        script.ping_frame(&name, &text, None, PONG);
        true
    }

    pub(super) fn lose(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(op.on, script);
        script.lose(&name, op.how);
        self.lost(op.on);
        true
    }

    pub(super) fn violate(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(op.on, script);
        script.violate(&name, op.how);
        self.lost(op.on);
        true
    }

    fn lost(&mut self, id: u32) {
        self.quiet.remove(&id);
        self.clients.entry(id).and_modify(|client| client.is_gone = true);
        self.expect_others_quiet(&[], "SYNC-50 loss-affects-no-other");
    }
}
