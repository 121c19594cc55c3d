//! The client: authenticates, keeps its user's subscriptions over losses, and brings each request to an end (SYNC-C1 to SYNC-C6).
//!
//! What its user has of a chat goes on where a loss has cut it off: messages that the next snapshot has and the user has not are handed over
//! as if they had been pushed.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use relayspec::driver::{Command, Event};
use relayspec::sync::{
    AnsweredId, Auth, AuthFailed, AuthRequired, AuthSuccess, Data, Error, Resource, ResourceUpdate, Snapshot,
    Subscribed, ToClient, ToServer, Topic,
};
use relayspec::timing::{Parameter, Timing};
use serde_json::json;
use tracing::info;

use super::requests::{Request, Requests, Wish};
use super::told::{fail, hand_over, message, snapshot_json, succeed};
use crate::client::Outgoing;
use crate::client::desk::{Desk, LARGEST_MESSAGE, Role};

const LATE: &str = "No answer came in time.";

/// A client.
#[derive(Debug)]
pub struct Client {
    pin: String,
    /// The chat of a person who types lines.
    chat: Option<String>,
    subscribe_timeout: Duration,
    request_timeout: Duration,
    /// The id of the `auth` of this connection.
    auth: Option<String>,
    is_in: bool,
    was_refused: bool,
    requests: Requests,
    /// What the user has subscribed to, in that order.
    wanted: Vec<Topic>,
    /// What is subscribed on this connection.
    active: HashSet<Topic>,
    /// The number of the latest message that the user has, by chat.
    known: HashMap<String, u32>,
}

impl Client {
    /// A client that shows this PIN. With a chat it subscribes to that by itself, and sends there what a person types. Of the timing it uses
    /// `subscribe_timeout` and `request_timeout`.
    #[must_use]
    pub fn new(pin: String, chat: Option<String>, timing: &Timing) -> Self {
        Self {
            pin,
            wanted: chat.iter().cloned().map(Topic::Chat).collect(),
            chat,
            subscribe_timeout: timing.value(Parameter::SubscribeTimeout),
            request_timeout: timing.value(Parameter::RequestTimeout),
            auth: None,
            is_in: false,
            was_refused: false,
            requests: Requests::default(),
            active: HashSet::new(),
            known: HashMap::new(),
        }
    }

    /// The user asks for something.
    fn wish(&mut self, user: Option<String>, wish: Wish, desk: &mut Desk) {
        let timeout = if let Wish::Send { .. } = wish { self.request_timeout } else { self.subscribe_timeout };
        let request = Request { user, wish, deadline: desk.now() + timeout };
        if self.requests.are_too_many() {
            return fail(request.user, "Too much waits to be answered already: this was not sent.", desk);
        }
        match &request.wish {
            Wish::Subscribe(topic) if !self.wanted.contains(topic) => self.wanted.push(topic.clone()),
            Wish::Unsubscribe(topic) => {
                self.wanted.retain(|wanted| wanted != topic);
                for withdrawn in self.requests.withdraw(|waiting| waiting.subscribes_to(topic)) {
                    fail(withdrawn.user, "This was unsubscribed before it was subscribed.", desk);
                }
                if !self.is_in {
                    // With the connection all subscriptions are gone.
                    return succeed(request.user, json!({ "unsubscribed": true }), desk);
                }
            }
            _ => {}
        }
        if self.is_in { self.ask(request, desk) } else { self.requests.wait(request) }
    }

    fn ask(&mut self, request: Request, desk: &mut Desk) {
        let id = self.requests.draw_id();
        let text = request.message(id.clone()).encode();
        if text.len() > LARGEST_MESSAGE {
            return fail(request.user, "A message has at most 1 MiB: this was not sent.", desk);
        }
        self.requests.asked(id, request);
        desk.say(Outgoing::Text(text));
    }

    /// The server has let the client in.
    fn enter(&mut self, desk: &mut Desk) {
        self.is_in = true;
        desk.report(Event::Joined {});
        desk.succeed();
        let again: Vec<_> =
            self.wanted.iter().filter(|topic| !self.requests.will_subscribe_to(topic)).cloned().collect();
        let deadline = desk.now() + self.subscribe_timeout;
        for topic in again {
            self.ask(Request { user: None, wish: Wish::Subscribe(topic), deadline }, desk); // SYNC-C3
        }
        for request in self.requests.take_waiting() {
            self.ask(request, desk);
        }
    }

    fn subscribed(&mut self, Subscribed { id, snapshot }: Subscribed, desk: &mut Desk) {
        let Some(request) = self.requests.answered(&id) else { return }; // SYNC-C5
        let topic = snapshot.topic();
        if !request.subscribes_to(&topic) {
            return fail(request.user, "The server answered something else.", desk);
        }
        if !self.wanted.contains(&topic) {
            return fail(request.user, "This was unsubscribed meanwhile.", desk);
        }
        self.active.insert(topic);
        let by_the_user = request.user.is_some();
        let whole = snapshot_json(&snapshot);
        if let Snapshot::Chat { id: of, messages } = snapshot {
            for message in messages {
                let known = self.known.entry(of.clone()).or_default();
                if message.seq > *known {
                    *known = message.seq;
                    if !by_the_user {
                        hand_over(ResourceUpdate::Message { of: of.clone(), message }, desk);
                    }
                }
            }
        }
        succeed(request.user, whole, desk);
    }

    fn push(&mut self, news: ResourceUpdate, desk: &mut Desk) {
        let topic = news.topic();
        if !self.active.contains(&topic) || !self.wanted.contains(&topic) {
            return; // SYNC-C4
        }
        if let ResourceUpdate::Message { of, message } = &news {
            let known = self.known.entry(of.clone()).or_default();
            *known = message.seq.max(*known);
        }
        hand_over(news, desk);
    }

    fn done(&mut self, id: &str, what: &str, desk: &mut Desk) {
        let Some(request) = self.requests.answered(id) else { return }; // SYNC-C5
        if let Wish::Unsubscribe(topic) = &request.wish
            && !self.wanted.contains(topic)
        {
            self.leave(topic);
        }
        succeed(request.user, json!({ what: true }), desk);
    }

    fn refused(&mut self, id: Option<&str>, why: &str, desk: &mut Desk) {
        match id {
            None => desk.refuse("error", why),
            Some(id) => {
                if let Some(request) = self.requests.answered(id) {
                    self.failed(request, why, desk);
                }
            }
        }
    }

    /// A request came to nothing.
    fn failed(&mut self, request: Request, why: &str, desk: &mut Desk) {
        if let Wish::Subscribe(topic) = &request.wish
            && request.user.is_some()
            && !self.active.contains(topic)
        {
            self.wanted.retain(|wanted| wanted != topic);
        }
        fail(request.user, why, desk);
    }

    fn leave(&mut self, topic: &Topic) {
        self.active.remove(topic);
        if let Topic::Chat(id) = topic {
            self.known.remove(id);
        }
    }
}

impl Role for Client {
    fn greet(&mut self, desk: &mut Desk) {
        let id = self.requests.draw_id();
        let auth = Auth { id: id.clone(), pin: self.pin.clone() };
        self.auth = Some(id);
        desk.say(Outgoing::Text(ToServer::from(auth).encode())); // SYNC-C1
    }

    fn text(&mut self, text: &str, desk: &mut Desk) {
        let message = match ToClient::decode(text) {
            Ok(message) => message,
            Err(error) => {
                let why: String = error.to_string().chars().take(200).collect();
                info!(%why, "the server sent what is no message, which is ignored"); // SYNC-C6
                return;
            }
        };
        match message {
            ToClient::AuthSuccess(AuthSuccess { id, .. }) if self.auth.as_ref() == Some(&id) && !self.is_in => {
                self.enter(desk);
            }
            ToClient::AuthFailed(AuthFailed { id, error }) if self.auth.as_ref() == Some(&id) && !self.is_in => {
                self.was_refused = true;
                desk.report(Event::Error { code: "auth_failed".to_owned(), message: error.to_string() });
                desk.give_up(); // SYNC-C2, RECON-11
            }
            ToClient::AuthSuccess(_) | ToClient::AuthFailed(_) => {}
            ToClient::AuthRequired(AuthRequired { id }) => {
                self.refused(Some(&id), "The server asks for the PIN again.", desk);
            }
            ToClient::Subscribed(subscribed) => self.subscribed(subscribed, desk),
            ToClient::Data(Data::Sent { id }) => self.done(&id, "sent", desk),
            ToClient::Data(Data::Unsubscribed { id }) => self.done(&id, "unsubscribed", desk),
            ToClient::Data(Data::Push(news)) => self.push(news, desk),
            ToClient::Error(Error { id: AnsweredId(id), error }) => self.refused(id.as_deref(), error.as_str(), desk),
        }
    }

    fn binary(&mut self, _: &[u8], _: &mut Desk) {}

    fn command(&mut self, command: Command, desk: &mut Desk) {
        let topic = |resource: &str, id| Resource::named(resource).and_then(|resource| Topic::new(resource, id));
        let (id, wish) = match command {
            Command::Subscribe { id, resource, resource_id } => {
                (Some(id), topic(&resource, resource_id).map(Wish::Subscribe))
            }
            Command::Unsubscribe { id, resource, resource_id } => {
                (Some(id), topic(&resource, resource_id).map(Wish::Unsubscribe))
            }
            Command::Send { id, payload } => (id, message(&payload)),
            command => return desk.unsupported(&command),
        };
        match wish {
            Some(wish) => self.wish(id, wish, desk),
            None => fail(id, "This names nothing that there could be.", desk),
        }
    }

    fn typed(&mut self, bytes: &[u8], desk: &mut Desk) {
        let content = String::from_utf8_lossy(bytes).trim_end_matches(['\r', '\n']).to_owned();
        match self.chat.clone() {
            Some(chat) => self.wish(None, Wish::Send { chat, content }, desk),
            None => desk.refuse("NO_CHAT", "No chat was named: this was not sent."),
        }
    }

    fn forget(&mut self) -> usize {
        self.requests.forget()
    }

    fn tick(&mut self, desk: &mut Desk) {
        for request in self.requests.overdue(desk.now()) {
            self.failed(request, LATE, desk); // SYNC-C5
        }
    }

    fn wake_at(&self) -> Option<Instant> {
        self.requests.next_deadline()
    }

    fn comes_back(&mut self, _: Option<u16>, desk: &mut Desk) -> bool {
        (self.auth, self.is_in) = (None, false);
        self.active.clear();
        for request in self.requests.take_open() {
            match &request.wish {
                Wish::Subscribe(_) if request.user.is_some() => self.requests.wait(request),
                Wish::Subscribe(_) => {}
                Wish::Unsubscribe(_) => succeed(request.user, json!({ "unsubscribed": true }), desk),
                Wish::Send { .. } => {
                    let why = "The connection was lost: nobody knows whether this has arrived.";
                    fail(request.user, why, desk); // SYNC-C3
                }
            }
        }
        !self.was_refused
    }
}
