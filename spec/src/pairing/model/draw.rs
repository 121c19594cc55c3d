//! What may sensibly happen next to a pairing relay, and how often.

use super::{Life, QUICK, SHORT, Seat, World};
use crate::model::{Dice, Op};
use crate::timing::Parameter;

/// So many hosts, and so many viewers, are there at once.
const MOST_HOSTS: usize = 5;
const MOST_VIEWERS: usize = 6;

pub(super) fn draw(world: &World, dice: &mut Dice<'_>) -> Op {
    let hosts: Vec<u32> = live(world.hosts.iter().map(|(id, host)| (*id, host.life == Life::Open)));
    let viewers: Vec<u32> = live(world.viewers.iter().map(|(id, viewer)| (*id, !viewer.is_gone)));
    let joined: Vec<u32> = world.open().into_iter().filter(|id| world.partner(*id).is_some()).collect();
    let anybody = world.open();
    let some = |list: &[u32], weight: u32| if list.is_empty() { 0 } else { weight };
    let room = |list: &[u32], most: usize| match list.len() {
        0 => 200,
        few if few < most => 60,
        _ => 0,
    };
    let nobody = world.hosts.is_empty() && world.viewers.is_empty();
    let is_short = world.value(Parameter::CodeLifetime) <= SHORT;
    let short = is_short && !world.has_outlived;
    let quick = world.value(Parameter::HeartbeatInterval) <= QUICK;
    let kind = dice.weighed(&[
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
        (some(&anybody, 30), "data-of-anybody"),
        (some(&joined, 40), "burst"),
        (some(&anybody, 30), "ping"),
        (some(&anybody, 20), "ping-frame"),
        (some(&anybody, 70), "invalid"),
        (some(&anybody, 12), "binary"),
        (some(&anybody, 40), "look"),
        (some(&anybody, 60), "lose"),
        (some(&anybody, 12), "violate"),
        (12, "wrong-path"),
        (some(&anybody, 15), "hostile"),
        (15, "violations"),
        (some(&joined, 6), "last-words"),
        // These take their time.
        (u32::from(nobody && is_short) * 40, "age"),
        (u32::from(nobody && quick) * 15, "beat"),
        (some(&hosts, u32::from(short)), "outlive"),
        (some(&anybody, u32::from(quick)), "heartbeat"),
    ]);
    let fresh = world.hosts.keys().chain(world.viewers.keys()).max().map_or(1, |id| id + 1);
    let (how, size) = (dice.below(64), dice.below(64));
    match kind {
        "host" | "viewer" | "guess" => Op::new(kind, fresh).how(how),
        "join" => Op::new(kind, dice.pick(&viewers)).with(target(world, &hosts, dice)),
        "wrong-code" => Op::new(kind, dice.pick(&viewers)).with(dice.pick(&hosts)).how(how),
        "race" => Op::new(kind, 0).with(target(world, &hosts, dice)).size(dice.below(8)),
        "register" => Op::new(kind, dice.pick(&hosts)).how(how).size(size),
        "crowd" => {
            let most = if dice.once_in(3) { 130 } else { 20 };
            Op::new(kind, 0).size(dice.below(most))
        }
        "data" => Op::new(kind, dice.pick(&joined)).how(how).with(dice.below(8)).size(size),
        "last-words" => Op::new(kind, dice.pick(&joined)).size(size),
        "data-of-anybody" => Op::new("data", dice.pick(&anybody)),
        "burst" => {
            let most = if dice.once_in(4) { 150 } else { 12 };
            Op::new(kind, dice.pick(&joined)).how(how).size(dice.below(most))
        }
        "compare" | "wrong-path" | "outlive" | "violations" | "age" | "beat" => Op::new(kind, 0).how(how).size(size),
        _ => Op::new(kind, dice.pick(&anybody)).how(how).size(size),
    }
}

/// A host to join: mostly one that is free, now and then one that is not, or no longer there.
fn target(world: &World, hosts: &[u32], dice: &mut Dice<'_>) -> u32 {
    let free: Vec<u32> = hosts.iter().copied().filter(|id| !matches!(world.hosts[id].seat, Seat::Held(_))).collect();
    if !free.is_empty() && !dice.once_in(3) {
        return dice.pick(&free);
    }
    // Whether a loss was noticed has to be waited for.
    let mut is_clear = |life: Life| life != Life::Dying || dice.once_in(20);
    let all: Vec<u32> = live(world.hosts.iter().map(|(id, host)| (*id, is_clear(host.life))));
    dice.pick(&all)
}

fn live(actors: impl Iterator<Item = (u32, bool)>) -> Vec<u32> {
    actors.filter(|(_, open)| *open).map(|(id, _)| id).collect()
}
