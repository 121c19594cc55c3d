//! The state of a sync server: who is authenticated, who is subscribed to what, and what each chat contains.
//!
//! Answers and pushes have no order relative to each other, so a sender that is also subscribed may get both in either order. The server may
//! be older than the sequence: only what the sequence sent is known.

mod draw;
mod requests;
mod writes;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::{ChoiceSource, Model, ModelFactory, Op, Script, ServerProfile};

pub(super) const MODEL: ModelFactory = ModelFactory {
    new: |profile| Box::new(SyncModel { profile, ..SyncModel::default() }),
    needs: &["pin"],
    uses: &["control"],
};

#[derive(Default)]
pub(super) struct SyncModel {
    profile: ServerProfile,
    clients: BTreeMap<u32, SyncClient>,
    /// By number. The first two existed before the sequence.
    chats: BTreeMap<u32, ChatRecord>,
    /// The clients that must have received nothing since they were last confirmed, and the check for it.
    quiet: BTreeMap<u32, &'static str>,
    tick: u32,
}

#[derive(Debug, Clone, Default)]
struct SyncClient {
    is_gone: bool,
    is_known: bool,
    chats: BTreeSet<u32>,
    has_project: bool,
}

#[derive(Debug, Clone, Default)]
struct ChatRecord {
    is_new: bool,
    sent: Vec<String>,
}

/// The number of chats that a server must have at the start.
const OLD_CHATS: u32 = 2;

impl SyncModel {
    fn tick(&mut self) -> u32 {
        self.tick += 1;
        self.tick
    }

    fn name(&self, id: u32) -> Option<String> {
        self.clients.get(&id).filter(|client| !client.is_gone).map(|_| format!("c{id}"))
    }

    fn subscribers(&self, chat: u32) -> Vec<u32> {
        let subscribed = |client: &SyncClient| !client.is_gone && client.chats.contains(&chat);
        self.clients.iter().filter(|(_, client)| subscribed(client)).map(|(id, _)| *id).collect()
    }

    fn expect_others_quiet(&mut self, but: &[u32], check: &'static str) {
        for id in self.open().into_iter().filter(|id| !but.contains(id)) {
            self.quiet.entry(id).or_insert(check);
        }
    }

    fn ready(&mut self, id: u32, script: &mut Script) {
        if let Some(check) = self.quiet.remove(&id) {
            self.ask(id, check, script);
        }
    }

    /// A request whose answer must be the next message.
    fn ask(&mut self, id: u32, check: &str, script: &mut Script) {
        let (name, tick) = (format!("c{id}"), format!("look {}", self.tick()));
        let is_known = self.clients.get(&id).is_some_and(|client| client.is_known);
        if is_known {
            script.send(&name, json!({ "id": tick, "type": "auth", "pin": "$pin" }));
            script.expect(&name, json!({ "id": tick, "type": "auth_success" }), check);
        } else {
            script
                .send(&name, json!({ "id": tick, "type": "unsubscribe", "resource": "project", "resourceId": "none" }));
            script.expect(&name, json!({ "id": tick, "type": "auth_required" }), check);
        }
    }

    fn look(&mut self, op: &Op, script: &mut Script) -> bool {
        if self.name(op.on).is_none() {
            return false;
        }
        let check = self.quiet.remove(&op.on).unwrap_or("SYNC-60 one-answer");
        self.ask(op.on, check, script);
        true
    }

    /// The known messages of a chat, which a snapshot must end with.
    fn snapshot(&self, chat: u32) -> Value {
        let known = &self.chats[&chat];
        let messages: Vec<_> = known.sent.iter().map(|text| json!({ "content": text })).collect();
        if known.is_new { json!(messages) } else { json!({ "ends_with": messages }) }
    }
}

impl Model for SyncModel {
    fn draw(&self, choices: &mut ChoiceSource<'_>) -> Op {
        draw::draw(self, choices)
    }

    fn apply(&mut self, op: &Op, script: &mut Script) -> bool {
        match op.kind {
            "client" => self.client(op, script),
            "wrong-pin" => self.wrong_pin(op, script),
            "project" => self.project(op, script),
            "subscribe" => self.subscribe(op, script),
            "unsubscribe" => self.unsubscribe(op, script),
            "profiles" => self.profiles(op, script),
            "unknown" => self.unknown(op, script),
            "invalid" => self.invalid(op, script),
            "too-early" => self.too_early(op, script),
            "write" => self.write(op, script),
            "burst" => self.burst(op, script),
            "new-chat" => self.new_chat(op, script),
            "ping-frame" => self.ping_frame(op, script),
            "look" => self.look(op, script),
            "lose" => self.lose(op, script),
            "violate" => self.violate(op, script),
            _ => false,
        }
    }

    fn open(&self) -> Vec<u32> {
        self.clients.iter().filter(|(_, client)| !client.is_gone).map(|(id, _)| *id).collect()
    }
}
