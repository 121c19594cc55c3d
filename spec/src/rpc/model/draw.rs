//! Draws operations for an rpc daemon.

use super::RpcModel;
use crate::model::{ChoiceSource, Model, Op};

const MOST_CONNECTIONS: usize = 5;
const MOST_SESSIONS: u32 = 6;

pub(super) fn draw(model: &RpcModel, choices: &mut ChoiceSource<'_>) -> Op {
    let open = model.open();
    let known: Vec<u32> = model.sessions.keys().copied().collect();
    let some = |list: &[u32], weight: u32| if list.is_empty() { 0 } else { weight };
    let kind = choices.weighed(&[
        (if open.is_empty() { 30 } else { 4 * u32::from(open.len() < MOST_CONNECTIONS) }, "connect"),
        (some(&open, 8), "start"),
        (some(&open, some(&known, 5)), "end"),
        (some(&open, some(&known, 9)), "command"),
        (some(&open, some(&known, 10)), "query"),
        (some(&open, 6), "report"),
        (some(&open, 4), "burst"),
        (some(&open, 3), "pieces"),
        (some(&open, 4), "undecodable"),
        (1, "half"),
        (some(&open, 3), "look"),
        (some(&open, 3), "lose"),
    ]);
    let fresh = model.connections.keys().max().map_or(1, |id| id + 1);
    let (how, size) = (choices.below(64), choices.below(100));
    match kind {
        "connect" => Op::new(kind, fresh),
        "half" => Op::new(kind, 0).how(how),
        "start" => Op::new(kind, choices.pick(&open)).with(1 + choices.below(MOST_SESSIONS)).how(how),
        "end" | "command" | "query" | "pieces" => {
            Op::new(kind, choices.pick(&open)).with(choices.pick(&known)).how(how).size(size)
        }
        _ => Op::new(kind, choices.pick(&open)).how(how).size(size),
    }
}
