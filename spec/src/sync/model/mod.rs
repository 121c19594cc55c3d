//! What a sync server keeps in mind: who is authenticated, who is subscribed to what, what each chat holds; and what each client must get.
//!
//! The answers to a client's requests and its pushes have no order among each other, so a sender that is subscribed too is asked for both in
//! whichever order. A server may be older than the story: only what was sent in it is known.

mod asking;
mod draw;
mod writing;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::{Dice, Model, Modelled, Op, Script, Setting};

/// The model of a sync server.
pub(super) const MODEL: Modelled =
    Modelled { new: |setting| Box::new(World::new(setting)), needs: &["pin"], uses: &["control"] };

pub(super) struct World {
    setting: Setting,
    clients: BTreeMap<u32, Client>,
    /// By number. The first two were there before the story; the others were made in it.
    chats: BTreeMap<u32, Chat>,
    /// Who must have got nothing since it was last heard, by which check.
    taints: BTreeMap<u32, &'static str>,
    tick: u32,
}

#[derive(Debug, Clone, Default)]
struct Client {
    is_gone: bool,
    is_known: bool,
    chats: BTreeSet<u32>,
    has_project: bool,
}

/// A chat: what it was called where it was made in the story, and what was sent to it since.
#[derive(Debug, Clone, Default)]
struct Chat {
    is_new: bool,
    sent: Vec<String>,
}

/// The chats that a server has to have.
const OLD_CHATS: u32 = 2;

impl World {
    fn new(setting: Setting) -> Self {
        Self { setting, clients: BTreeMap::new(), chats: BTreeMap::new(), taints: BTreeMap::new(), tick: 0 }
    }

    fn tick(&mut self) -> u32 {
        self.tick += 1;
        self.tick
    }

    fn name(&self, id: u32) -> Option<String> {
        self.clients.get(&id).filter(|client| !client.is_gone).map(|_| format!("c{id}"))
    }

    fn open(&self) -> Vec<u32> {
        self.clients.iter().filter(|(_, client)| !client.is_gone).map(|(id, _)| *id).collect()
    }

    /// The clients that are subscribed to a chat.
    fn subscribers(&self, chat: u32) -> Vec<u32> {
        let subscribed = |client: &Client| !client.is_gone && client.chats.contains(&chat);
        self.clients.iter().filter(|(_, client)| subscribed(client)).map(|(id, _)| *id).collect()
    }

    fn taint_others(&mut self, but: &[u32], check: &'static str) {
        for id in self.open().into_iter().filter(|id| !but.contains(id)) {
            self.taints.entry(id).or_insert(check);
        }
    }

    fn ready(&mut self, id: u32, script: &mut Script) {
        if let Some(check) = self.taints.remove(&id) {
            self.ask(id, check, script);
        }
    }

    /// A request whose answer is the next that comes.
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
        let check = self.taints.remove(&op.on).unwrap_or("SYNC-60 one-answer");
        self.ask(op.on, check, script);
        true
    }

    /// The messages of a chat, as far as the story knows them, for the end of a snapshot.
    fn snapshot(&self, chat: u32) -> Value {
        let known = &self.chats[&chat];
        let messages: Vec<_> = known.sent.iter().map(|text| json!({ "content": text })).collect();
        if known.is_new { json!(messages) } else { json!({ "ends_with": messages }) }
    }
}

impl Model for World {
    fn draw(&self, dice: &mut Dice<'_>) -> Op {
        draw::draw(self, dice)
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

    fn looks(&self) -> Vec<Op> {
        self.open().into_iter().map(|id| Op::new("look", id)).collect()
    }
}
