//! Draws operations for a terminal relay.

use super::{QUICK, TerminalModel};
use crate::model::{ChoiceSource, ConnectionState, Model, Op};
use crate::timing::Parameter;

const MOST_HOSTS: usize = 4;
const MOST_VIEWERS: usize = 7;

pub(super) fn draw(model: &TerminalModel, choices: &mut ChoiceSource<'_>) -> Op {
    let open = model.open();
    let is_host = |id: &&u32| model.hosts.contains_key(id);
    let hosts: Vec<u32> = open.iter().filter(is_host).copied().collect();
    let viewers: Vec<u32> = open.iter().filter(|id| !is_host(id)).copied().collect();
    let some = |list: &[u32], weight: u32| if list.is_empty() { 0 } else { weight };
    let quick = |parameter| u32::from(model.value(parameter) <= QUICK);
    let kind = choices.weighed(&[
        (if hosts.is_empty() { 300 } else { 40 * u32::from(hosts.len() < MOST_HOSTS) }, "host"),
        (some(&hosts, if viewers.len() < MOST_VIEWERS { 120 } else { 0 }), "viewer"),
        (20, "stranger"),
        (20, "odd-opening"),
        (some(&open, 160), "bytes"),
        (some(&hosts, 100), "control"),
        (some(&viewers, 70), "wish"),
        (some(&open, 40), "invalid"),
        (some(&open, 30), "malformed"),
        (some(&open, 40), "look"),
        (some(&hosts, 15), "compare"),
        (some(&open, 50), "lose"),
        (some(&open, 12), "violate"),
        (quick(Parameter::AuthTimeout) * 4, "silence"),
        (some(&open, quick(Parameter::HeartbeatInterval) * 3), "heartbeat"),
    ]);
    let fresh = model.hosts.keys().chain(model.viewers.keys()).max().map_or(1, |id| id + 1);
    let (how, size) = (choices.below(64), choices.below(64));
    match kind {
        "host" => Op::new(kind, fresh).how(how),
        "viewer" => Op::new(kind, fresh).with(choices.pick(&hosts)).how(how),
        "stranger" => {
            let dead = model.hosts.iter().filter(|(_, host)| host.state != ConnectionState::Open).map(|(id, _)| *id);
            let dead: Vec<u32> = dead.collect();
            Op::new(kind, 0).with(choices.pick(&dead)).how(how)
        }
        "control" => Op::new(kind, choices.pick(&hosts)).how(how).size(size),
        "wish" => Op::new(kind, choices.pick(&viewers)).how(how),
        "bytes" => Op::new(kind, choices.pick(&open)).how(how).size(size).with(choices.below(8)),
        "odd-opening" | "silence" | "compare" => Op::new(kind, 0).how(how),
        _ => Op::new(kind, choices.pick(&open)).how(how),
    }
}
