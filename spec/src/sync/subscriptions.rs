//! The subscriptions of one connection, and the pushes that they allow.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Data, Resource, ResourceUpdate, ToClient, Topic};
use crate::protocol::order::OrderViolation;

const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    active: BTreeMap<Topic, ChatProgress>,
    /// The topics that were unsubscribed, and not subscribed again.
    over: BTreeSet<Topic>,
}

/// The messages of a chat that the client has.
#[derive(Debug, Default)]
struct ChatProgress {
    snapshot_end: u64,
    known: u64,
}

impl Subscriptions {
    pub(super) fn has(&self, topic: &Topic) -> bool {
        self.active.contains_key(topic)
    }

    pub(super) fn end(&mut self, topic: &Topic) {
        self.active.remove(topic);
        if self.over.len() < MOST {
            self.over.insert(topic.clone());
        }
    }

    pub(super) fn begin(&mut self, topic: &Topic, data: &Value) -> Result<(), OrderViolation> {
        self.over.remove(topic);
        if self.active.len() == MOST && !self.has(topic) {
            return Ok(());
        }
        let before = self.active.insert(topic.clone(), ChatProgress::default());
        let Topic::Chat(id) = topic else { return Ok(()) };
        // The schema reports anything but an array.
        let messages = data["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        if messages.iter().any(|message| message["chatId"] != **id) {
            return violation("SYNC-10", "the snapshot has a message of another chat");
        }
        let mut seqs: Vec<_> = messages.iter().map(seq).collect();
        seqs.sort_unstable();
        let last = messages.len() as u64;
        self.active.insert(topic.clone(), ChatProgress { snapshot_end: last, known: last });
        if !seqs.iter().copied().eq(1..=last) {
            return violation("SYNC-23", "the snapshot does not have every `seq` from 1 exactly once");
        }
        match before {
            Some(before) if before.known > last => {
                violation("SYNC-23", format!("the snapshot ends at {last}, and {} was known before", before.known))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn push(&mut self, message: &Value) -> Result<(), OrderViolation> {
        let Some(topic) = topic(message) else {
            return violation("SYNC-22", "a push that names no resource");
        };
        let Some(progress) = self.active.get_mut(&topic) else {
            if self.over.contains(&topic) {
                return violation("SYNC-40", "a push of what was unsubscribed");
            }
            let is_full = self.active.len() == MOST || self.over.len() == MOST;
            return if is_full { Ok(()) } else { violation("SYNC-22", "a push of what was not subscribed") };
        };
        // The schema reports invalid messages.
        let Ok(ToClient::Data(Data::Push(update))) = ToClient::decode(&message.to_string()) else { return Ok(()) };
        match update {
            ResourceUpdate::Chat { of, chat } if chat.project_id != of => {
                violation("SYNC-22", "a push to the subscribers of another project than the chat's")
            }
            ResourceUpdate::Chat { .. } => Ok(()),
            ResourceUpdate::Message { of, message } if message.chat_id != of => {
                violation("SYNC-22", "a push to the subscribers of another chat than the message's")
            }
            ResourceUpdate::Message { message, .. } => progress.goes_on(message.seq.into()),
        }
    }
}

impl ChatProgress {
    fn goes_on(&mut self, seq: u64) -> Result<(), OrderViolation> {
        let Self { snapshot_end, known } = *self;
        self.known = known.max(seq);
        if seq == known + 1 {
            return Ok(());
        }
        if seq > known {
            return violation("SYNC-23", format!("{seq} is pushed after {known}: the messages between are missing"));
        }
        if seq <= snapshot_end {
            return violation("SYNC-23", format!("{seq} is pushed, but was in the snapshot"));
        }
        violation("SYNC-20", format!("{seq} is pushed after {known}: twice, or out of order"))
    }
}

fn seq(message: &Value) -> u64 {
    // 1.0 is 1. The schema reports anything but whole numbers.
    message["seq"].as_f64().map_or(0, |seq| seq as u64)
}

/// The topic that a message names, if any.
pub(super) fn topic(message: &Value) -> Option<Topic> {
    let resource = Resource::named(message["resource"].as_str()?)?;
    Topic::new(resource, message["resourceId"].as_str().map(str::to_owned))
}

pub(super) fn violation(requirement: &str, why: impl Into<String>) -> Result<(), OrderViolation> {
    Err(OrderViolation { requirement: requirement.to_owned(), why: why.into() })
}
