//! Where connections meet: the core behind a lock, and the mailbox of each connection.
//!
//! The lock is taken for everything that needs the core's state: opening and losing connections, `register`, `join`, and `data` without a
//! partner. It is never held across an `await`. Actions are carried out before it is released, so all connections see them in one order:
//! `joined` before the first `data`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::debug;

use super::clock::Clock;
use super::closing::Close;
use super::mailbox::{Delivery, Mailbox};
use super::system::SystemRandom;
use crate::server::entropy::{Entropy, NoEntropy};
use crate::server::{Now, PeerId, ServerAction, ServerCore, WireMessage};

/// How a connection is closed after an internal error (RFC 6455, section 7.4.1).
const INTERNAL_ERROR: Close = Close { code: 1011, reason: "No entropy" };

#[derive(Debug)]
pub(super) struct Hub<C> {
    clock: Clock,
    state: Mutex<HubState<C>>,
}

#[derive(Debug)]
struct HubState<C> {
    core: C,
    mailboxes: HashMap<PeerId, Arc<Mailbox>>,
    /// Set at shutdown: how connections are closed.
    closing: Option<Close>,
}

impl<C: ServerCore> Hub<C> {
    pub(super) fn new(core: C) -> Result<Self, NoEntropy> {
        SystemRandom.fill(&mut [0; 16])?;
        let state = HubState { core, mailboxes: HashMap::new(), closing: None };
        Ok(Self { clock: Clock::start(), state: Mutex::new(state) })
    }

    pub(super) fn open(self: &Arc<Self>, role: C::Role, address: Option<IpAddr>) -> Result<PeerHandle<C>, Close> {
        let mut state = self.lock();
        if let Some(close) = state.closing {
            return Err(close);
        }
        let mut actions = Vec::new();
        let id = state.core.open(role, self.clock.now(), &mut actions).map_err(|NoEntropy| INTERNAL_ERROR)?;
        if let Some(address) = address {
            state.core.set_address(id, address);
        }
        let mailbox = Arc::new(Mailbox::new(C::MARK, C::COUNTED));
        state.mailboxes.insert(id, Arc::clone(&mailbox));
        state.carry_out(actions);
        debug!(?id, ?role, "opened");
        Ok(PeerHandle { id, mailbox, hub: Arc::clone(self) })
    }

    /// Passes the core an event that did not come from a connection.
    pub(super) fn update(&self, update: impl FnOnce(&mut C, &mut Vec<ServerAction>)) {
        let mut actions = Vec::new();
        let mut state = self.lock();
        update(&mut state.core, &mut actions);
        state.carry_out(actions);
    }

    /// Calls the core without actions.
    pub(super) fn consult<T>(&self, ask: impl FnOnce(&mut C, Now) -> T) -> T {
        ask(&mut self.lock().core, self.clock.now())
    }

    pub(super) fn time_until(&self, moment: Duration) -> Duration {
        moment.saturating_sub(self.clock.now().monotonic)
    }

    pub(super) fn mailbox(&self, peer: PeerId) -> Option<Arc<Mailbox>> {
        self.lock().mailboxes.get(&peer).cloned()
    }

    pub(super) fn close_all(&self, close: Close) {
        let mut state = self.lock();
        state.closing = Some(close);
        state.mailboxes.values().for_each(|mailbox| mailbox.close(close));
    }

    fn lock(&self) -> MutexGuard<'_, HubState<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: ServerCore> HubState<C> {
    /// Carries out actions; returns a mailbox that is full now, if any. Its sender has to wait.
    fn carry_out(&mut self, actions: Vec<ServerAction>) -> Option<Arc<Mailbox>> {
        let mut full = None;
        let mailbox = |id: PeerId| self.mailboxes.get(&id);
        for action in actions {
            match action {
                ServerAction::Send { to, text } => _ = mailbox(to).map(|mailbox| mailbox.answer(&text)),
                ServerAction::Answer { to, message } => {
                    _ = mailbox(to).map(|mailbox| match message {
                        WireMessage::Text(text) => mailbox.answer(&text),
                        WireMessage::Binary(bytes) => mailbox.answer_binary(&bytes),
                    });
                }
                ServerAction::Forward { to, message } => {
                    for mailbox in to.into_iter().filter_map(mailbox) {
                        let delivery = match &message {
                            WireMessage::Text(text) => mailbox.deliver(text),
                            WireMessage::Binary(bytes) => mailbox.deliver_binary([bytes.as_slice()]),
                        };
                        if delivery == Delivery::Full {
                            full = Some(Arc::clone(mailbox));
                        }
                    }
                }
                ServerAction::Push { to, text } => {
                    to.into_iter().filter_map(mailbox).for_each(|mailbox| mailbox.push(&text));
                }
                ServerAction::Owe { peer, bytes } => _ = mailbox(peer).map(|mailbox| mailbox.owe(bytes)),
                ServerAction::Settle { peer, bytes } => _ = mailbox(peer).map(|mailbox| mailbox.settle(bytes)),
                // Bounded, so no one needs to wait.
                ServerAction::Replay { to, frames } => {
                    _ = mailbox(to).map(|mailbox| mailbox.deliver_binary(frames.iter()));
                }
                ServerAction::Pair { host: one, viewer: other } => {
                    if let (Some(one), Some(other)) = (mailbox(one), mailbox(other)) {
                        one.set_partner(Some(Arc::clone(other)));
                        other.set_partner(Some(Arc::clone(one)));
                    }
                }
                ServerAction::Part { host, viewer } => {
                    [host, viewer].into_iter().filter_map(mailbox).for_each(|mailbox| mailbox.set_partner(None));
                }
                ServerAction::Close { peer, code, reason } => {
                    _ = mailbox(peer).map(|mailbox| mailbox.close(Close { code, reason }));
                }
            }
        }
        full
    }
}

/// A registered connection. Dropping it counts as its loss (WIRE-09), however its task ended.
#[derive(Debug)]
pub(super) struct PeerHandle<C: ServerCore> {
    id: PeerId,
    mailbox: Arc<Mailbox>,
    hub: Arc<Hub<C>>,
}

impl<C: ServerCore> PeerHandle<C> {
    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// Passes a message to the core; returns a mailbox that is full now, if any. This connection has to wait for it.
    pub(super) fn receive(&self, message: C::Message) -> Option<Arc<Mailbox>> {
        let mut actions = Vec::new();
        let mut state = self.hub.lock();
        match state.core.receive(self.id, message, self.hub.clock.now(), &mut actions) {
            Ok(()) => state.carry_out(actions),
            Err(NoEntropy) => {
                self.mailbox.close(INTERNAL_ERROR);
                None
            }
        }
    }

    pub(super) fn first_message_overdue(&self) {
        let mut actions = Vec::new();
        let mut state = self.hub.lock();
        state.core.first_message_overdue(self.id, &mut actions);
        state.carry_out(actions);
    }
}

impl<C: ServerCore> Drop for PeerHandle<C> {
    fn drop(&mut self) {
        let mut actions = Vec::new();
        let mut state = self.hub.lock();
        state.core.lost(self.id, self.hub.clock.now(), &mut actions);
        state.carry_out(actions);
        state.mailboxes.remove(&self.id);
        self.mailbox.shut(); // Before the lock is released: no data for a later peer may be left here.
        drop(state);
        debug!(id = ?self.id, "lost");
    }
}
