//! Mutants of the first message (TUN-03).

use std::time::Duration;

use serde_json::Value;

use super::super::rule::TunnelFrame;
use super::shared::shared;
use super::{CloudMutant, CloudRule};
use crate::mutant::link::Effect;
use crate::mutant::wire::{BINARY, Frame, PING, TEXT};

/// Two mutants for each first message: one closes without AuthError, one without the close code.
macro_rules! kinds {
    ($($what:literal: $is:expr;)*) => {
        &[
            $(
                CloudRule::sent(
                    concat!("silent-about-", $what), &["TUN-03"],
                    concat!("closes without AuthError for a first message: ", $what), {
                        const IS: fn(&FirstMessage<'_>) -> bool = $is;
                        |cloud, observed, _| observed.drops_if(observed.is("AuthError") && opened(cloud, IS))
                    },
                )
                .causing(&["TUN-05"]),
                CloudRule::sent(
                    concat!("unclosed-after-", $what), &["TUN-03"],
                    concat!("closes with 1000 for a first message: ", $what), {
                        const IS: fn(&FirstMessage<'_>) -> bool = $is;
                        |cloud, observed, _| {
                            (observed.frame.close_code() == 1008 && opened(cloud, IS)).then(|| Effect::closed(1000))
                        }
                    },
                ),
            )*
        ]
    };
}

pub(super) const KINDS: &[CloudRule] = kinds! {
    "a-ping": |first| first.kind(TEXT, "Ping");
    "a-pong": |first| first.kind(TEXT, "Pong");
    "an-http-response": |first| first.kind(TEXT, "HttpResponse");
    "an-error": |first| first.kind(TEXT, "Error");
    "stats": |first| first.kind(TEXT, "Stats");
    "a-clouds-message": |first| first.kind(TEXT, "AuthSuccess");
    "an-unknown-type": |first| first.kind(TEXT, "Hello");
    "auth-in-small-letters": |first| first.kind(TEXT, "auth");
    "prose": |first| first.text().is_some_and(|text| text.len() > 4 && text.chars().all(char::is_alphanumeric));
    "an-empty-text": |first| first.text() == Some("");
    "json-cut-off":
        |first| first.is_no_json() && first.text().is_some_and(|text| text.starts_with('{') && !text.contains("}}"));
    "a-list": |first| first.message.is_array();
    "something-behind-it":
        |first| first.is_no_json() && first.text().is_some_and(|text| text.starts_with('{') && text.contains("}}"));
    "a-string": |first| first.message.is_string();
    "null": |first| first.text() == Some("null");
    "an-auth-without-data":
        |first| first.is_auth() && first.message.get("data").is_none() && first.message.get("token").is_none();
    "a-token-beside-data": |first| first.is_auth() && first.message.get("token").is_some();
    "an-auth-without-token":
        |first| first.is_auth() && first.message["data"].is_object() && first.message["data"].get("token").is_none();
    "a-token-that-is-a-number": |first| first.is_auth() && first.message["data"]["token"].is_number();
    "a-token-that-is-null": |first| first.is_auth() && first.message["data"].get("token") == Some(&Value::Null);
    "a-token-in-a-list": |first| first.is_auth() && first.message["data"]["token"].is_array();
    "a-ping-in-messagepack": |first| first.kind(BINARY, "Ping");
    "junk": |first| first.bytes().is_some_and(|bytes| bytes.starts_with(b"\xc1"));
    "an-empty-binary-message": |first| first.bytes() == Some(b"");
    "json-in-a-binary-message": |first| first.bytes().is_some_and(|bytes| bytes.starts_with(b"{"));
    "messagepack-cut-off": |first| first.bytes().is_some_and(|bytes| bytes.ends_with(b"\xa4data"));
    "an-auth-in-messagepack-without-token": |first| first.bytes().is_some_and(|bytes| bytes.ends_with(b"\xa4data\x80"));
    "a-token-in-bytes": |first| first.bytes().is_some_and(|bytes| bytes.ends_with(b"\xc4\x01a"));
};

pub(super) const RULES: &[CloudRule] = &[
    CloudRule::received(
        "pings-are-messages",
        &["TUN-03"],
        "accepts a Ping frame as a first message",
        |cloud, observed, _| {
            (observed.frame.head == PING && cloud.first.is_none()).then(|| observed.ended(1008)).flatten()
        },
    )
    .causing(&["WIRE-04"]),
    CloudRule::received(
        "pings-spoil-auth",
        &["TUN-03", "TUN-02"],
        "refuses an agent that sends a Ping frame before Auth",
        |cloud, observed, _| (observed.is("Auth") && cloud.has_pinged).then(|| observed.with("token", "-")).flatten(),
    ),
    CloudRule::sent(
        "pings-count",
        &["TUN-03"],
        "keeps a silent connection open that has sent a Ping frame",
        |cloud, observed, _| observed.drops_if(cloud.first.is_none() && cloud.has_pinged && is_refusal(observed)),
    ),
    CloudRule::sent("waits-forever", &["TUN-03"], "keeps a silent connection open", |cloud, observed, _| {
        observed.drops_if(cloud.first.is_none() && is_refusal(observed))
    }),
    CloudRule::sent("silent-end", &["TUN-03"], "closes a silent connection without AuthError", |cloud, observed, _| {
        observed.drops_if(cloud.first.is_none() && observed.is("AuthError"))
    }),
    CloudRule::sent("unclosed-silence", &["TUN-03"], "closes a silent connection with 1000", |cloud, observed, _| {
        (cloud.first.is_none() && observed.frame.close_code() == 1008).then(|| Effect::closed(1000))
    }),
    CloudRule::sent(
        "unclosed-after-a-second-ping",
        &["TUN-03"],
        "closes with 1000 every connection but the first that opens with Ping",
        |cloud, observed, _| {
            let is_due = begins(cloud, |first| first.kind(TEXT, "Ping")) && observed.frame.close_code() == 1008;
            let mut shared = shared();
            shared.count += usize::from(is_due);
            (is_due && shared.count > 1).then(|| Effect::closed(1000))
        },
    ),
    CloudRule::other("impatient-first", &["TUN-03"], "waits for Auth only a third of the time"),
    CloudRule::other("waits-long-for-auth", &["TUN-03"], "waits six times too long for Auth"),
    CloudRule::received(
        "refuses-latecomers",
        &["TUN-03"],
        "refuses an agent that takes half of the time for Auth",
        |cloud, observed, _| {
            let is_late = cloud.since.elapsed() > Duration::from_millis(150);
            (observed.is("Auth") && is_late).then(|| observed.with("token", "-")).flatten()
        },
    )
    .causing(&["TUN-02"]),
    CloudRule::received(
        "ends-latecomers",
        &["TUN-03"],
        "forgets the authentication of an agent that was slow",
        |cloud, observed, _| {
            let is_due = observed.is("Auth") && cloud.since.elapsed() > Duration::from_millis(100);
            cloud.count += usize::from(is_due);
            (observed.is("Ping") && cloud.count > 0).then(|| observed.ended(1008)).flatten()
        },
    ),
];

struct FirstMessage<'a> {
    frame: &'a Frame,
    message: &'a Value,
}

impl FirstMessage<'_> {
    fn kind(&self, head: u8, kind: &str) -> bool {
        self.frame.head == head && self.message["type"] == kind
    }

    fn is_auth(&self) -> bool {
        self.kind(TEXT, "Auth")
    }

    fn text(&self) -> Option<&str> {
        (self.frame.head == TEXT).then(|| std::str::from_utf8(&self.frame.payload).ok()).flatten()
    }

    fn bytes(&self) -> Option<&[u8]> {
        (self.frame.head == BINARY).then_some(&*self.frame.payload)
    }

    fn is_no_json(&self) -> bool {
        self.text().is_some_and(|text| serde_json::from_str::<Value>(text).is_err())
    }
}

fn is_refusal(observed: &TunnelFrame<'_>) -> bool {
    observed.is("AuthError") || observed.frame.close_code() == 1008
}

/// Whether a connection opened like this and sent nothing more.
fn opened(cloud: &CloudMutant, so: fn(&FirstMessage<'_>) -> bool) -> bool {
    let is_only = cloud.auths == usize::from(cloud.opened_with_auth());
    is_only && begins(cloud, so)
}

/// Whether a connection opened like this, whatever followed.
fn begins(cloud: &CloudMutant, so: fn(&FirstMessage<'_>) -> bool) -> bool {
    cloud.first.as_ref().is_some_and(|(frame, message)| so(&FirstMessage { frame, message }))
}
