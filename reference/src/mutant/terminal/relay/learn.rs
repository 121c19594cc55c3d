//! What a connection of a terminal relay learns from its frames.

use super::sessions::{LossKind, TerminalSession};
use super::{Observed, TerminalLink, TerminalRole};
use crate::mutant::link::{Flow, Links, Loss};
use crate::mutant::wire::{BINARY, CLOSE, Frame, PING, PONG, TEXT};

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

    pub(super) fn learn(&mut self, observed: &Observed<'_>, state: &mut Links) {
        let frame = observed.frame;
        match (observed.flow, frame.head) {
            (Flow::In, TEXT | BINARY) => self.received(observed, state),
            (Flow::In, PONG) => self.pongs += 1,
            (Flow::In, CLOSE) => self.leave(LossKind::Close, state),
            (Flow::Out, PING) => self.pings += 1,
            (Flow::Out, BINARY) => self.shown += 1,
            (Flow::Out, CLOSE) if matches!(frame.close_code(), 1002 | 1007) => self.leave(LossKind::Violation, state),
            _ => {}
        }
        match (observed.flow, observed.kind) {
            (Flow::Out, "registered") => self.registered(observed.text("code"), state),
            (Flow::Out, "auth_success") => self.joins(state),
            _ => {}
        }
    }

    fn received(&mut self, observed: &Observed<'_>, state: &mut Links) {
        state.terminals.silent.remove(&self.number);
        self.words += 1;
        if self.words == 1 {
            self.case = super::first::case(observed);
            self.was_late = self.since.elapsed() > super::LATE;
        }
        match observed.kind {
            "register" if self.side.is_none() => observed.text("client_id").clone_into(&mut self.client),
            "auth" if self.side.is_none() => {
                observed.text("session_code").clone_into(&mut self.asked);
                self.code = self.asked.to_ascii_uppercase();
                if let Some(session) = self.session(state) {
                    session.was_missed |= session.lost.is_some();
                }
            }
            _ => {}
        }
        let (is_host, is_viewer, number) = (self.is_host(), self.is_viewer(), self.number);
        let Some(session) = self.session(state) else { return };
        let id = observed.text("session_id").as_bytes();
        match observed.kind {
            "" if observed.frame.head == BINARY && is_host && number == session.host => {
                session.on_frame(observed.frame);
            }
            "" if observed.frame.head == BINARY && is_viewer => session.typed = Some(observed.frame.clone()),
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
