//! The order rules of the built-in protocols, as `protocols/` defines them.

mod pairing;
mod rpc;
mod sync;
mod terminal;
mod tunnel;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use relayspec::protocol::order::{Observed, Observer, Sender};
use relayspec::protocol::{Definition, built_in_rule};
use serde_json::Value;

static DEFINITIONS: LazyLock<BTreeMap<&str, Definition>> = LazyLock::new(|| {
    let read = |protocol| {
        let path = format!("{}/protocols/{protocol}.yaml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect("a definition");
        (protocol, serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}")))
    };
    ["pairing", "terminal", "tunnel", "sync", "rpc"].into_iter().map(read).collect()
});

/// Observes messages of the client (`>`) and of the server (`<`), null for a binary message. Returns the requirement that the last one
/// violates; those before must violate none, except for deliberate violations of the client (`!`) and of the server (`?`).
fn violated_by(protocol: &str, role: &str, messages: &[(char, Value)]) -> Option<String> {
    let definition = &DEFINITIONS[protocol];
    let mut observer = Observer::new(Arc::new(definition.order.clone()), role, built_in_rule);
    let mut violated = None;
    for (sender, message) in messages {
        assert_eq!(violated, None, "{role}: before {message} in {messages:?}");
        let json = Some(message).filter(|message| !message.is_null());
        let name = json.and_then(|message| definition.messages.name.name(message));
        let by = if matches!(sender, '<' | '?') { Sender::Server } else { Sender::Client };
        let result = observer.observe(&Observed { by, name, json });
        violated = result.err().map(|violation| violation.requirement).filter(|_| !matches!(sender, '!' | '?'));
    }
    violated
}
