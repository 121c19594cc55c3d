//! What is known of the sessions of a relay, from what goes by.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::{Relay, Seen};
use crate::mutant::link::{self, House, Said, Way};
use crate::mutant::wire::{CLOSE, Frame, PING};

/// All sessions, those of lost hosts too.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_code: BTreeMap<String, Session>,
    /// Who is connected, by the numbers of the connections.
    pub(super) present: BTreeMap<usize, Present>,
    /// What was told in the place of a code.
    pub(super) told: BTreeMap<String, String>,
    /// The code that is meant by what was told.
    pub(super) meant: BTreeMap<String, String>,
    /// The code that others are told too.
    pub(super) crowded: String,
    /// The last digit that was drawn for a code.
    pub(super) last_digit: u64,
    /// The last code of each client id.
    pub(super) clients: BTreeMap<String, String>,
    /// Codes of lost hosts.
    pub(super) dead: VecDeque<String>,
    /// Who has meant harm last.
    pub(super) hostile: Option<usize>,
    /// The viewer that has lost its host last.
    pub(super) widow: Option<usize>,
    /// Whether somebody has sent more than its partner reads.
    pub(super) is_flooded: bool,
    /// How many sessions are joined.
    pub(super) joined: usize,
}

/// Somebody who is connected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Present {
    pub(super) is_host: bool,
    pub(super) is_paired: bool,
}

/// A code, and who uses it.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) host: usize,
    pub(super) viewer: Option<usize>,
    /// Milliseconds since the Unix epoch.
    pub(super) expires_at: f64,
    /// In milliseconds.
    pub(super) lifetime: f64,
    /// Which side ended the host's connection.
    pub(super) lost: Option<Way>,
    /// Whether its host was reset.
    pub(super) is_reset: bool,
    /// Whether its host has sent `register`.
    pub(super) is_named: bool,
    /// Whether the host has another code since.
    pub(super) is_replaced: bool,
    /// Whether the code took the place of another.
    pub(super) is_fresh: bool,
    /// How many viewers have joined.
    pub(super) viewers: usize,
    /// When the last viewer left, and which side ended its connection.
    pub(super) left: Option<(Instant, Way)>,
    /// Viewers that were told that another holds it.
    pub(super) refused: Vec<usize>,
    /// What goes with the next data of its host (true) or its viewer.
    pub(super) slipped: BTreeMap<bool, Frame>,
    /// Data that its host has sent to nobody.
    pub(super) kept: Option<Frame>,
    /// Whether something has come to pass that the mutant waits for.
    pub(super) marked: bool,
}

impl Session {
    /// How long ago it has expired, in its lifetimes; negative before.
    pub(super) fn age(&self) -> f64 {
        (now() - self.expires_at) / self.lifetime
    }
}

/// Milliseconds since the Unix epoch.
pub(super) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e3
}

impl Sessions {
    pub(super) fn came(&mut self, number: usize, is_host: bool) {
        self.present.insert(number, Present { is_host, is_paired: false });
    }

    pub(super) fn of(&self, code: &str) -> Option<&Session> {
        self.by_code.get(code)
    }

    pub(super) fn of_mut(&mut self, code: &str) -> Option<&mut Session> {
        self.by_code.get_mut(code)
    }

    /// A live code that begins with this.
    pub(super) fn beginning(&self, with: &str) -> Option<&str> {
        let mut codes =
            self.by_code.iter().rev().filter(|(code, session)| code.starts_with(with) && session.lost.is_none());
        codes.next().map(|(code, _)| &**code)
    }

    /// Whether somebody is still connected who has lost its host.
    pub(super) fn has_widow(&self) -> bool {
        self.widow.is_some_and(|viewer| self.present.contains_key(&viewer))
    }
}

impl Relay {
    /// The session that it takes part in.
    pub(super) fn session<'a>(&self, house: &'a mut House) -> Option<&'a mut Session> {
        house.sessions.of_mut(self.code.as_deref()?)
    }

    /// The session that it has last asked for.
    pub(super) fn wanted<'a>(&self, house: &'a mut House) -> Option<&'a mut Session> {
        house.sessions.of_mut(&self.asked)
    }

    /// Something that is not for the partner goes to it all the same, with the data that follows.
    pub(super) fn slip_in(&self, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
        self.session(house)?.slipped.insert(self.is_host, link::unmasked(seen.frame));
        None
    }

    /// Data, behind what has slipped in.
    pub(super) fn behind_what_slipped_in(&self, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
        let slipped = self.session(house)?.slipped.remove(&!self.is_host)?;
        Some(Said { onward: vec![slipped, seen.frame.clone()], ..Said::default() })
    }

    /// The number of its partner.
    pub(super) fn partner(&self, house: &mut House) -> Option<usize> {
        let session = self.session(house)?;
        if self.is_host { session.viewer } else { session.lost.is_none().then_some(session.host) }
    }

    /// Sees what becomes of its session.
    pub(super) fn learn(&mut self, seen: &Seen<'_>, house: &mut House) {
        self.pings += usize::from(seen.way == Way::Out && seen.frame.head == PING);
        match (seen.way, seen.kind) {
            (Way::In, "join") => seen.text("code").clone_into(&mut self.asked),
            (Way::Out, "registered") => self.registered(seen, house),
            (Way::Out, "joined") => self.joined(house),
            (Way::Out, "error") if seen.error() == "MAC_DISCONNECTED" => {
                (self.code, self.is_widowed, self.has_lost) = (None, true, true);
            }
            (Way::Out, "error") if seen.error() == "ALREADY_JOINED" && self.code.is_none() => {
                let number = self.number;
                if let Some(session) = self.wanted(house) {
                    session.refused.push(number);
                }
            }
            (way, _) if seen.frame.head == CLOSE => self.leave(way, house),
            _ => {}
        }
    }

    fn registered(&mut self, seen: &Seen<'_>, house: &mut House) {
        let code = seen.text("code");
        let expires_at = seen.message["expiresAt"].as_f64().unwrap_or_default();
        if let Some(session) = house.sessions.of_mut(code) {
            session.expires_at = expires_at;
            return;
        }
        let old = self.code.replace(code.to_owned());
        if let Some(session) = old.as_ref().and_then(|code| house.sessions.of_mut(code)) {
            session.is_replaced = true;
        }
        let session = Session {
            host: self.number,
            viewer: None,
            expires_at,
            lifetime: (expires_at - now()).max(1.0),
            lost: None,
            is_reset: false,
            is_named: false,
            is_replaced: false,
            is_fresh: old.is_some(),
            viewers: 0,
            left: None,
            refused: Vec::new(),
            slipped: BTreeMap::new(),
            kept: None,
            marked: false,
        };
        house.sessions.by_code.insert(code.to_owned(), session);
        self.codes.push(code.to_owned());
    }

    fn joined(&mut self, house: &mut House) {
        self.code = Some(self.asked.clone());
        self.is_widowed = false;
        let number = self.number;
        let Some(session) = self.session(house) else { return };
        session.viewer = Some(number);
        session.viewers += 1;
        let host = session.host;
        house.sessions.joined += 1;
        for number in [host, number] {
            house.sessions.present.entry(number).and_modify(|present| present.is_paired = true);
        }
    }

    /// It is lost, since one side has ended its connection.
    pub(super) fn leave(&mut self, way: Way, house: &mut House) {
        if house.sessions.present.remove(&self.number).is_none() {
            return;
        }
        let code = self.code.clone();
        let is_host = self.is_host;
        let number = self.number;
        let Some(session) = self.session(house) else { return };
        if is_host {
            for code in &self.codes {
                if let Some(session) = house.sessions.of_mut(code) {
                    session.lost = Some(way);
                }
            }
            house.sessions.dead.extend(code);
        } else if session.viewer == Some(number) {
            session.viewer = None;
            session.left = Some((Instant::now(), way));
            house.sessions.joined = house.sessions.joined.saturating_sub(1);
        }
    }
}
