//! The public requests in flight: their agents, waiters and deadlines (TUN-20 to TUN-23).

use std::collections::BTreeMap;
use std::time::Duration;

use relayspec::tunnel::HttpResponse;

use crate::server::PeerId;

/// The id of a public request; never reused by the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RequestId(u64);

impl RequestId {
    pub(crate) fn written(self) -> String {
        format!("r{}", self.0)
    }

    /// Parses an id in its canonical form only.
    fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('r')?;
        let is_canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        digits.parse().ok().filter(|_| is_canonical).map(Self)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PublicOutcome {
    Answered(HttpResponse),
    /// The agent reported an error.
    Failed {
        /// An HTTP status, 400 to 599.
        code: u16,
        why: String,
    },
    Lost,
    TimedOut,
}

pub(crate) trait Waiter: std::fmt::Debug + Send + 'static {
    /// Receives the outcome; must not block.
    fn resolve(self, outcome: PublicOutcome);
}

#[derive(Debug)]
struct PendingPublicRequest<W> {
    agent: PeerId,
    deadline: Duration,
    waiter: W,
}

/// The requests in flight. Ids and deadlines increase together, so the first one expires first.
#[derive(Debug)]
pub(super) struct PublicRequests<W> {
    last: u64,
    under_way: BTreeMap<RequestId, PendingPublicRequest<W>>,
}

impl<W: Waiter> PublicRequests<W> {
    pub(super) fn new() -> Self {
        Self { last: 0, under_way: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.under_way.len()
    }

    pub(super) fn add(&mut self, agent: PeerId, deadline: Duration, waiter: W) -> RequestId {
        self.last += 1;
        let id = RequestId(self.last);
        self.under_way.insert(id, PendingPublicRequest { agent, deadline, waiter });
        id
    }

    pub(super) fn take(&mut self, id: &str, from: PeerId) -> Option<W> {
        let id = RequestId::read(id)?;
        self.under_way.get(&id).filter(|request| request.agent == from)?;
        self.under_way.remove(&id).map(|request| request.waiter)
    }

    pub(super) fn forget(&mut self, id: RequestId) -> Option<PeerId> {
        self.under_way.remove(&id).map(|request| request.agent)
    }

    pub(super) fn of(&mut self, agent: PeerId) -> impl Iterator<Item = W> {
        self.under_way.extract_if(.., move |_, request| request.agent == agent).map(|(_, request)| request.waiter)
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.under_way.first_key_value().map(|(_, request)| request.deadline)
    }

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
    fn reads_ids_in_canonical_form_only() {
        for number in [1, 10, u64::MAX] {
            let id = RequestId(number);
            assert_eq!(RequestId::read(&id.written()), Some(id));
        }
        for text in ["", "r", "r01", "r+1", "1", "R1", "r1 ", "r-1", "r18446744073709551616", "r1\0", "r１"] {
            assert_eq!(RequestId::read(text), None, "{text}");
        }
    }
}
