//! An unanswered request, and the answers that fit it.

use serde_json::Value;

use crate::order::RuleViolation;
use crate::sync::{Resource, Topic};

/// Whether the client was authenticated when it sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthState {
    Unauthenticated,
    Pending,
    Authenticated,
}

#[derive(Debug)]
pub(super) struct PendingRequest {
    kind: RequestKind,
    auth: AuthState,
}

#[derive(Debug)]
enum RequestKind {
    Auth {
        pin: Value,
    },
    /// Without a topic if it names none.
    Subscribe(Option<Topic>),
    Unsubscribe(Option<Topic>),
    Send {
        /// Whether it has a chat and a message.
        is_whole: bool,
    },
    Unknown,
}

impl PendingRequest {
    pub(super) fn read(message: &Value, auth: AuthState) -> Self {
        let text = |name: &str| message[name].as_str();
        let kind = match text("type").unwrap_or_default() {
            "auth" => RequestKind::Auth { pin: message["pin"].clone() },
            "subscribe" => RequestKind::Subscribe(topic(message)),
            "unsubscribe" => RequestKind::Unsubscribe(topic(message)),
            "send" => RequestKind::Send { is_whole: text("resourceId").is_some() && text("message").is_some() },
            _ => RequestKind::Unknown,
        };
        Self { kind, auth }
    }

    pub(super) fn is_auth(&self) -> bool {
        matches!(self.kind, RequestKind::Auth { .. })
    }

    /// The PIN, if this answer refuses it.
    pub(super) fn refused_by(&self, answer: &str) -> Option<Value> {
        match &self.kind {
            RequestKind::Auth { pin } if answer == "auth_failed" => Some(pin.clone()),
            _ => None,
        }
    }

    pub(super) fn topic(&self) -> Option<&Topic> {
        match &self.kind {
            RequestKind::Subscribe(topic) | RequestKind::Unsubscribe(topic) => topic.as_ref(),
            _ => None,
        }
    }

    pub(super) fn check(&self, answer: &Value, is_subscribed: impl Fn(&Topic) -> bool) -> Result<(), RuleViolation> {
        let name = answer["type"].as_str().unwrap_or_default();
        let says = |member: &str| answer["data"][member] == true;
        let is_known = !matches!(self.kind, RequestKind::Auth { .. } | RequestKind::Unknown);
        let (requirement, why) = match (&self.kind, name) {
            (RequestKind::Auth { .. }, "auth_success" | "auth_failed") => return Ok(()),
            (RequestKind::Auth { .. }, _) => ("SYNC-02", format!("{} does not answer an `auth`", shown(name))),
            (_, "auth_required") if self.auth != AuthState::Authenticated => return Ok(()),
            (_, "auth_required") => (self.rule(), "`auth_required` to a client that has authenticated".to_owned()),
            _ if is_known && self.auth == AuthState::Unauthenticated => {
                ("SYNC-01", format!("{} to a client that has not authenticated", shown(name)))
            }
            (RequestKind::Subscribe(None), "subscribed") => {
                ("SYNC-11", "`subscribed` to a request that names no resource".to_owned())
            }
            (RequestKind::Subscribe(Some(asked)), "subscribed") if topic(answer).as_ref() != Some(asked) => {
                ("SYNC-10", "`subscribed` names another resource than the request".to_owned())
            }
            (RequestKind::Unsubscribe(None), "data") => {
                ("SYNC-11", "`data` to a request that names no resource".to_owned())
            }
            (RequestKind::Unsubscribe(Some(asked)), "error") if is_subscribed(asked) => {
                ("SYNC-40", "`error` to an `unsubscribe` of what is subscribed".to_owned())
            }
            (RequestKind::Unsubscribe(_), "data") if says("unsubscribed") => return Ok(()),
            (RequestKind::Send { is_whole: false }, "data") => {
                ("SYNC-30", "`data` to a `send` that lacks a member".to_owned())
            }
            (RequestKind::Send { .. }, "data") if says("sent") => return Ok(()),
            (RequestKind::Subscribe(_), "subscribed") | (_, "error") => return Ok(()),
            _ => (self.rule(), format!("{} does not answer this request", shown(name))),
        };
        Err(RuleViolation { requirement, why })
    }

    /// The requirement about its answer.
    fn rule(&self) -> &'static str {
        match self.kind {
            RequestKind::Auth { .. } => "SYNC-02",
            RequestKind::Subscribe(_) => "SYNC-10",
            RequestKind::Unsubscribe(_) => "SYNC-40",
            RequestKind::Send { .. } => "SYNC-30",
            RequestKind::Unknown => "SYNC-60",
        }
    }
}

pub(super) fn topic(message: &Value) -> Option<Topic> {
    let resource = Resource::named(message["resource"].as_str()?)?;
    Topic::new(resource, message["resourceId"].as_str().map(str::to_owned))
}

pub(super) fn shown(name: &str) -> String {
    let name: String = name.chars().take(40).collect();
    if name.is_empty() { "a message without `type`".to_owned() } else { format!("`{name}`") }
}
