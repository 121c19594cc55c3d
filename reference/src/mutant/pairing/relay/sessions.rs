//! The sessions of a pairing relay, as its traffic shows them.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::mutant::wire::{Flow, Frame};

#[derive(Debug, Default)]
pub(crate) struct PairingSessions {
    pub(super) by_code: BTreeMap<String, PairingSession>,
    pub(super) present: BTreeMap<usize, PairedConnection>,
    /// The codes that replaced others, by what was reported.
    pub(super) reported: BTreeMap<String, String>,
    pub(super) meant: BTreeMap<String, String>,
    /// A code that is reported to several hosts.
    pub(super) crowded: String,
    pub(super) last_digit: u64,
    pub(super) clients: BTreeMap<String, String>,
    pub(super) dead: VecDeque<String>,
    /// The connection that sent hostile input last.
    pub(super) hostile: Option<usize>,
    pub(super) orphan: Option<usize>,
    /// Whether a connection has sent more than its partner reads.
    pub(super) is_flooded: bool,
    pub(super) joined: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct PairedConnection {
    pub(super) is_host: bool,
    pub(super) is_paired: bool,
}

#[derive(Debug, Clone)]
pub(super) struct PairingSession {
    pub(super) host: usize,
    pub(super) viewer: Option<usize>,
    pub(super) expires_at: f64,
    pub(super) lifetime: f64,
    /// The side that ended the host's connection.
    pub(super) lost: Option<Flow>,
    pub(super) is_reset: bool,
    pub(super) is_named: bool,
    /// Whether the code was replaced.
    pub(super) is_replaced: bool,
    /// Whether the code replaced another.
    pub(super) is_fresh: bool,
    pub(super) viewers: usize,
    /// When the last viewer left, and the side that ended its connection.
    pub(super) left: Option<(Instant, Flow)>,
    /// Viewers that were refused because another holds the code.
    pub(super) refused: Vec<usize>,
    /// Frames that go with the next data of its host (true) or its viewer.
    pub(super) slipped: BTreeMap<bool, Frame>,
    /// Data that its host sent without a viewer.
    pub(super) kept: Option<Frame>,
    /// Whether the mutant's condition has occurred.
    pub(super) marked: bool,
}

impl PairingSession {
    /// The time since the expiry, in lifetimes; negative before.
    pub(super) fn age(&self) -> f64 {
        (now() - self.expires_at) / self.lifetime
    }
}

pub(super) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e3
}

impl PairingSessions {
    pub(super) fn came(&mut self, number: usize, is_host: bool) {
        self.present.insert(number, PairedConnection { is_host, is_paired: false });
    }

    pub(super) fn of(&self, code: &str) -> Option<&PairingSession> {
        self.by_code.get(code)
    }

    pub(super) fn of_mut(&mut self, code: &str) -> Option<&mut PairingSession> {
        self.by_code.get_mut(code)
    }

    pub(super) fn beginning(&self, with: &str) -> Option<&str> {
        let mut codes =
            self.by_code.iter().rev().filter(|(code, session)| code.starts_with(with) && session.lost.is_none());
        codes.next().map(|(code, _)| &**code)
    }

    /// Whether a viewer is connected that has lost its host.
    pub(super) fn has_orphan(&self) -> bool {
        self.orphan.is_some_and(|viewer| self.present.contains_key(&viewer))
    }
}
