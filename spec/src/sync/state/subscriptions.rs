//! What a client has subscribed to on one connection, and what may be pushed to it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::breach;
use super::request::topic;
use crate::order::Breach;
use crate::sync::{Data, News, ToClient, Topic};

/// So many topics are remembered.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    active: BTreeMap<Topic, Progress>,
    /// What was unsubscribed, and not subscribed again.
    over: BTreeSet<Topic>,
}

/// How far a client knows a chat.
#[derive(Debug, Default)]
struct Progress {
    /// The number of the last message that stood in the latest snapshot.
    snapshot: u64,
    /// The number of the last message that the client has.
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

    pub(super) fn begin(&mut self, topic: &Topic, data: &Value) -> Result<(), Breach> {
        self.over.remove(topic);
        if self.active.len() == MOST && !self.has(topic) {
            return Ok(());
        }
        let before = self.active.insert(topic.clone(), Progress::default());
        let Topic::Chat(id) = topic else { return Ok(()) };
        // What is no array is for the schema.
        let messages = data["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        if messages.iter().any(|message| message["chatId"] != **id) {
            return breach("SYNC-10", "the snapshot has a message of another chat");
        }
        let mut seqs: Vec<_> = messages.iter().map(seq).collect();
        seqs.sort_unstable();
        let last = messages.len() as u64;
        self.active.insert(topic.clone(), Progress { snapshot: last, known: last });
        if !seqs.iter().copied().eq(1..=last) {
            return breach("SYNC-23", "the snapshot has not every `seq` from 1 on, each once");
        }
        match before {
            Some(before) if before.known > last => {
                breach("SYNC-23", format!("the snapshot ends at {last}, and {} was known before", before.known))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn push(&mut self, message: &Value) -> Result<(), Breach> {
        let Some(topic) = topic(message) else {
            return breach("SYNC-22", "a push that names no resource");
        };
        let Some(progress) = self.active.get_mut(&topic) else {
            if self.over.contains(&topic) {
                return breach("SYNC-40", "a push of what was unsubscribed");
            }
            let is_full = self.active.len() == MOST || self.over.len() == MOST;
            return if is_full { Ok(()) } else { breach("SYNC-22", "a push of what was not subscribed") };
        };
        // What is none is for the schema.
        let Ok(ToClient::Data(Data::Push(news))) = ToClient::decode(&message.to_string()) else { return Ok(()) };
        match news {
            News::Chat { of, chat } if chat.project_id != of => {
                breach("SYNC-22", "a push to the subscribers of another project than the chat's")
            }
            News::Chat { .. } => Ok(()),
            News::Message { of, message } if message.chat_id != of => {
                breach("SYNC-22", "a push to the subscribers of another chat than the message's")
            }
            News::Message { message, .. } => progress.goes_on(message.seq.into()),
        }
    }
}

impl Progress {
    fn goes_on(&mut self, seq: u64) -> Result<(), Breach> {
        let Self { snapshot, known } = *self;
        self.known = known.max(seq);
        if seq == known + 1 {
            return Ok(());
        }
        if seq > known {
            return breach("SYNC-23", format!("{seq} is pushed behind {known}: what lies between is missing"));
        }
        if seq <= snapshot {
            return breach("SYNC-23", format!("{seq} is pushed, and stood in the snapshot"));
        }
        breach("SYNC-20", format!("{seq} is pushed behind {known}: twice, or out of order"))
    }
}

fn seq(message: &Value) -> u64 {
    // 1.0 is 1. What is no whole number is for the schema.
    message["seq"].as_f64().map_or(0, |seq| seq as u64)
}
