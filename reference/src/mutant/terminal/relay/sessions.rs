//! The sessions of a terminal relay, as its traffic shows them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::mutant::terminal::session_id;
use crate::mutant::wire::Frame;

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
    pub(super) by_code: BTreeMap<String, TerminalSession>,
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
    pub(super) fn on_frame(&mut self, frame: &Frame) {
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

    pub(super) fn closes(&mut self, id: &[u8]) {
        self.closings += 1;
        let (gone, kept) = std::mem::take(&mut self.kept).into_iter().partition(|(other, _)| *other == id);
        self.kept = kept;
        let gone: Vec<(Vec<u8>, Option<Frame>)> = gone;
        self.closed.insert(id.to_vec(), gone.into_iter().filter_map(|(_, frame)| frame).collect());
    }

    pub(super) fn backlog(&self) -> usize {
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

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
