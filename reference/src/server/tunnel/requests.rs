//! The public requests under way: who was asked, who waits, and until when (TUN-20 to TUN-23).

use std::collections::BTreeMap;
use std::time::Duration;

use relayspec::tunnel::HttpResponse;

use crate::server::PeerId;

/// The id of a public request; no other request of the cloud has it, on whatever connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(u64);

impl RequestId {
    /// The id as it stands in messages.
    #[must_use]
    pub fn written(self) -> String {
        format!("r{}", self.0)
    }

    /// The id that is written so, and in no other way.
    fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('r')?;
        let is_canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        digits.parse().ok().filter(|_| is_canonical).map(Self)
    }
}

/// What becomes of a public request.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The local server has answered.
    Answered(HttpResponse),
    /// The agent has no answer.
    Failed {
        /// An HTTP status, 400 to 599.
        code: u16,
        /// For a person.
        why: String,
    },
    /// The agent was lost.
    Lost,
    /// No answer came in time.
    TimedOut,
}

/// Somebody who waits for an outcome.
pub trait Waiter: std::fmt::Debug + Send + 'static {
    /// Hands it over; this must not wait.
    fn tell(self, outcome: Outcome);
}

#[derive(Debug)]
struct UnderWay<W> {
    agent: PeerId,
    /// By the monotonic clock.
    deadline: Duration,
    waiter: W,
}

/// The requests under way. Ids and deadlines rise together, so the first one is the one whose time is up first.
#[derive(Debug)]
pub(super) struct Requests<W> {
    last: u64,
    under_way: BTreeMap<RequestId, UnderWay<W>>,
}

impl<W: Waiter> Requests<W> {
    pub(super) fn new() -> Self {
        Self { last: 0, under_way: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.under_way.len()
    }

    pub(super) fn add(&mut self, agent: PeerId, deadline: Duration, waiter: W) -> RequestId {
        self.last += 1;
        let id = RequestId(self.last);
        self.under_way.insert(id, UnderWay { agent, deadline, waiter });
        id
    }

    /// Who waits for the request that is written so, if this agent was asked.
    pub(super) fn take(&mut self, id: &str, from: PeerId) -> Option<W> {
        let id = RequestId::read(id)?;
        self.under_way.get(&id).filter(|request| request.agent == from)?;
        self.under_way.remove(&id).map(|request| request.waiter)
    }

    /// Forgets a request, and says who was asked.
    pub(super) fn forget(&mut self, id: RequestId) -> Option<PeerId> {
        self.under_way.remove(&id).map(|request| request.agent)
    }

    /// Those who wait for an agent that is lost.
    pub(super) fn of(&mut self, agent: PeerId) -> impl Iterator<Item = W> {
        self.under_way.extract_if(.., move |_, request| request.agent == agent).map(|(_, request)| request.waiter)
    }

    /// When the next time is up.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.under_way.first_key_value().map(|(_, request)| request.deadline)
    }

    /// One of those whose time is up, with who was asked.
    pub(super) fn expired(&mut self, now: Duration) -> Option<(PeerId, W)> {
        let first = self.under_way.first_entry().filter(|first| first.get().deadline <= now)?;
        let request = first.remove();
        Some((request.agent, request.waiter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written_and_not_otherwise() {
        for number in [1, 10, u64::MAX] {
            let id = RequestId(number);
            assert_eq!(RequestId::read(&id.written()), Some(id));
        }
        for text in ["", "r", "r01", "r+1", "1", "R1", "r1 ", "r-1", "r18446744073709551616", "r1\0", "r１"] {
            assert_eq!(RequestId::read(text), None, "{text}");
        }
    }
}
