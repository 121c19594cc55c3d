//! The core of the sync server: who may ask, what is answered, and who is told of what is new (chapter `sync`).
//!
//! What lasts is in a [`Store`], which does its jobs one after the other and says what came of each, in the same order. That order is the
//! only one there is: a subscription begins where its snapshot was read, so each message comes before that or behind it (SYNC-23). No clock,
//! no socket, no disk: a shell does the rest.

mod guesses;
mod page;
mod request;
mod store;
#[cfg(test)]
mod tests;

pub use guesses::Guesses;
pub use request::{Asked, Request};
pub use store::{Job, Outcome, Result, Store, Ticket};

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;
use relayspec::sync::{
    AnsweredId, AuthFailed, AuthRequired, AuthSuccess, CLOSE_GUESSED, Data, Error, MOST_GUESSES, PATH, Pin,
    ResourceUpdate, Subscribed, ToClient, Topic,
};
use relayspec::text::Prose;
use subtle::ConstantTimeEq;

use super::entropy::NoEntropy;
use super::{Action, Core, Inbound, Now, Page, PeerId};

/// What an answer that has still to be read from the store counts for, in bytes: while one is owed, its client is not read.
const SNAPSHOT_COST: usize = 64 << 10;
/// What any other answer that is owed counts for, beside the bytes of its request.
const ANSWER_COST: usize = 1 << 10;

/// The state of a sync server.
#[derive(Debug)]
pub struct Server<S> {
    pin: Pin,
    store: S,
    last_id: u64,
    peers: HashMap<PeerId, Peer>,
    /// The subscribers of each topic that has any.
    subscribers: HashMap<Topic, Vec<PeerId>>,
    guesses: Guesses,
}

#[derive(Debug, Default)]
struct Peer {
    address: Option<IpAddr>,
    has_authenticated: bool,
    /// How often it has shown a wrong PIN.
    failures: u32,
    topics: HashSet<Topic>,
}

impl<S> Server<S> {
    /// A server without connections.
    #[must_use]
    pub fn new(pin: Pin, store: S) -> Self {
        let (peers, subscribers) = (HashMap::new(), HashMap::new());
        Self { pin, store, last_id: 0, peers, subscribers, guesses: Guesses::default() }
    }
}

impl<S: Store + fmt::Debug + Send + 'static> Core for Server<S> {
    type Role = ();
    type Message = Asked;

    const NAME: &'static str = "sync server";
    // Of pushes for each client. One that reads so little is closed, and finds the rest in the snapshot when it is back (SYNC-51).
    const MARK: usize = 2 << 20;

    fn endpoint(path: &str) -> Option<()> {
        (path == PATH).then_some(())
    }

    fn page(path: &str) -> Option<Page> {
        page::at(path)
    }

    fn read_text((): (), text: &str) -> Inbound<Asked> {
        Inbound::Asked(Asked::read(text))
    }

    fn read_binary((): (), _: &[u8]) -> Inbound<Asked> {
        Inbound::Asked(Asked::Nameless("There are no binary messages here.".to_owned()))
    }

    fn open(&mut self, (): (), _: Now, _: &mut Vec<Action>) -> std::result::Result<PeerId, NoEntropy> {
        let peer = PeerId::after(self.last_id);
        self.last_id += 1;
        self.peers.insert(peer, Peer::default());
        Ok(peer)
    }

    fn came_from(&mut self, peer: PeerId, address: IpAddr) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.address = Some(address);
        }
    }

    fn receive(
        &mut self,
        from: PeerId,
        asked: Asked,
        now: Now,
        actions: &mut Vec<Action>,
    ) -> std::result::Result<(), NoEntropy> {
        self.take(from, asked, now, actions);
        Ok(())
    }

    fn lost(&mut self, peer: PeerId, _: Now, _: &mut Vec<Action>) {
        self.forget(peer);
    }
}

impl<S: Store> Server<S> {
    fn take(&mut self, from: PeerId, asked: Asked, now: Now, actions: &mut Vec<Action>) {
        let Some(peer) = self.peers.get(&from) else { return };
        match asked {
            Asked::Nameless(why) => say(from, error(None, &why), actions),
            Asked::Named { id, request: Request::Auth(pin) } => self.auth(from, id, pin.as_deref(), now, actions),
            Asked::Named { id, .. } if !peer.has_authenticated => {
                say(from, AuthRequired { id }.into(), actions); // SYNC-01
            }
            Asked::Named { id, request } => self.ask(from, id, request, actions),
        }
    }

    fn forget(&mut self, peer: PeerId) {
        let topics = self.peers.remove(&peer).map(|peer| peer.topics).unwrap_or_default();
        topics.iter().for_each(|topic| self.unsubscribe(peer, topic)); // SYNC-50
    }

    fn auth(&mut self, from: PeerId, id: String, pin: Option<&str>, now: Now, actions: &mut Vec<Action>) {
        let Some(peer) = self.peers.get_mut(&from) else { return };
        let is_locked = peer.address.is_some_and(|address| self.guesses.are_used_up(address, now.monotonic));
        let is_right = pin.is_some_and(|pin| bool::from(pin.as_bytes().ct_eq(self.pin.as_str().as_bytes())));
        if is_right && !is_locked {
            peer.has_authenticated = true;
            self.submit(from, id, ANSWER_COST, Job::Lists, actions);
            return;
        }
        peer.failures += 1;
        if let Some(address) = peer.address.filter(|_| !is_locked) {
            self.guesses.failed(address, now.monotonic);
        }
        let is_over = is_locked
            || peer.failures >= MOST_GUESSES
            || peer.address.is_some_and(|address| self.guesses.are_used_up(address, now.monotonic));
        let why = if is_locked { "Too many wrong PINs: come back later." } else { "This is not the PIN." };
        say(from, AuthFailed { id, error: prose(why) }.into(), actions); // SYNC-02
        if is_over {
            actions.push(Action::Close { peer: from, code: CLOSE_GUESSED, reason: "Too many wrong PINs" }); // SYNC-03
        }
    }

    fn ask(&mut self, from: PeerId, id: String, request: Request, actions: &mut Vec<Action>) {
        let (cost, job) = match request {
            Request::Auth(_) => return,
            Request::Wrong(why) => return say(from, error(Some(id), &why), actions),
            Request::Subscribe(topic) => (SNAPSHOT_COST, Job::Snapshot(topic)),
            // Through the store too, so that it comes behind a `subscribe` that was sent before it.
            Request::Unsubscribe(topic) => (ANSWER_COST, Job::Unsubscribe(topic)),
            Request::Send { chat, content } => (ANSWER_COST + content.len(), Job::Write { chat, content }),
        };
        self.submit(from, id, cost, job, actions);
    }

    fn submit(&mut self, peer: PeerId, id: String, cost: usize, job: Job, actions: &mut Vec<Action>) {
        actions.push(Action::Owe { peer, bytes: cost });
        self.store.submit(Ticket { peer, id, cost }, job);
    }

    /// The store has done a job. It has to be told in the order in which they were done.
    pub fn done(&mut self, ticket: Ticket, result: Result, actions: &mut Vec<Action>) {
        let Ticket { peer, id, cost } = ticket;
        let answer = match result {
            Err(why) => error(Some(id), why),
            Ok(Outcome::Lists(data)) => AuthSuccess { id, data }.into(),
            Ok(Outcome::Snapshot(snapshot)) => {
                self.subscribe(peer, snapshot.topic());
                Subscribed { id, snapshot }.into() // SYNC-10
            }
            Ok(Outcome::Unsubscribed(topic)) => {
                self.unsubscribe(peer, &topic);
                Data::Unsubscribed { id }.into() // SYNC-40
            }
            Ok(Outcome::Written(message)) => {
                self.push(ResourceUpdate::Message { of: message.chat_id.clone(), message }, actions); // SYNC-20
                Data::Sent { id }.into()
            }
        };
        say(peer, answer, actions);
        actions.push(Action::Settle { peer, bytes: cost });
    }

    /// Tells all who have subscribed to it.
    pub fn push(&self, news: ResourceUpdate, actions: &mut Vec<Action>) {
        if let Some(to) = self.subscribers.get(&news.topic()) {
            let text = Bytes::from(ToClient::from(Data::Push(news)).encode());
            actions.push(Action::Push { to: to.clone(), text });
        }
    }

    /// Twice is as once (SYNC-12).
    fn subscribe(&mut self, id: PeerId, topic: Topic) {
        if let Some(peer) = self.peers.get_mut(&id)
            && peer.topics.insert(topic.clone())
        {
            self.subscribers.entry(topic).or_default().push(id);
        }
    }

    fn unsubscribe(&mut self, id: PeerId, topic: &Topic) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.topics.remove(topic);
        }
        if let Some(subscribers) = self.subscribers.get_mut(topic) {
            subscribers.retain(|subscriber| *subscriber != id);
            if subscribers.is_empty() {
                self.subscribers.remove(topic);
            }
        }
    }
}

fn say(to: PeerId, message: ToClient, actions: &mut Vec<Action>) {
    actions.push(Action::Send { to, text: message.encode() });
}

fn error(id: Option<String>, why: &str) -> ToClient {
    Error { id: AnsweredId(id), error: prose(why) }.into()
}

fn prose(why: &str) -> Prose {
    Prose::new(why).expect("an explanation is not empty")
}
