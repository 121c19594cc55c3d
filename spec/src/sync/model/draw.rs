//! What may sensibly happen next to a sync server, and how often.

use super::World;
use crate::model::{Dice, Op};

/// So many clients are there at once.
const MOST_CLIENTS: usize = 7;
/// So many chats are made in a story.
const MOST_CHATS: usize = 8;

pub(super) fn draw(world: &World, dice: &mut Dice<'_>) -> Op {
    let open = world.open();
    let known: Vec<u32> = open.iter().copied().filter(|id| world.clients[id].is_known).collect();
    let unknown: Vec<u32> = open.iter().copied().filter(|id| !world.clients[id].is_known).collect();
    let chats: Vec<u32> = world.chats.keys().copied().collect();
    let some = |list: &[u32], weight: u32| if list.is_empty() { 0 } else { weight };
    let with_chats = |weight| if chats.is_empty() { 0 } else { some(&known, weight) };
    let may_make = world.setting.params.contains("control") && !chats.is_empty() && chats.len() < MOST_CHATS;
    let kind = dice.weighed(&[
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
    let fresh = world.clients.keys().max().map_or(1, |id| id + 1);
    let (how, size) = (dice.below(64), dice.below(16));
    // What was made in the story is written to above all: its whole snapshot is known, and it does not grow from story to story.
    let made: Vec<u32> = world.chats.iter().filter(|(_, chat)| chat.is_new).map(|(id, _)| *id).collect();
    let chat = if made.is_empty() || dice.once_in(4) { dice.pick(&chats) } else { dice.pick(&made) };
    match kind {
        "client" => Op::new(kind, fresh).how(how),
        "too-early" => Op::new(kind, dice.pick(&unknown)).how(how),
        "wrong-pin" | "invalid" | "ping-frame" | "look" | "lose" | "violate" => {
            Op::new(kind, dice.pick(&open)).how(how)
        }
        "new-chat" => Op::new(kind, 0).with(world.chats.keys().max().map_or(1, |id| id + 1)),
        _ => Op::new(kind, dice.pick(&known)).with(chat).how(how).size(size),
    }
}
