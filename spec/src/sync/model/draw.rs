//! Draws operations for a sync server.

use super::SyncModel;
use crate::model::{ChoiceSource, Model, Op};

const MOST_CLIENTS: usize = 7;
const MOST_CHATS: usize = 8;

pub(super) fn draw(model: &SyncModel, choices: &mut ChoiceSource<'_>) -> Op {
    let open = model.open();
    let known: Vec<u32> = open.iter().copied().filter(|id| model.clients[id].is_known).collect();
    let unknown: Vec<u32> = open.iter().copied().filter(|id| !model.clients[id].is_known).collect();
    let chats: Vec<u32> = model.chats.keys().copied().collect();
    let some = |list: &[u32], weight: u32| if list.is_empty() { 0 } else { weight };
    let with_chats = |weight| if chats.is_empty() { 0 } else { some(&known, weight) };
    let may_make = model.profile.params.contains("control") && !chats.is_empty() && chats.len() < MOST_CHATS;
    let kind = choices.weighed(&[
        (if known.is_empty() { 30 } else { 6 * u32::from(open.len() < MOST_CLIENTS) }, "client"),
        (some(&open, 2), "wrong-pin"),
        (some(&known, if chats.is_empty() { 20 } else { 3 }), "project"),
        (with_chats(12), "subscribe"),
        (with_chats(5), "unsubscribe"),
        (some(&known, 1), "profiles"),
        (some(&known, 3), "unknown"),
        (some(&open, 4), "invalid"),
        (some(&unknown, 5), "too-early"),
        (with_chats(12), "write"),
        (with_chats(2), "burst"),
        (some(&known, 6 * u32::from(may_make)), "new-chat"),
        (some(&open, 2), "ping-frame"),
        (some(&open, 4), "look"),
        (some(&open, 4), "lose"),
        (some(&open, 1), "violate"),
    ]);
    let fresh = model.clients.keys().max().map_or(1, |id| id + 1);
    let (how, size) = (choices.below(64), choices.below(16));
    // Prefer chats of this sequence: their whole snapshot is known, and does not grow from sequence to sequence.
    let made: Vec<u32> = model.chats.iter().filter(|(_, chat)| chat.is_new).map(|(id, _)| *id).collect();
    let chat = if made.is_empty() || choices.once_in(4) { choices.pick(&chats) } else { choices.pick(&made) };
    match kind {
        "client" => Op::new(kind, fresh).how(how),
        "too-early" => Op::new(kind, choices.pick(&unknown)).how(how),
        "wrong-pin" | "invalid" | "ping-frame" | "look" | "lose" | "violate" => {
            Op::new(kind, choices.pick(&open)).how(how)
        }
        "new-chat" => Op::new(kind, 0).with(model.chats.keys().max().map_or(1, |id| id + 1)),
        _ => Op::new(kind, choices.pick(&known)).with(chat).how(how).size(size),
    }
}
