//! Draws operations for a pairing relay.

use super::{PairingModel, QUICK, SHORT, Slot};
use crate::model::{ChoiceSource, ConnectionState, Model, Op};
use crate::timing::Parameter;

const MOST_HOSTS: usize = 5;
const MOST_VIEWERS: usize = 6;

pub(super) fn draw(model: &PairingModel, choices: &mut ChoiceSource<'_>) -> Op {
    let hosts: Vec<u32> = live(model.hosts.iter().map(|(id, host)| (*id, host.state == ConnectionState::Open)));
    let viewers: Vec<u32> = live(model.viewers.iter().map(|(id, viewer)| (*id, !viewer.is_gone)));
    let joined: Vec<u32> = model.open().into_iter().filter(|id| model.partner(*id).is_some()).collect();
    let open = model.open();
    let some = |list: &[u32], weight: u32| if list.is_empty() { 0 } else { weight };
    let room = |list: &[u32], most: usize| match list.len() {
        0 => 200,
        few if few < most => 60,
        _ => 0,
    };
    let is_empty = model.hosts.is_empty() && model.viewers.is_empty();
    let is_short = model.value(Parameter::CodeLifetime) <= SHORT;
    let short = is_short && !model.has_outlived;
    let quick = model.value(Parameter::HeartbeatInterval) <= QUICK;
    let kind = choices.weighed(&[
        (room(&hosts, MOST_HOSTS), "host"),
        (room(&viewers, MOST_VIEWERS), "viewer"),
        (some(&viewers, some(&hosts, 160)), "join"),
        (some(&viewers, 40), "wrong-code"),
        (10, "guess"),
        (some(&hosts, 15), "race"),
        (some(&hosts, 40), "register"),
        (some(&hosts, 15), "compare"),
        (3, "crowd"),
        (some(&joined, 140), "data"),
        (some(&open, 30), "data-of-anybody"),
        (some(&joined, 40), "burst"),
        (some(&open, 30), "ping"),
        (some(&open, 20), "ping-frame"),
        (some(&open, 70), "invalid"),
        (some(&open, 12), "binary"),
        (some(&open, 40), "look"),
        (some(&open, 60), "lose"),
        (some(&open, 12), "violate"),
        (12, "wrong-path"),
        (some(&open, 15), "hostile"),
        (15, "violations"),
        (some(&joined, 6), "last-words"),
        (u32::from(is_empty && is_short) * 40, "age"),
        (u32::from(is_empty && quick) * 15, "beat"),
        (some(&hosts, u32::from(short)), "outlive"),
        (some(&open, u32::from(quick)), "heartbeat"),
    ]);
    let fresh = model.hosts.keys().chain(model.viewers.keys()).max().map_or(1, |id| id + 1);
    let (how, size) = (choices.below(64), choices.below(64));
    match kind {
        "host" | "viewer" | "guess" => Op::new(kind, fresh).how(how),
        "join" => Op::new(kind, choices.pick(&viewers)).with(target(model, &hosts, choices)),
        "wrong-code" => Op::new(kind, choices.pick(&viewers)).with(choices.pick(&hosts)).how(how),
        "race" => Op::new(kind, 0).with(target(model, &hosts, choices)).size(choices.below(8)),
        "register" => Op::new(kind, choices.pick(&hosts)).how(how).size(size),
        "crowd" => {
            let most = if choices.once_in(3) { 130 } else { 20 };
            Op::new(kind, 0).size(choices.below(most))
        }
        "data" => Op::new(kind, choices.pick(&joined)).how(how).with(choices.below(8)).size(size),
        "last-words" => Op::new(kind, choices.pick(&joined)).size(size),
        "data-of-anybody" => Op::new("data", choices.pick(&open)),
        "burst" => {
            let most = if choices.once_in(4) { 150 } else { 12 };
            Op::new(kind, choices.pick(&joined)).how(how).size(choices.below(most))
        }
        "compare" | "wrong-path" | "outlive" | "violations" | "age" | "beat" => Op::new(kind, 0).how(how).size(size),
        _ => Op::new(kind, choices.pick(&open)).how(how).size(size),
    }
}

/// A host to join: usually a free one, sometimes one that is held or gone.
fn target(model: &PairingModel, hosts: &[u32], choices: &mut ChoiceSource<'_>) -> u32 {
    let free: Vec<u32> = hosts.iter().copied().filter(|id| !matches!(model.hosts[id].slot, Slot::Held(_))).collect();
    if !free.is_empty() && !choices.once_in(3) {
        return choices.pick(&free);
    }
    // The relay may take a while to notice a loss.
    let mut is_clear = |state: ConnectionState| state != ConnectionState::Dropped || choices.once_in(20);
    let all: Vec<u32> = live(model.hosts.iter().map(|(id, host)| (*id, is_clear(host.state))));
    choices.pick(&all)
}

fn live(actors: impl Iterator<Item = (u32, bool)>) -> Vec<u32> {
    actors.filter(|(_, open)| *open).map(|(id, _)| id).collect()
}
