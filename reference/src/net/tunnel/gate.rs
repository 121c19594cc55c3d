//! Where the public side meets the agents: a request is handed to the agent's connection, and its outcome comes back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use relayspec::timing::{Parameter, Timing};
use relayspec::tunnel::HttpRequest;
use tokio::sync::{Notify, oneshot};

use super::Core;
use crate::net::bodies::{Budget, Room};
use crate::net::hub::Hub;
use crate::net::mailbox::{Delivery, Mailbox};
use crate::server::tunnel::{Outcome, Refusal, RequestId, Waiter, written};
use crate::server::{Letter, PeerId};

/// The side of the cloud that the public sees.
#[derive(Debug)]
pub(super) struct Gate {
    hub: Arc<Hub<Core>>,
    /// The first request came after there was none: its deadline is the next one.
    first: Notify,
    pub(super) request_timeout: Duration,
    pub(super) max_body: usize,
    /// What requests may take, until their agents have them. Each agent has its own: one that does not read holds up no other (WIRE-10).
    uploads: Mutex<(Option<PeerId>, Budget)>,
    most_uploads: usize,
    /// What answers may take, until their clients have them.
    pub(super) answers: Budget,
}

/// What requests for one agent may take: a few bodies, and far less than what WIRE-11 allows.
const MOST_UPLOADS: usize = 32 << 20;

/// A public client that waits.
#[derive(Debug)]
pub(super) struct Reply(oneshot::Sender<Outcome>);

impl Waiter for Reply {
    fn tell(self, outcome: Outcome) {
        _ = self.0.send(outcome);
    }
}

/// Why a message reaches no agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsent {
    /// As the core says.
    Refused(Refusal),
    /// As a message it is larger than an agent has to accept.
    TooLarge,
}

impl Gate {
    pub(super) fn new(hub: Arc<Hub<Core>>, timing: &Timing, max_body: usize, max_kept: usize) -> Self {
        Self {
            hub,
            first: Notify::new(),
            request_timeout: timing.value(Parameter::RequestTimeout),
            max_body,
            uploads: Mutex::new((None, Budget::new(0))),
            most_uploads: max_kept.min(MOST_UPLOADS).max(max_body),
            answers: Budget::new(max_kept),
        }
    }

    /// Whether a request would be sent to anybody now, and then the room that there is for it.
    pub(super) fn admit(&self) -> Result<Budget, Refusal> {
        let (agent, _) = self.hub.consult(|core, _| core.admit())?;
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        if uploads.0 != Some(agent) {
            *uploads = (Some(agent), Budget::new(self.most_uploads));
        }
        Ok(uploads.1.clone())
    }

    /// Sends a request, but for its id, to the agent that is to have it, and waits for the outcome. Dropped, it frees the request
    /// (TUN-23).
    pub(super) async fn ask(&self, mut request: HttpRequest, room: Room) -> Result<Outcome, Unsent> {
        let (reply, outcome) = oneshot::channel();
        let asked = self.hub.consult(|core, now| core.ask(Reply(reply), now)).map_err(Unsent::Refused)?;
        let under_way = UnderWay { hub: &self.hub, id: asked.id };
        self.first.notify_one();
        request.id = asked.id.written();
        let send = async {
            // An agent that is gone has told the outcome.
            let Some(mailbox) = self.hub.mailbox(asked.agent) else { return Ok(()) };
            has_room(&mailbox).await;
            let letter = written(request, asked.encoding);
            drop(room); // What waits in a mailbox is bounded by the mailbox.
            deliver(&mailbox, letter)
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
        // The core tells everybody something before it forgets them.
        Ok(outcome.unwrap_or(Outcome::Lost))
    }

    /// Tells the core the time, whenever it has something to do.
    pub(super) async fn keep_time(&self) {
        loop {
            match self.hub.consult(|core, _| core.wake_at()) {
                None => self.first.notified().await,
                Some(moment) => {
                    tokio::time::sleep(self.hub.time_until(moment)).await;
                    self.hub.consult(super::Core::tick);
                }
            }
        }
    }
}

/// Ready when the agent's connection takes more.
async fn has_room(mailbox: &Mailbox) {
    std::future::poll_fn(|cx| mailbox.poll_room(cx)).await;
}

fn deliver(mailbox: &Mailbox, letter: Letter) -> Result<(), Unsent> {
    use crate::server::Core as _;

    if letter.len() > Core::LEAST_MESSAGE {
        return Err(Unsent::TooLarge);
    }
    // Where the connection is gone, the core tells of the loss; where the mailbox is full now, the next one waits.
    let _: Delivery = mailbox.deliver_letter(letter);
    Ok(())
}

/// A request that somebody waits for.
struct UnderWay<'a> {
    hub: &'a Hub<Core>,
    id: RequestId,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.hub.consult(|core, _| core.forget(self.id));
    }
}
