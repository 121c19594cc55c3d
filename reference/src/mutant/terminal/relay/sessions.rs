//! The sessions of a terminal relay, as observed in its traffic.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Observed, TerminalLink, TerminalRole};
use crate::mutant::link::{Flow, Links, Loss};
use crate::mutant::terminal::session_id;
use crate::mutant::wire::{BINARY, CLOSE, Frame, PING, PONG, TEXT};

/// The number of messages whose place in the scrollback is tracked.
const MOST_KEPT: usize = 4096;
/// Longer messages are counted only.
const LONGEST_KEPT: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LossKind {
    Close,
    Fin,
    Reset,
    Violation,
    Termination,
}

impl LossKind {
    /// Whether the name of a mutant ends with this kind of loss.
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

#[derive(Debug, Default)]
pub(crate) struct TerminalSessions {
    by_code: BTreeMap<String, TerminalSession>,
    /// Connections that have sent nothing.
    pub(super) silent: BTreeSet<usize>,
    /// The connection that sent hostile input last.
    pub(super) hostile: Option<usize>,
    /// Whether a connection has sent more than its partner reads.
    pub(super) is_flooded: bool,
}

#[derive(Debug, Default)]
pub(super) struct TerminalSession {
    pub(super) host: usize,
    pub(super) client: String,
    pub(super) viewers: Vec<usize>,
    pub(super) came: usize,
    pub(super) partings: BTreeSet<LossKind>,
    pub(super) action: usize,
    pub(super) latest: Vec<u8>,
    /// The scrollback for later viewers: session ids and short messages.
    pub(super) kept: Vec<(Vec<u8>, Option<Frame>)>,
    /// Closed terminal sessions, by id, with their scrollback.
    pub(super) closed: BTreeMap<Vec<u8>, Vec<Frame>>,
    /// The scrollback of a closed session whose id is used again.
    pub(super) revived: Vec<Frame>,
    pub(super) closings: usize,
    /// Terminal sessions that a viewer has reported closed.
    pub(super) ended: BTreeSet<Vec<u8>>,
    pub(super) typed: Option<Frame>,
    pub(super) malformed: Vec<Frame>,
    pub(super) hoard: Vec<Vec<u8>>,
    pub(super) lost: Option<LossKind>,
    /// Whether a viewer has used the code of the lost host.
    pub(super) was_missed: bool,
    pub(super) inherited: Vec<Frame>,
}

impl TerminalSession {
    fn on_frame(&mut self, frame: &Frame) {
        let Some(id) = session_id(&frame.payload) else {
            self.malformed.push(frame.clone());
            return;
        };
        self.action += 1;
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

    fn backlog(&self) -> usize {
        if self.kept.len() < MOST_KEPT { self.kept.len() } else { 0 }
    }
}

impl TerminalSessions {
    pub(super) fn of(&mut self, code: &str) -> Option<&mut TerminalSession> {
        self.by_code.get_mut(code)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &TerminalSession> {
        self.by_code.values()
    }

    /// The host whose code is a part of this text.
    pub(super) fn within(&self, text: &str) -> Option<usize> {
        let is_part = |code: &str| text.len() > code.len() && text.contains(code);
        let mut live = self.by_code.iter().filter(|(code, session)| is_part(code) && session.lost.is_none());
        live.next().map(|(_, session)| session.host)
    }

    pub(super) fn beginning(&self, with: &str) -> Option<&str> {
        let with = with.to_ascii_uppercase();
        let mut live = self.by_code.iter().filter(|(code, session)| code.starts_with(&with) && session.lost.is_none());
        live.next().map(|(code, _)| &**code)
    }
}

impl TerminalLink {
    /// The session of a connection, or the one that a refused viewer asked for.
    pub(super) fn session<'a>(&self, state: &'a mut Links) -> Option<&'a mut TerminalSession> {
        state.terminals.of(&self.code)
    }

    pub(super) fn is_host(&self) -> bool {
        self.side == Some(TerminalRole::Host)
    }

    pub(super) fn is_viewer(&self) -> bool {
        self.side == Some(TerminalRole::Viewer)
    }

    /// Whether a message for the connection was sent before it joined.
    pub(super) fn is_replayed(&self) -> bool {
        self.shown <= self.backlog
    }

    pub(super) fn learn(&mut self, seen: &Observed<'_>, state: &mut Links) {
        let frame = seen.frame;
        match (seen.flow, frame.head) {
            (Flow::In, TEXT | BINARY) => self.hears(seen, state),
            (Flow::In, PONG) => self.pongs += 1,
            (Flow::In, CLOSE) => self.leave(LossKind::Close, state),
            (Flow::Out, PING) => self.pings += 1,
            (Flow::Out, BINARY) => self.shown += 1,
            (Flow::Out, CLOSE) if matches!(frame.close_code(), 1002 | 1007) => self.leave(LossKind::Violation, state),
            _ => {}
        }
        match (seen.flow, seen.kind) {
            (Flow::Out, "registered") => self.registered(seen.text("code"), state),
            (Flow::Out, "auth_success") => self.joins(state),
            _ => {}
        }
    }

    fn hears(&mut self, seen: &Observed<'_>, state: &mut Links) {
        state.terminals.silent.remove(&self.number);
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
                if let Some(session) = self.session(state) {
                    session.was_missed |= session.lost.is_some();
                }
            }
            _ => {}
        }
        let (is_host, is_viewer, number) = (self.is_host(), self.is_viewer(), self.number);
        let Some(session) = self.session(state) else { return };
        let id = seen.text("session_id").as_bytes();
        match seen.kind {
            "" if seen.frame.head == BINARY && is_host && number == session.host => session.on_frame(seen.frame),
            "" if seen.frame.head == BINARY && is_viewer => session.typed = Some(seen.frame.clone()),
            "session_disconnected" if is_host => session.closes(id),
            "session_disconnected" if is_viewer => _ = session.ended.insert(id.to_vec()),
            _ => {}
        }
    }

    fn registered(&mut self, code: &str, state: &mut Links) {
        self.side = Some(TerminalRole::Host);
        code.clone_into(&mut self.code);
        let inherited = self.inherits(state);
        let session =
            TerminalSession { host: self.number, client: self.client.clone(), inherited, ..TerminalSession::default() };
        state.terminals.by_code.entry(code.to_owned()).or_insert(session);
    }

    /// The output of lost hosts with the same client id, for the first viewer of this one.
    fn inherits(&self, state: &mut Links) -> Vec<Frame> {
        let lost = state.terminals.by_code.values_mut().filter(|session| {
            let is_lost = session.lost.is_some_and(|lost| lost.is_of(self.mutant)) && session.was_missed;
            is_lost && session.client == self.client
        });
        lost.flat_map(|session| std::mem::take(&mut session.kept)).filter_map(|(_, frame)| frame).collect()
    }

    fn joins(&mut self, state: &mut Links) {
        self.side = Some(TerminalRole::Viewer);
        let number = self.number;
        let Some(session) = self.session(state) else { return };
        session.came += 1;
        session.viewers.push(number);
        let (ordinal, backlog, sent_before) = (session.came, session.backlog(), session.action);
        (self.ordinal, self.backlog, self.sent_before) = (ordinal, backlog, sent_before);
    }

    pub(super) fn leave(&mut self, parting: LossKind, state: &mut Links) {
        state.terminals.silent.remove(&self.number);
        if std::mem::replace(&mut self.has_left, true) {
            return;
        }
        state.terminals.hostile = state.terminals.hostile.filter(|hostile| *hostile != self.number);
        let (is_host, number) = (self.is_host(), self.number);
        let Some(session) = self.session(state) else { return };
        if is_host && session.host == number {
            session.lost = Some(parting);
        } else if session.viewers.contains(&number) {
            session.viewers.retain(|viewer| *viewer != number);
            session.partings.insert(parting);
        }
    }

    pub(super) fn ended(&mut self, flow: Flow, loss: Loss, state: &mut Links) {
        let parting = match (flow, loss) {
            (Flow::In, Loss::Ended) => LossKind::Fin,
            (Flow::In, Loss::Reset) => LossKind::Reset,
            (Flow::Out, _) => LossKind::Termination,
        };
        self.leave(parting, state);
    }
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
