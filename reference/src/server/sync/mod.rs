//! The core of the sync server: authentication, answers, and pushes to subscribers (chapter `sync`).
//!
//! Durable data is in a [`Store`], which runs jobs in order and reports their results in the same order. That order decides everything: a
//! subscription begins where its snapshot was read, so each message is either in the snapshot or pushed after it (SYNC-23).

mod guesses;
mod page;
mod request;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use guesses::Guesses;
pub(crate) use request::{ParsedMessage, SyncRequest};
pub(crate) use store::{Job, JobOutcome, JobResult, Store, Ticket};

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
use super::{Inbound, Now, Page, PeerId, ServerAction, ServerCore};

/// The cost of an owed snapshot, in bytes: a client that is owed one is not read.
const SNAPSHOT_COST: usize = 64 << 10;
/// The cost of any other owed answer, besides the bytes of its request.
const ANSWER_COST: usize = 1 << 10;

#[derive(Debug)]
pub(crate) struct SyncServerCore<S> {
    pin: Pin,
    store: S,
    last_id: u64,
    peers: HashMap<PeerId, SyncPeer>,
    /// Without empty entries.
    subscribers: HashMap<Topic, Vec<PeerId>>,
    guesses: Guesses,
}

#[derive(Debug, Default)]
struct SyncPeer {
    address: Option<IpAddr>,
    has_authenticated: bool,
    /// Wrong PINs on this connection.
    failures: u32,
    topics: HashSet<Topic>,
}

impl<S> SyncServerCore<S> {
    pub(crate) fn new(pin: Pin, store: S) -> Self {
        let (peers, subscribers) = (HashMap::new(), HashMap::new());
        Self { pin, store, last_id: 0, peers, subscribers, guesses: Guesses::default() }
    }
}

impl<S: Store + fmt::Debug + Send + 'static> ServerCore for SyncServerCore<S> {
    type Role = ();
    type Message = ParsedMessage;

    const NAME: &'static str = "sync server";
    // Of unread pushes per client. A client beyond it is closed, and catches up from the snapshot when it reconnects (SYNC-51).
    const MARK: usize = 2 << 20;

    fn endpoint(path: &str) -> Option<()> {
        (path == PATH).then_some(())
    }

    fn page(path: &str) -> Option<Page> {
        page::at(path)
    }

    fn read_text((): (), text: &str) -> Inbound<ParsedMessage> {
        Inbound::Request(ParsedMessage::read(text))
    }

    fn read_binary((): (), _: &[u8]) -> Inbound<ParsedMessage> {
        Inbound::Request(ParsedMessage::Unidentified("The sync family has no binary messages.".to_owned()))
    }

    fn open(&mut self, (): (), _: Now, _: &mut Vec<ServerAction>) -> Result<PeerId, NoEntropy> {
        let peer = PeerId::after(self.last_id);
        self.last_id += 1;
        self.peers.insert(peer, SyncPeer::default());
        Ok(peer)
    }

    fn set_address(&mut self, peer: PeerId, address: IpAddr) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.address = Some(address);
        }
    }

    fn receive(
        &mut self,
        from: PeerId,
        asked: ParsedMessage,
        now: Now,
        actions: &mut Vec<ServerAction>,
    ) -> Result<(), NoEntropy> {
        self.take(from, asked, now, actions);
        Ok(())
    }

    fn lost(&mut self, peer: PeerId, _: Now, _: &mut Vec<ServerAction>) {
        self.forget(peer);
    }
}

impl<S: Store> SyncServerCore<S> {
    fn take(&mut self, from: PeerId, asked: ParsedMessage, now: Now, actions: &mut Vec<ServerAction>) {
        let Some(peer) = self.peers.get(&from) else { return };
        match asked {
            ParsedMessage::Unidentified(why) => send(from, error(None, &why), actions),
            ParsedMessage::Identified { id, request: SyncRequest::Auth(pin) } => {
                self.auth(from, id, pin.as_deref(), now, actions);
            }
            ParsedMessage::Identified { id, .. } if !peer.has_authenticated => {
                send(from, AuthRequired { id }.into(), actions); // SYNC-01
            }
            ParsedMessage::Identified { id, request } => self.ask(from, id, request, actions),
        }
    }

    fn forget(&mut self, peer: PeerId) {
        let topics = self.peers.remove(&peer).map(|peer| peer.topics).unwrap_or_default();
        topics.iter().for_each(|topic| self.unsubscribe(peer, topic)); // SYNC-50
    }

    fn auth(&mut self, from: PeerId, id: String, pin: Option<&str>, now: Now, actions: &mut Vec<ServerAction>) {
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
        let why = if is_locked { "Too many wrong PINs: try again later." } else { "This is not the PIN." };
        send(from, AuthFailed { id, error: prose(why) }.into(), actions); // SYNC-02
        if is_over {
            actions.push(ServerAction::Close { peer: from, code: CLOSE_GUESSED, reason: "Too many wrong PINs" }); // SYNC-03
        }
    }

    fn ask(&mut self, from: PeerId, id: String, request: SyncRequest, actions: &mut Vec<ServerAction>) {
        let (cost, job) = match request {
            SyncRequest::Auth(_) => return,
            SyncRequest::Invalid(why) => return send(from, error(Some(id), &why), actions),
            SyncRequest::Subscribe(topic) => (SNAPSHOT_COST, Job::Snapshot(topic)),
            // Also a job, so that it is answered after an earlier `subscribe`.
            SyncRequest::Unsubscribe(topic) => (ANSWER_COST, Job::Unsubscribe(topic)),
            SyncRequest::Send { chat, content } => (ANSWER_COST + content.len(), Job::Write { chat, content }),
        };
        self.submit(from, id, cost, job, actions);
    }

    fn submit(&mut self, peer: PeerId, id: String, cost: usize, job: Job, actions: &mut Vec<ServerAction>) {
        actions.push(ServerAction::Owe { peer, bytes: cost });
        self.store.submit(Ticket { peer, id, cost }, job);
    }

    /// The result of a job. Results must be passed in the order of the jobs.
    pub(crate) fn done(&mut self, ticket: Ticket, result: JobResult, actions: &mut Vec<ServerAction>) {
        let Ticket { peer, id, cost } = ticket;
        let answer = match result {
            Err(why) => error(Some(id), why),
            Ok(JobOutcome::Lists(data)) => AuthSuccess { id, data }.into(),
            Ok(JobOutcome::Snapshot(snapshot)) => {
                self.subscribe(peer, snapshot.topic());
                Subscribed { id, snapshot }.into() // SYNC-10
            }
            Ok(JobOutcome::Unsubscribed(topic)) => {
                self.unsubscribe(peer, &topic);
                Data::Unsubscribed { id }.into() // SYNC-40
            }
            Ok(JobOutcome::Written(message)) => {
                self.push(ResourceUpdate::Message { of: message.chat_id.clone(), message }, actions); // SYNC-20
                Data::Sent { id }.into()
            }
        };
        send(peer, answer, actions);
        actions.push(ServerAction::Settle { peer, bytes: cost });
    }

    pub(crate) fn push(&self, news: ResourceUpdate, actions: &mut Vec<ServerAction>) {
        if let Some(to) = self.subscribers.get(&news.topic()) {
            let text = Bytes::from(ToClient::from(Data::Push(news)).encode());
            actions.push(ServerAction::Push { to: to.clone(), text });
        }
    }

    /// Idempotent (SYNC-12).
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

fn send(to: PeerId, message: ToClient, actions: &mut Vec<ServerAction>) {
    actions.push(ServerAction::Send { to, text: message.encode() });
}

fn error(id: Option<String>, why: &str) -> ToClient {
    Error { id: AnsweredId(id), error: prose(why) }.into()
}

fn prose(why: &str) -> Prose {
    Prose::new(why).expect("an explanation is not empty")
}
