//! Where connections meet: the relay's core behind a lock, and the mailbox of each connection.
//!
//! The lock is taken for what needs the relay's state: connections that open and end, `register`, `join`, and `data` that finds
//! no partner. It is never held across an `await`. Actions are carried out before it is given back, so all connections see
//! them in one order: `joined` before the first `data`, whoever runs on which core.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{debug, error};

use super::clock::Clock;
use super::closing::Close;
use super::mailbox::{Delivery, Mailbox};
use crate::server::entropy::{Entropy, NoEntropy};
use crate::server::{Action, Core, Letter, Now, PeerId};

/// Close code where the relay has a fault of its own (RFC 6455, section 7.4.1).
const INTERNAL_ERROR: Close = Close { code: 1011, reason: "The relay has no entropy" };

/// The operating system's entropy.
#[derive(Debug)]
pub struct System;

impl Entropy for System {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(bytes).map_err(|cause| {
            error!(%cause, "the system gives no random bytes");
            NoEntropy
        })
    }
}

#[derive(Debug)]
pub(super) struct Hub<C> {
    clock: Clock,
    state: Mutex<State<C>>,
}

#[derive(Debug)]
struct State<C> {
    core: C,
    mailboxes: HashMap<PeerId, Arc<Mailbox>>,
    /// Once the relay shuts down: how each connection is closed.
    closing: Option<Close>,
}

impl<C: Core> Hub<C> {
    pub(super) fn new(core: C) -> Result<Self, NoEntropy> {
        System.fill(&mut [0; 16])?;
        let state = State { core, mailboxes: HashMap::new(), closing: None };
        Ok(Self { clock: Clock::start(), state: Mutex::new(state) })
    }

    /// Takes a connection in, or says how it is to be closed.
    pub(super) fn open(self: &Arc<Self>, role: C::Role, address: Option<IpAddr>) -> Result<Member<C>, Close> {
        let mut state = self.lock();
        if let Some(close) = state.closing {
            return Err(close);
        }
        let mut actions = Vec::new();
        let id = state.core.open(role, self.clock.now(), &mut actions).map_err(|NoEntropy| INTERNAL_ERROR)?;
        if let Some(address) = address {
            state.core.came_from(id, address);
        }
        let mailbox = Arc::new(Mailbox::new(C::MARK, C::COUNTED));
        state.mailboxes.insert(id, Arc::clone(&mailbox));
        state.carry_out(actions);
        debug!(?id, ?role, "opened");
        Ok(Member { id, mailbox, hub: Arc::clone(self) })
    }

    /// Tells the relay something that came from no connection.
    pub(super) fn tell(&self, tell: impl FnOnce(&mut C, &mut Vec<Action>)) {
        let mut actions = Vec::new();
        let mut state = self.lock();
        tell(&mut state.core, &mut actions);
        state.carry_out(actions);
    }

    /// Asks the core something of its own, or tells it.
    pub(super) fn consult<T>(&self, ask: impl FnOnce(&mut C, Now) -> T) -> T {
        ask(&mut self.lock().core, self.clock.now())
    }

    /// How long it is until a moment of the monotonic clock.
    pub(super) fn time_until(&self, moment: Duration) -> Duration {
        moment.saturating_sub(self.clock.now().monotonic)
    }

    /// The mailbox of a connection that is there.
    pub(super) fn mailbox(&self, peer: PeerId) -> Option<Arc<Mailbox>> {
        self.lock().mailboxes.get(&peer).cloned()
    }

    /// Closes every connection, and those that would still open.
    pub(super) fn close_all(&self, close: Close) {
        let mut state = self.lock();
        state.closing = Some(close);
        state.mailboxes.values().for_each(|mailbox| mailbox.close(close));
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Core> State<C> {
    /// A mailbox that is full now, if there is one: whoever filled it has to wait for it.
    fn carry_out(&mut self, actions: Vec<Action>) -> Option<Arc<Mailbox>> {
        let mut full = None;
        let mailbox = |id: PeerId| self.mailboxes.get(&id);
        for action in actions {
            match action {
                Action::Send { to, text } => _ = mailbox(to).map(|mailbox| mailbox.answer(&text)),
                Action::Answer { to, letter } => {
                    _ = mailbox(to).map(|mailbox| match letter {
                        Letter::Text(text) => mailbox.answer(&text),
                        Letter::Binary(bytes) => mailbox.answer_binary(&bytes),
                    });
                }
                Action::Forward { to, letter } => {
                    for mailbox in to.into_iter().filter_map(mailbox) {
                        let delivery = match &letter {
                            Letter::Text(text) => mailbox.deliver(text),
                            Letter::Binary(bytes) => mailbox.deliver_binary([bytes.as_slice()]),
                        };
                        if delivery == Delivery::Full {
                            full = Some(Arc::clone(mailbox));
                        }
                    }
                }
                Action::Push { to, text } => to.into_iter().filter_map(mailbox).for_each(|mailbox| mailbox.push(&text)),
                Action::Owe { peer, bytes } => _ = mailbox(peer).map(|mailbox| mailbox.owe(bytes)),
                Action::Settle { peer, bytes } => _ = mailbox(peer).map(|mailbox| mailbox.settle(bytes)),
                // Nobody waits: what is replayed is bounded.
                Action::Replay { to, frames } => _ = mailbox(to).map(|mailbox| mailbox.deliver_binary(frames.iter())),
                Action::Pair { host: one, viewer: other } => {
                    if let (Some(one), Some(other)) = (mailbox(one), mailbox(other)) {
                        one.set_partner(Some(Arc::clone(other)));
                        other.set_partner(Some(Arc::clone(one)));
                    }
                }
                Action::Part { host, viewer } => {
                    [host, viewer].into_iter().filter_map(mailbox).for_each(|mailbox| mailbox.set_partner(None));
                }
                Action::Close { peer, code, reason } => {
                    _ = mailbox(peer).map(|mailbox| mailbox.close(Close { code, reason }));
                }
            }
        }
        full
    }
}

/// A connection's place in the hub. When it is dropped, the connection is lost (WIRE-09), however its task ended.
#[derive(Debug)]
pub(super) struct Member<C: Core> {
    id: PeerId,
    mailbox: Arc<Mailbox>,
    hub: Arc<Hub<C>>,
}

impl<C: Core> Member<C> {
    /// The mailbox of this connection.
    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// Asks the relay. A mailbox that is full now, if there is one: this connection has to wait for it.
    #[must_use]
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

    /// The connection has said nothing for too long.
    pub(super) fn unheard(&self) {
        let mut actions = Vec::new();
        let mut state = self.hub.lock();
        state.core.unheard(self.id, &mut actions);
        state.carry_out(actions);
    }
}

impl<C: Core> Drop for Member<C> {
    fn drop(&mut self) {
        let mut actions = Vec::new();
        let mut state = self.hub.lock();
        state.core.lost(self.id, self.hub.clock.now(), &mut actions);
        state.carry_out(actions);
        state.mailboxes.remove(&self.id);
        self.mailbox.shut(); // Before anybody else can be paired: no data may be left here that is for another.
        drop(state);
        debug!(id = ?self.id, "lost");
    }
}
