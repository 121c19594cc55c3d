//! The sync client: authenticates, keeps its user's subscriptions across losses, and completes each request (SYNC-C1 to SYNC-C6).
//!
//! A chat has no gap after a loss: messages of the next snapshot that the user has not seen are delivered as pushes.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use relayspec::driver::{Command, Event};
use relayspec::sync::{
    AnsweredId, Auth, AuthFailed, AuthRequired, AuthSuccess, Data, Error, Resource, ResourceUpdate, Snapshot,
    Subscribed, ToClient, ToServer, Topic,
};
use relayspec::timing::{Parameter, Timing};
use serde_json::json;

use super::report::{fail, hand_over, message, snapshot_json, succeed};
use super::requests::{Operation, PendingRequest, PendingRequests};
use crate::client::Outgoing;
use crate::client::context::{ClientContext, ClientRole, LARGEST_MESSAGE, Transition, ignore_invalid};

const LATE: &str = "No answer came in time.";

#[derive(Debug)]
pub(crate) struct SyncClient {
    pin: String,
    /// The chat of a person who types lines, if any.
    chat: Option<String>,
    subscribe_timeout: Duration,
    request_timeout: Duration,
    /// The id of this connection's `auth`.
    auth: Option<String>,
    is_in: bool,
    was_refused: bool,
    requests: PendingRequests,
    /// The user's subscriptions, in order.
    wanted: Vec<Topic>,
    /// The subscriptions of this connection.
    active: HashSet<Topic>,
    /// The last message delivered to the user, by chat.
    known: HashMap<String, u32>,
}

impl SyncClient {
    /// A client with this PIN. With a chat it subscribes to it at once, and sends typed lines there. Uses `subscribe_timeout` and
    /// `request_timeout`.
    pub(crate) fn new(pin: String, chat: Option<String>, timing: &Timing) -> Self {
        Self {
            pin,
            wanted: chat.iter().cloned().map(Topic::Chat).collect(),
            chat,
            subscribe_timeout: timing.value(Parameter::SubscribeTimeout),
            request_timeout: timing.value(Parameter::RequestTimeout),
            auth: None,
            is_in: false,
            was_refused: false,
            requests: PendingRequests::default(),
            active: HashSet::new(),
            known: HashMap::new(),
        }
    }

    fn submit(&mut self, user: Option<String>, operation: Operation, ctx: &mut ClientContext) {
        let timeout =
            if let Operation::Send { .. } = operation { self.request_timeout } else { self.subscribe_timeout };
        let request = PendingRequest { user, operation, deadline: ctx.now + timeout };
        if self.requests.are_too_many() {
            return fail(request.user, "Too many unanswered requests: this was not sent.", ctx);
        }
        match &request.operation {
            Operation::Subscribe(topic) if !self.wanted.contains(topic) => self.wanted.push(topic.clone()),
            Operation::Unsubscribe(topic) => {
                self.wanted.retain(|wanted| wanted != topic);
                for withdrawn in self.requests.withdraw(|waiting| waiting.subscribes_to(topic)) {
                    fail(withdrawn.user, "Unsubscribed before it was subscribed.", ctx);
                }
                if !self.is_in {
                    // The lost connection has taken its subscriptions with it.
                    return succeed(request.user, json!({ "unsubscribed": true }), ctx);
                }
            }
            _ => {}
        }
        if self.is_in { self.ask(request, ctx) } else { self.requests.wait(request) }
    }

    fn ask(&mut self, request: PendingRequest, ctx: &mut ClientContext) {
        let id = self.requests.draw_id();
        let text = request.message(id.clone()).encode();
        if text.len() > LARGEST_MESSAGE {
            return fail(request.user, "A message has at most 1 MiB: this was not sent.", ctx);
        }
        self.requests.asked(id, request);
        ctx.send(Outgoing::Text(text));
    }

    fn enter(&mut self, ctx: &mut ClientContext) {
        self.is_in = true;
        ctx.report(Event::Joined {});
        ctx.transit(Transition::Succeed);
        let again: Vec<_> =
            self.wanted.iter().filter(|topic| !self.requests.will_subscribe_to(topic)).cloned().collect();
        let deadline = ctx.now + self.subscribe_timeout;
        for topic in again {
            self.ask(PendingRequest { user: None, operation: Operation::Subscribe(topic), deadline }, ctx); // SYNC-C3
        }
        for request in self.requests.take_waiting() {
            self.ask(request, ctx);
        }
    }

    fn subscribed(&mut self, Subscribed { id, snapshot }: Subscribed, ctx: &mut ClientContext) {
        let Some(request) = self.requests.answered(&id) else { return }; // SYNC-C5
        let topic = snapshot.topic();
        if !request.subscribes_to(&topic) {
            return fail(request.user, "The server answered another request.", ctx);
        }
        if !self.wanted.contains(&topic) {
            return fail(request.user, "Unsubscribed meanwhile.", ctx);
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
                        hand_over(ResourceUpdate::Message { of: of.clone(), message }, ctx);
                    }
                }
            }
        }
        succeed(request.user, whole, ctx);
    }

    fn push(&mut self, news: ResourceUpdate, ctx: &mut ClientContext) {
        let topic = news.topic();
        if !self.active.contains(&topic) || !self.wanted.contains(&topic) {
            return; // SYNC-C4
        }
        if let ResourceUpdate::Message { of, message } = &news {
            let known = self.known.entry(of.clone()).or_default();
            *known = message.seq.max(*known);
        }
        hand_over(news, ctx);
    }

    fn done(&mut self, id: &str, what: &str, ctx: &mut ClientContext) {
        let Some(request) = self.requests.answered(id) else { return }; // SYNC-C5
        if let Operation::Unsubscribe(topic) = &request.operation
            && !self.wanted.contains(topic)
        {
            self.leave(topic);
        }
        succeed(request.user, json!({ what: true }), ctx);
    }

    fn refused(&mut self, id: Option<&str>, why: &str, ctx: &mut ClientContext) {
        match id {
            None => ctx.refuse("error", why),
            Some(id) => {
                if let Some(request) = self.requests.answered(id) {
                    self.failed(request, why, ctx);
                }
            }
        }
    }

    fn failed(&mut self, request: PendingRequest, why: &str, ctx: &mut ClientContext) {
        if let Operation::Subscribe(topic) = &request.operation
            && request.user.is_some()
            && !self.active.contains(topic)
        {
            self.wanted.retain(|wanted| wanted != topic);
        }
        fail(request.user, why, ctx);
    }

    fn leave(&mut self, topic: &Topic) {
        self.active.remove(topic);
        if let Topic::Chat(id) = topic {
            self.known.remove(id);
        }
    }
}

impl ClientRole for SyncClient {
    fn greet(&mut self, ctx: &mut ClientContext) {
        let id = self.requests.draw_id();
        let auth = Auth { id: id.clone(), pin: self.pin.clone() };
        self.auth = Some(id);
        ctx.send(Outgoing::Text(ToServer::from(auth).encode())); // SYNC-C1
    }

    fn text(&mut self, text: &str, ctx: &mut ClientContext) {
        let message = match ToClient::decode(text) {
            Ok(message) => message,
            Err(error) => return ignore_invalid("server", &error), // SYNC-C6
        };
        match message {
            ToClient::AuthSuccess(AuthSuccess { id, .. }) if self.auth.as_ref() == Some(&id) && !self.is_in => {
                self.enter(ctx);
            }
            ToClient::AuthFailed(AuthFailed { id, error }) if self.auth.as_ref() == Some(&id) && !self.is_in => {
                self.was_refused = true;
                ctx.report(Event::Error { code: "auth_failed".to_owned(), message: error.to_string() });
                ctx.transit(Transition::GiveUp); // SYNC-C2, RECON-11
            }
            ToClient::AuthSuccess(_) | ToClient::AuthFailed(_) => {}
            ToClient::AuthRequired(AuthRequired { id }) => {
                self.refused(Some(&id), "The server asks for the PIN again.", ctx);
            }
            ToClient::Subscribed(subscribed) => self.subscribed(subscribed, ctx),
            ToClient::Data(Data::Sent { id }) => self.done(&id, "sent", ctx),
            ToClient::Data(Data::Unsubscribed { id }) => self.done(&id, "unsubscribed", ctx),
            ToClient::Data(Data::Push(news)) => self.push(news, ctx),
            ToClient::Error(Error { id: AnsweredId(id), error }) => self.refused(id.as_deref(), error.as_str(), ctx),
        }
    }

    fn binary(&mut self, _: &[u8], _: &mut ClientContext) {}

    fn command(&mut self, command: Command, ctx: &mut ClientContext) {
        let topic = |resource: &str, id| Resource::named(resource).and_then(|resource| Topic::new(resource, id));
        let (id, operation) = match command {
            Command::Subscribe { id, resource, resource_id } => {
                (Some(id), topic(&resource, resource_id).map(Operation::Subscribe))
            }
            Command::Unsubscribe { id, resource, resource_id } => {
                (Some(id), topic(&resource, resource_id).map(Operation::Unsubscribe))
            }
            Command::Send { id, payload } => (id, message(&payload)),
            command => return ctx.unsupported(&command),
        };
        match operation {
            Some(operation) => self.submit(id, operation, ctx),
            None => fail(id, "Unknown resource or malformed payload.", ctx),
        }
    }

    fn typed(&mut self, bytes: &[u8], ctx: &mut ClientContext) {
        let content = String::from_utf8_lossy(bytes).trim_end_matches(['\r', '\n']).to_owned();
        match self.chat.clone() {
            Some(chat) => self.submit(None, Operation::Send { chat, content }, ctx),
            None => ctx.refuse("NO_CHAT", "No chat was given: this was not sent."),
        }
    }

    fn forget(&mut self) -> usize {
        self.requests.forget()
    }

    fn tick(&mut self, ctx: &mut ClientContext) {
        for request in self.requests.overdue(ctx.now) {
            self.failed(request, LATE, ctx); // SYNC-C5
        }
    }

    fn wake_at(&self) -> Option<Instant> {
        self.requests.next_deadline()
    }

    fn comes_back(&mut self, _: Option<u16>, ctx: &mut ClientContext) -> bool {
        (self.auth, self.is_in) = (None, false);
        self.active.clear();
        for request in self.requests.take_open() {
            match &request.operation {
                Operation::Subscribe(_) if request.user.is_some() => self.requests.wait(request),
                Operation::Subscribe(_) => {}
                Operation::Unsubscribe(_) => succeed(request.user, json!({ "unsubscribed": true }), ctx),
                Operation::Send { .. } => {
                    let why = "The connection was lost: this may or may not have arrived.";
                    fail(request.user, why, ctx); // SYNC-C3
                }
            }
        }
        !self.was_refused
    }
}
