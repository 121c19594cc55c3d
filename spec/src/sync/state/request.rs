//! A request that waits for its answer, and which answers fit.

use serde_json::Value;

use crate::order::Breach;
use crate::sync::{Resource, Topic};

/// Whether the client had authenticated when it asked, as far as an observer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It had not, and had not tried.
    Before,
    /// An `auth` of it was not answered.
    Perhaps,
    /// It had.
    Within,
}

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    kind: Kind,
    standing: Standing,
}

#[derive(Debug)]
enum Kind {
    Auth {
        pin: Value,
    },
    /// Without a topic where it names none.
    Subscribe(Option<Topic>),
    Unsubscribe(Option<Topic>),
    Send {
        /// Whether it has a chat and a message.
        is_whole: bool,
    },
    Unknown,
}

impl Request {
    pub(super) fn read(message: &Value, standing: Standing) -> Self {
        let text = |name: &str| message[name].as_str();
        let kind = match text("type").unwrap_or_default() {
            "auth" => Kind::Auth { pin: message["pin"].clone() },
            "subscribe" => Kind::Subscribe(topic(message)),
            "unsubscribe" => Kind::Unsubscribe(topic(message)),
            "send" => Kind::Send { is_whole: text("resourceId").is_some() && text("message").is_some() },
            _ => Kind::Unknown,
        };
        Self { kind, standing }
    }

    pub(super) fn is_auth(&self) -> bool {
        matches!(self.kind, Kind::Auth { .. })
    }

    /// The PIN that an answer refuses.
    pub(super) fn refused_by(&self, answer: &str) -> Option<Value> {
        match &self.kind {
            Kind::Auth { pin } if answer == "auth_failed" => Some(pin.clone()),
            _ => None,
        }
    }

    /// What is subscribed to, or no more.
    pub(super) fn topic(&self) -> Option<&Topic> {
        match &self.kind {
            Kind::Subscribe(topic) | Kind::Unsubscribe(topic) => topic.as_ref(),
            _ => None,
        }
    }

    /// Whether an answer fits.
    pub(super) fn judge(&self, answer: &Value, is_subscribed: impl Fn(&Topic) -> bool) -> Result<(), Breach> {
        let name = answer["type"].as_str().unwrap_or_default();
        let says = |member: &str| answer["data"][member] == true;
        let is_known = !matches!(self.kind, Kind::Auth { .. } | Kind::Unknown);
        let (requirement, why) = match (&self.kind, name) {
            (Kind::Auth { .. }, "auth_success" | "auth_failed") => return Ok(()),
            (Kind::Auth { .. }, _) => ("SYNC-02", format!("{} is no answer to an `auth`", shown(name))),
            (_, "auth_required") if self.standing != Standing::Within => return Ok(()),
            (_, "auth_required") => (self.rule(), "`auth_required` to a client that has authenticated".to_owned()),
            _ if is_known && self.standing == Standing::Before => {
                ("SYNC-01", format!("{} to a client that has not authenticated", shown(name)))
            }
            (Kind::Subscribe(None), "subscribed") => {
                ("SYNC-11", "`subscribed` to a request that names no resource".to_owned())
            }
            (Kind::Subscribe(Some(asked)), "subscribed") if topic(answer).as_ref() != Some(asked) => {
                ("SYNC-10", "`subscribed` names another resource than the request".to_owned())
            }
            (Kind::Unsubscribe(None), "data") => ("SYNC-11", "`data` to a request that names no resource".to_owned()),
            (Kind::Unsubscribe(Some(asked)), "error") if is_subscribed(asked) => {
                ("SYNC-40", "`error` to an `unsubscribe` of what is subscribed".to_owned())
            }
            (Kind::Unsubscribe(_), "data") if says("unsubscribed") => return Ok(()),
            (Kind::Send { is_whole: false }, "data") => {
                ("SYNC-30", "`data` to a `send` that lacks a member".to_owned())
            }
            (Kind::Send { .. }, "data") if says("sent") => return Ok(()),
            (Kind::Subscribe(_), "subscribed") | (_, "error") => return Ok(()),
            _ => (self.rule(), format!("{} is no answer to this request", shown(name))),
        };
        Err(Breach { requirement, why })
    }

    /// The requirement that says how it is answered.
    fn rule(&self) -> &'static str {
        match self.kind {
            Kind::Auth { .. } => "SYNC-02",
            Kind::Subscribe(_) => "SYNC-10",
            Kind::Unsubscribe(_) => "SYNC-40",
            Kind::Send { .. } => "SYNC-30",
            Kind::Unknown => "SYNC-60",
        }
    }
}

/// The topic that a message names.
pub(super) fn topic(message: &Value) -> Option<Topic> {
    let resource = Resource::named(message["resource"].as_str()?)?;
    Topic::new(resource, message["resourceId"].as_str().map(str::to_owned))
}

/// The name of a message.
pub(super) fn shown(name: &str) -> String {
    let name: String = name.chars().take(40).collect();
    if name.is_empty() { "a message without `type`".to_owned() } else { format!("`{name}`") }
}
