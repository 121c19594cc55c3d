//! Dispatches public requests to the agents' connections, and returns their outcomes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use relayspec::timing::{Parameter, Timing};
use relayspec::tunnel::HttpRequest;
use tokio::sync::{Notify, oneshot};

use crate::net::bodies::{BodyBudget, BodyPermit};
use crate::net::hub::Hub;
use crate::net::mailbox::{Delivery, Mailbox};
use crate::net::message_queue::OwnedMessage;
use crate::net::system::SystemRandom;
use crate::server::tunnel::{PublicOutcome, Refusal, RequestId, TunnelCloudCore, Waiter, encode};
use crate::server::{PeerId, ServerCore as _, WireMessage};

pub(super) type CloudCore = TunnelCloudCore<SystemRandom, OutcomeSender>;

#[derive(Debug)]
pub(super) struct Dispatcher {
    hub: Arc<Hub<CloudCore>>,
    /// Notified of each request, since the first one sets the next deadline.
    first: Notify,
    pub(super) request_timeout: Duration,
    pub(super) max_body: usize,
    /// The budget for unsent requests of an agent. Each agent has its own: one that does not read blocks no other (WIRE-10).
    uploads: Mutex<(Option<PeerId>, BodyBudget)>,
    max_unsent: usize,
    /// The budget for unread answers.
    pub(super) answers: BodyBudget,
}

/// Limits in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimits {
    /// Of one request.
    pub(super) max_body: usize,
    /// Of all unsent requests for one agent.
    pub(super) max_unsent: usize,
    /// Of all unread answers.
    pub(super) max_unread: usize,
}

#[derive(Debug)]
pub(super) struct OutcomeSender(oneshot::Sender<PublicOutcome>);

impl Waiter for OutcomeSender {
    fn resolve(self, outcome: PublicOutcome) {
        _ = self.0.send(outcome);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DispatchError {
    /// The core refused it.
    Refused(Refusal),
    /// Encoded, it exceeds what an agent must accept.
    TooLarge,
}

impl Dispatcher {
    pub(super) fn new(hub: Arc<Hub<CloudCore>>, timing: &Timing, options: BodyLimits) -> Self {
        let BodyLimits { max_body, max_unsent, max_unread } = options;
        Self {
            hub,
            first: Notify::new(),
            request_timeout: timing.value(Parameter::RequestTimeout),
            max_body,
            uploads: Mutex::new((None, BodyBudget::new(0))),
            max_unsent,
            answers: BodyBudget::new(max_unread),
        }
    }

    /// The budget of the agent that would get a request now, or why it would be refused.
    pub(super) fn admit(&self) -> Result<BodyBudget, Refusal> {
        let (agent, _) = self.hub.consult(|core, _| core.admit())?;
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        if uploads.0 != Some(agent) {
            *uploads = (Some(agent), BodyBudget::new(self.max_unsent));
        }
        Ok(uploads.1.clone())
    }

    /// Sends a request, without its id so far, to its agent, and waits for the outcome. Dropping the future frees the request (TUN-23).
    pub(super) async fn ask(
        &self,
        mut request: HttpRequest,
        permit: BodyPermit,
    ) -> Result<PublicOutcome, DispatchError> {
        let (reply, outcome) = oneshot::channel();
        let asked =
            self.hub.consult(|core, now| core.assign(OutcomeSender(reply), now)).map_err(DispatchError::Refused)?;
        let under_way = RequestGuard { hub: &self.hub, id: asked.id };
        self.first.notify_one();
        request.id = asked.id.written();
        let send = async {
            // If the agent is gone, its loss has resolved the outcome.
            let Some(mailbox) = self.hub.mailbox(asked.agent) else { return Ok(()) };
            has_room(&mailbox).await;
            deliver(&mailbox, encode(request, asked.encoding), permit)
        };
        let mut outcome = outcome;
        let early = tokio::select! {
            biased;
            early = &mut outcome => Some(early),
            sent = send => { sent?; None }
        };
        let outcome = match early {
            Some(early) => early,
            None => outcome.await,
        };
        drop(under_way);
        // The core resolves every waiter before it drops one.
        Ok(outcome.unwrap_or(PublicOutcome::Lost))
    }

    /// Passes the time to the core whenever a deadline is due.
    pub(super) async fn keep_time(&self) {
        loop {
            match self.hub.consult(|core, _| core.wake_at()) {
                None => self.first.notified().await,
                Some(moment) => {
                    tokio::time::sleep(self.hub.time_until(moment)).await;
                    self.hub.consult(CloudCore::tick);
                }
            }
        }
    }
}

async fn has_room(mailbox: &Mailbox) {
    std::future::poll_fn(|cx| mailbox.poll_room(cx)).await;
}

/// Delivers a message to an agent. It holds its permit until it is sent.
fn deliver(mailbox: &Mailbox, message: WireMessage, permit: BodyPermit) -> Result<(), DispatchError> {
    let (bytes, is_binary) = match message {
        WireMessage::Text(text) => (text.into_bytes(), false),
        WireMessage::Binary(bytes) => (bytes, true),
    };
    if bytes.len() > CloudCore::LEAST_MESSAGE {
        return Err(DispatchError::TooLarge);
    }
    // If the connection is gone, the core resolves the outcome; if the mailbox is full, the next request waits.
    let _: Delivery = mailbox.deliver_owned(OwnedMessage { bytes: permit.holding(bytes), is_binary });
    Ok(())
}

/// Frees a request on drop.
struct RequestGuard<'a> {
    hub: &'a Hub<CloudCore>,
    id: RequestId,
}

impl Drop for RequestGuard<'_> {
    fn drop(&mut self) {
        self.hub.consult(|core, _| core.forget(self.id));
    }
}
