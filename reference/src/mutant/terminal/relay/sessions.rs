//! What is known of the sessions of a relay, from what goes by.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Relay, Seen, Side};
use crate::mutant::link::{House, Loss, Way};
use crate::mutant::terminal::session_id;
use crate::mutant::wire::{BINARY, CLOSE, Frame, PING, PONG, TEXT};

/// Of so many messages it is known what a viewer is sent that comes late.
const MOST_KEPT: usize = 4096;
/// Longer ones are counted, but not known.
const LONGEST_KEPT: usize = 256;

/// How a peer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Parting {
    Close,
    Fin,
    Reset,
    Violation,
    /// The relay has ended the connection.
    Termination,
}

impl Parting {
    /// Whether a mutant is one of this way of parting, by the end of its name.
    pub(super) fn is_of(self, name: &str) -> bool {
        let words = match self {
            Self::Close => "by-close",
            Self::Fin => "by-fin",
            Self::Reset => "by-reset",
            Self::Violation => "by-violation",
            Self::Termination => return false,
        };
        name.ends_with(words)
    }
}

/// All sessions, those of lost hosts too.
#[derive(Debug, Default)]
pub(crate) struct Terminals {
    by_code: BTreeMap<String, Session>,
    /// Who has connected and said nothing.
    pub(super) silent: BTreeSet<usize>,
    /// Who has meant harm last.
    pub(super) hostile: Option<usize>,
    /// Whether somebody has sent more than its partner reads.
    pub(super) is_flooded: bool,
}

/// A host, and who is connected to it.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) host: usize,
    /// Its client id.
    pub(super) client: String,
    /// The viewers that are there, by their numbers.
    pub(super) viewers: Vec<usize>,
    /// How many viewers have come.
    pub(super) came: usize,
    /// How viewers have left.
    pub(super) partings: BTreeSet<Parting>,
    /// How many binary messages the host has sent.
    pub(super) said: usize,
    /// The last of them.
    pub(super) latest: Vec<u8>,
    /// What is kept for viewers that come late: the session ids, and the messages that are short.
    pub(super) kept: Vec<(Vec<u8>, Option<Frame>)>,
    /// The ids of terminal sessions that were closed, and what they have shown.
    pub(super) closed: BTreeMap<Vec<u8>, Vec<Frame>>,
    /// What a closed session has shown whose id is used again.
    pub(super) revived: Vec<Frame>,
    /// How often its host has closed a terminal session.
    pub(super) closings: usize,
    /// The ids of terminal sessions that a viewer has told to be closed.
    pub(super) ended: BTreeSet<Vec<u8>>,
    /// The last binary message of a viewer.
    pub(super) typed: Option<Frame>,
    /// Malformed messages of the host.
    pub(super) malformed: Vec<Frame>,
    /// What is kept that need not be.
    pub(super) hoard: Vec<Vec<u8>>,
    /// How its host was lost.
    pub(super) lost: Option<Parting>,
    /// Whether somebody has asked for the code of the lost host.
    pub(super) was_missed: bool,
    /// What a host before it has said.
    pub(super) inherited: Vec<Frame>,
}

impl Session {
    fn says(&mut self, frame: &Frame) {
        let Some(id) = session_id(&frame.payload) else {
            self.malformed.push(frame.clone());
            return;
        };
        self.said += 1;
        self.latest.clone_from(&frame.payload);
        if let Some(old) = self.closed.get(id) {
            self.revived.clone_from(old);
        }
        if self.kept.len() < MOST_KEPT {
            let known = (frame.payload.len() <= LONGEST_KEPT).then(|| frame.clone());
            self.kept.push((id.to_vec(), known));
        }
    }

    fn closes(&mut self, id: &[u8]) {
        self.closings += 1;
        let (gone, kept) = std::mem::take(&mut self.kept).into_iter().partition(|(other, _)| *other == id);
        self.kept = kept;
        let gone: Vec<(Vec<u8>, Option<Frame>)> = gone;
        self.closed.insert(id.to_vec(), gone.into_iter().filter_map(|(_, frame)| frame).collect());
    }

    /// How many messages a viewer is sent that comes now.
    fn backlog(&self) -> usize {
        if self.kept.len() < MOST_KEPT { self.kept.len() } else { 0 }
    }
}

impl Terminals {
    pub(super) fn of(&mut self, code: &str) -> Option<&mut Session> {
        self.by_code.get_mut(code)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Session> {
        self.by_code.values()
    }

    /// The host whose code is part of this, and not all of it.
    pub(super) fn within(&self, text: &str) -> Option<usize> {
        let is_part = |code: &str| text.len() > code.len() && text.contains(code);
        let mut live = self.by_code.iter().filter(|(code, session)| is_part(code) && session.lost.is_none());
        live.next().map(|(_, session)| session.host)
    }

    /// A live code that begins with this, in any case of letters.
    pub(super) fn beginning(&self, with: &str) -> Option<&str> {
        let with = with.to_ascii_uppercase();
        let mut live = self.by_code.iter().filter(|(code, session)| code.starts_with(&with) && session.lost.is_none());
        live.next().map(|(code, _)| &**code)
    }
}

impl Relay {
    /// The session that it takes part in; of a viewer that is not let in, the one that it asks for.
    pub(super) fn session<'a>(&self, house: &'a mut House) -> Option<&'a mut Session> {
        house.terminals.of(&self.code)
    }

    pub(super) fn is_host(&self) -> bool {
        self.side == Some(Side::Host)
    }

    pub(super) fn is_viewer(&self) -> bool {
        self.side == Some(Side::Viewer)
    }

    /// Whether a message for it is of those that were sent before it came.
    pub(super) fn is_replayed(&self) -> bool {
        self.shown <= self.backlog
    }

    /// Sees what becomes of its session.
    pub(super) fn learn(&mut self, seen: &Seen<'_>, house: &mut House) {
        let frame = seen.frame;
        match (seen.way, frame.head) {
            (Way::In, TEXT | BINARY) => self.hears(seen, house),
            (Way::In, PONG) => self.pongs += 1,
            (Way::In, CLOSE) => self.leave(Parting::Close, house),
            (Way::Out, PING) => self.pings += 1,
            (Way::Out, BINARY) => self.shown += 1,
            (Way::Out, CLOSE) if matches!(frame.close_code(), 1002 | 1007) => self.leave(Parting::Violation, house),
            _ => {}
        }
        match (seen.way, seen.kind) {
            (Way::Out, "registered") => self.registered(seen.text("code"), house),
            (Way::Out, "auth_success") => self.joins(house),
            _ => {}
        }
    }

    fn hears(&mut self, seen: &Seen<'_>, house: &mut House) {
        house.terminals.silent.remove(&self.number);
        self.words += 1;
        if self.words == 1 {
            self.case = super::first::case(seen);
            self.was_late = self.since.elapsed() > super::LATE;
        }
        match seen.kind {
            "register" if self.side.is_none() => seen.text("client_id").clone_into(&mut self.client),
            "auth" if self.side.is_none() => {
                seen.text("session_code").clone_into(&mut self.asked);
                self.code = self.asked.to_ascii_uppercase();
                if let Some(session) = self.session(house) {
                    session.was_missed |= session.lost.is_some();
                }
            }
            _ => {}
        }
        let (is_host, is_viewer, number) = (self.is_host(), self.is_viewer(), self.number);
        let Some(session) = self.session(house) else { return };
        let id = seen.text("session_id").as_bytes();
        match seen.kind {
            "" if seen.frame.head == BINARY && is_host && number == session.host => session.says(seen.frame),
            "" if seen.frame.head == BINARY && is_viewer => session.typed = Some(seen.frame.clone()),
            "session_disconnected" if is_host => session.closes(id),
            "session_disconnected" if is_viewer => _ = session.ended.insert(id.to_vec()),
            _ => {}
        }
    }

    fn registered(&mut self, code: &str, house: &mut House) {
        self.side = Some(Side::Host);
        code.clone_into(&mut self.code);
        let inherited = self.inherits(house);
        let session = Session { host: self.number, client: self.client.clone(), inherited, ..Session::default() };
        house.terminals.by_code.entry(code.to_owned()).or_insert(session);
    }

    /// What hosts of the same client id have left that were lost as the mutant has it, for the first that comes.
    fn inherits(&self, house: &mut House) -> Vec<Frame> {
        let lost = house.terminals.by_code.values_mut().filter(|session| {
            let is_lost = session.lost.is_some_and(|lost| lost.is_of(self.mutant)) && session.was_missed;
            is_lost && session.client == self.client
        });
        lost.flat_map(|session| std::mem::take(&mut session.kept)).filter_map(|(_, frame)| frame).collect()
    }

    fn joins(&mut self, house: &mut House) {
        self.side = Some(Side::Viewer);
        let number = self.number;
        let Some(session) = self.session(house) else { return };
        session.came += 1;
        session.viewers.push(number);
        let (ordinal, backlog, said_before) = (session.came, session.backlog(), session.said);
        (self.ordinal, self.backlog, self.said_before) = (ordinal, backlog, said_before);
    }

    /// It is lost.
    pub(super) fn leave(&mut self, parting: Parting, house: &mut House) {
        house.terminals.silent.remove(&self.number);
        if std::mem::replace(&mut self.has_left, true) {
            return;
        }
        house.terminals.hostile = house.terminals.hostile.filter(|hostile| *hostile != self.number);
        let (is_host, number) = (self.is_host(), self.number);
        let Some(session) = self.session(house) else { return };
        if is_host && session.host == number {
            session.lost = Some(parting);
        } else if session.viewers.contains(&number) {
            session.viewers.retain(|viewer| *viewer != number);
            session.partings.insert(parting);
        }
    }

    /// One side has ended the connection.
    pub(super) fn ended(&mut self, way: Way, loss: Loss, house: &mut House) {
        let parting = match (way, loss) {
            (Way::In, Loss::Ended) => Parting::Fin,
            (Way::In, Loss::Reset) => Parting::Reset,
            (Way::Out, _) => Parting::Termination,
        };
        self.leave(parting, house);
    }
}

/// A text that a value is.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
