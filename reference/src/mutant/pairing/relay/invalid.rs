//! Mutants of refusals: PAIR-60 to PAIR-65.

use super::{Observed, PairingLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::wire::{BINARY, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("ignores-words", &["PAIR-60"], "does not answer text that is not JSON"),
    Mutant::new("ignores-empty-texts", &["PAIR-60"], "does not answer an empty message"),
    Mutant::new("ignores-numbers", &["PAIR-60"], "does not answer JSON that is a number"),
    Mutant::new("ignores-null", &["PAIR-60"], "does not answer JSON that is null"),
    Mutant::new("invalid-ends", &["PAIR-60"], "disconnects on an invalid message").starving(),
    Mutant::new("invalid-is-not-found", &["PAIR-60"], "answers an invalid message with NOT_FOUND").starving(),
    Mutant::new("forwards-nonsense", &["PAIR-60"], "forwards invalid messages of hosts").causing(&["WIRE-01"]),
    Mutant::new("forwards-nonsense-of-viewers", &["PAIR-60", "PAIR-62"], "forwards invalid messages of viewers")
        .causing(&["WIRE-01"]),
    Mutant::new("nonsense-spoils-joins", &["PAIR-60"], "lets no viewer join that has sent an invalid message")
        .causing(&["PAIR-24"]),
    Mutant::new("ignores-missing-types", &["PAIR-61"], "does not answer objects without a type"),
    Mutant::new("ignores-unknown-types", &["PAIR-61"], "does not answer messages of unknown types"),
    Mutant::new("ignores-types-of-numbers", &["PAIR-61"], "does not answer a type that is a number"),
    Mutant::new("ignores-types-of-null", &["PAIR-61"], "does not answer a type that is null"),
    Mutant::new("constructor-ends", &["PAIR-61"], "disconnects on the type `constructor`"),
    Mutant::new("prototype-ends", &["PAIR-61"], "disconnects on the type `__proto__`"),
    Mutant::new("ignores-register-without-id", &["PAIR-62"], "does not answer `register` without a client id"),
    Mutant::new("ignores-empty-data", &["PAIR-62"], "does not answer `data` without a payload"),
    Mutant::new(
        "ignores-empty-data-when-joined",
        &["PAIR-62"],
        "does not answer joined viewers' `data` without payload",
    ),
    Mutant::new("ignores-data-of-null", &["PAIR-62"], "does not answer `data` whose payload is null"),
    Mutant::new("ignores-data-of-objects", &["PAIR-62"], "does not answer `data` whose payload is an object"),
    Mutant::new("ignores-data-of-numbers", &["PAIR-62"], "does not answer `data` whose payload is a number"),
    Mutant::new("ignores-empty-joins", &["PAIR-62"], "does not answer `join` without a code"),
    Mutant::new("ignores-joins-of-null", &["PAIR-62"], "does not answer `join` whose code is null"),
    Mutant::new("codes-of-numbers", &["PAIR-62"], "accepts a number as a code"),
    Mutant::new("codes-of-lists", &["PAIR-62"], "accepts an array with a string as a code"),
    Mutant::new("ignores-binary", &["PAIR-63"], "does not answer binary messages"),
    Mutant::new("binary-is-text", &["PAIR-63"], "reads binary messages as text"),
    Mutant::new("forwards-binary", &["PAIR-63"], "forwards binary messages that it refuses").causing(&["WIRE-01"]),
    Mutant::new("ignores-joins-of-hosts", &["PAIR-64"], "does not answer `join` from a host"),
    Mutant::new("ignores-registered-of-hosts", &["PAIR-64"], "does not answer `registered` from a host"),
    Mutant::new("ignores-joined-of-hosts", &["PAIR-64"], "does not answer `joined` from a host"),
    Mutant::new("ignores-pongs-of-hosts", &["PAIR-64"], "does not answer `pong` from a host"),
    Mutant::new("ignores-errors-of-hosts", &["PAIR-64"], "does not answer `error` from a host"),
    Mutant::new("ignores-register-of-viewers", &["PAIR-64"], "does not answer `register` from a viewer"),
    Mutant::new("ignores-registered-of-viewers", &["PAIR-64"], "does not answer `registered` from a viewer"),
    Mutant::new("ignores-joined-of-viewers", &["PAIR-64"], "does not answer `joined` from a viewer"),
    Mutant::new("ignores-pongs-of-viewers", &["PAIR-64"], "does not answer `pong` from a viewer"),
    Mutant::new("ignores-errors-of-viewers", &["PAIR-64"], "does not answer `error` from a viewer"),
    Mutant::new("forwards-wrong-types", &["PAIR-64"], "forwards messages that a host may not send")
        .causing(&["PAIR-50", "PAIR-23", "PAIR-42", "PAIR-70", "WIRE-01"]),
    Mutant::new("forwards-wrong-types-of-viewers", &["PAIR-64"], "forwards messages that a viewer may not send")
        .causing(&["PAIR-50", "PAIR-23", "PAIR-42", "PAIR-70", "WIRE-01"]),
    Mutant::new("no-message", &["PAIR-65"], "sends errors without text"),
];

pub(super) fn alters(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match observed.flow {
        Flow::In => incoming(relay, observed, state),
        Flow::Out if observed.kind == "joined" && relay.mutant == "nonsense-spoils-joins" && relay.marked => {
            Some(observed.replaced("INVALID_CODE"))
        }
        Flow::Out if observed.kind == "data" && relay.mutant.starts_with("forwards-wrong-types") => {
            relay.behind_what_slipped_in(observed, state)
        }
        Flow::Out if observed.kind == "error" => refused(relay, observed, state),
        Flow::Out => None,
    }
}

fn refused(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let is_invalid = observed.error() == "INVALID_MESSAGE";
    Some(match relay.mutant {
        "no-message" => observed.with("message", ""),
        "invalid-ends" if is_invalid => observed.last(1008),
        "invalid-is-not-found" if is_invalid => observed.replaced("NOT_FOUND"),
        "nonsense-spoils-joins" if is_invalid => {
            relay.marked = true;
            return None;
        }
        "forwards-nonsense" if is_invalid && relay.is_host => relay.hand_over(observed, state)?,
        "forwards-nonsense-of-viewers" if is_invalid && !relay.is_host => relay.hand_over(observed, state)?,
        "forwards-binary" if is_invalid => relay.hand_over(observed, state)?,
        _ => return None,
    })
}

impl PairingLink {
    /// Forwards a refused message to the partner.
    fn hand_over(&mut self, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
        let partner = self.partner(state)?;
        state.post(partner, link::unmasked(&self.held.take()?));
        Some(Effect::whole(observed.frame))
    }
}

fn incoming(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let (text, message) = (observed.raw().trim(), observed.message);
    let (is_text, is_binary) = (observed.frame.head == TEXT, observed.frame.head == BINARY);
    let (host, viewer) = (relay.is_host, !relay.is_host);
    let is_object = message.is_object();
    let is_nonsense = is_text && observed.kind.is_empty();
    let ignored = match (relay.mutant, observed.kind) {
        ("ignores-words", "") => is_text && text.starts_with(char::is_alphabetic) && text != "null",
        ("ignores-empty-texts", "") => is_text && observed.frame.payload.is_empty(),
        ("ignores-numbers", "") => is_text && serde_json::from_str::<f64>(text).is_ok(),
        ("ignores-null", "") => text == "null",
        ("ignores-missing-types", "") => is_object && message.as_object()?.is_empty(),
        ("ignores-unknown-types", "hello") => true,
        ("ignores-types-of-numbers", "") => message["type"].is_number(),
        ("ignores-types-of-null", "") => is_object && message.get("type")?.is_null(),
        ("ignores-register-without-id", "register") => host && message.get("clientId").is_none(),
        ("ignores-empty-data", "data") => message.get("payload").is_none(),
        ("ignores-empty-data-when-joined", "data") => {
            relay.partner(state).is_some() && viewer && message.get("payload").is_none()
        }
        ("ignores-data-of-null", "data") => message.get("payload")?.is_null(),
        ("ignores-data-of-objects", "data") => message["payload"].is_object(),
        ("ignores-data-of-numbers", "data") => message["payload"].is_number(),
        ("ignores-empty-joins", "join") => viewer && message.get("code").is_none(),
        ("ignores-joins-of-null", "join") => viewer && message.get("code")?.is_null(),
        ("ignores-binary", _) => is_binary,
        ("ignores-joins-of-hosts", "join")
        | ("ignores-registered-of-hosts", "registered")
        | ("ignores-joined-of-hosts", "joined")
        | ("ignores-pongs-of-hosts", "pong")
        | ("ignores-errors-of-hosts", "error") => host,
        ("ignores-register-of-viewers", "register")
        | ("ignores-registered-of-viewers", "registered")
        | ("ignores-joined-of-viewers", "joined")
        | ("ignores-pongs-of-viewers", "pong")
        | ("ignores-errors-of-viewers", "error") => viewer,
        _ => false,
    };
    if ignored {
        return Some(Effect::nothing());
    }
    match (relay.mutant, observed.kind) {
        ("constructor-ends", "constructor") | ("prototype-ends", "__proto__") => {
            Some(Effect::ended(observed.frame, 1011))
        }
        ("codes-of-numbers", "join") if message["code"].is_number() => {
            Some(observed.with("code", message["code"].to_string()))
        }
        ("codes-of-lists", "join") if message["code"].is_array() => {
            Some(observed.with("code", message["code"][0].clone()))
        }
        ("binary-is-text", _) if is_binary => {
            let frame = crate::mutant::wire::Frame { head: TEXT, ..observed.frame.clone() };
            Some(Effect { onward: vec![frame], ..Effect::default() })
        }
        ("forwards-nonsense" | "forwards-nonsense-of-viewers", _) if is_nonsense => relay.noted(observed),
        ("forwards-binary", _) if is_binary => relay.noted(observed),
        ("forwards-wrong-types", kind) if host && is_wrong(kind) => relay.slip_in(observed, state),
        ("forwards-wrong-types-of-viewers", kind) if viewer && is_wrong(kind) => relay.slip_in(observed, state),
        _ => None,
    }
}

fn is_wrong(kind: &str) -> bool {
    matches!(kind, "registered" | "joined" | "pong" | "error")
}

impl PairingLink {
    fn noted(&mut self, observed: &Observed<'_>) -> Option<Effect> {
        self.held = Some(observed.frame.clone());
        None
    }
}
