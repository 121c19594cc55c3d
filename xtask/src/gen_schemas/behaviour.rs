//! `behaviour.json`: what a family promises beyond the shapes of its messages, so that programs notice changes of it too. All of it is read
//! from the specification.

use std::collections::BTreeSet;

use relayspec::family::{FAMILIES, Family, MessageFraming};
use relayspec::reconnect::Policy;
use relayspec::requirement::{self, Requirement, SHARED};
use relayspec::timing::{HumanDuration, Parameter};
use serde_json::{Map, Value, json};

use super::diff::Files;

/// The files: one for each family, and one for what all share.
pub(super) fn files() -> Files {
    let families = FAMILIES.iter().map(|family| (format!("{}/behaviour.json", family.name), of_family(family)));
    let all = families.chain([("behaviour.json".to_owned(), shared())]);
    all.map(|(path, value)| (path, format!("{value:#}\n"))).collect()
}

fn of_family(family: &Family) -> Value {
    let endpoints = family.endpoints.iter().map(|endpoint| json!({ "path": endpoint.path, "role": endpoint.role }));
    json!({
        "server": family.server,
        "clients": family.clients,
        "travel": match family.framing { MessageFraming::WebSocket => "websocket", MessageFraming::LengthPrefixed => "framed" },
        "endpoints": endpoints.collect::<Vec<_>>(),
        "policy": policy(&family.policy),
        "error_codes": error_codes(family),
        "requirements": requirements(&|chapter| chapter == family.name),
    })
}

fn shared() -> Value {
    let timing = Parameter::ALL.into_iter().map(|parameter| {
        let default = parameter.default().map_or("as code_lifetime".into(), |value| HumanDuration(value).to_string());
        (parameter.name().to_owned(), Value::from(default))
    });
    let policies = Policy::NAMED.iter().map(|(name, named)| ((*name).to_owned(), policy(named)));
    json!({
        "timing": timing.collect::<Map<_, _>>(),
        "policies": policies.collect::<Map<_, _>>(),
        "requirements": requirements(&|chapter| SHARED.contains(&chapter)),
    })
}

fn policy(policy: &Policy) -> Value {
    json!({
        "base": HumanDuration(policy.base).to_string(),
        "factor": policy.factor,
        "cap": HumanDuration(policy.cap).to_string(),
        "jitter": policy.jitter,
        "max_attempts": policy.max_attempts,
    })
}

/// The error codes: the values that messages list for their member `code`.
fn error_codes(family: &Family) -> BTreeSet<String> {
    let schemas = family.channels.iter().flat_map(|channel| (channel.schemas)());
    let codes = schemas.map(|message| message.schema["properties"]["code"]["enum"].clone());
    codes
        .filter_map(|codes| codes.as_array().cloned())
        .flatten()
        .filter_map(|code| code.as_str().map(str::to_owned))
        .collect()
}

fn requirements(of: &dyn Fn(&str) -> bool) -> Value {
    let own = requirement::all().iter().filter(|requirement| of(requirement.chapter));
    let entry = |requirement: &Requirement| {
        let mut entry = json!({ "level": requirement.level.to_string(), "roles": requirement.roles });
        let codes = close_codes(requirement.text);
        if !codes.is_empty() {
            entry["close_codes"] = codes.into();
        }
        (requirement.id.to_owned(), entry)
    };
    own.map(entry).collect::<Map<_, _>>().into()
}

/// The close codes in a statement about closing: numbers of four digits after `code`, `with` or `or`.
fn close_codes(statement: &str) -> Vec<u16> {
    if !statement.contains("clos") {
        return Vec::new();
    }
    let words: Vec<_> = statement.split_whitespace().collect();
    let code = |pair: &[&str]| {
        let number = pair[1].trim_end_matches(|c: char| !c.is_ascii_digit());
        let named = matches!(pair[0], "code" | "with" | "or") && number.len() == 4;
        number.parse().ok().filter(|number| named && (1000..5000).contains(number))
    };
    words.windows(2).filter_map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_close_codes_from_statements() {
        for (statement, codes) in [
            ("closes the connection that it came on with code 1002 or 1007, whereas", &[1002, 1007][..]),
            ("and the connection is then closed with code 1008.", &[1008]),
            ("closes the TCP connection at once (RFC 6455, section 7.1.1)", &[]),
            ("is answered with 1024 bytes", &[]),
        ] {
            assert_eq!(close_codes(statement), codes, "{statement}");
        }
    }

    #[test]
    fn file_contains_what_a_family_promises() {
        let files = files();
        let pairing: Value = serde_json::from_str(&files["pairing/behaviour.json"]).expect("JSON");
        assert_eq!(
            pairing["requirements"]["PAIR-02"],
            json!({ "level": "MUST", "roles": ["relay"], "close_codes": [4000] })
        );
        assert_eq!(pairing["endpoints"][0], json!({ "path": "/mac", "role": "host" }));
        assert!(pairing["error_codes"].as_array().is_some_and(|codes| codes.contains(&json!("EXPIRED_CODE"))));
        let shared: Value = serde_json::from_str(&files["behaviour.json"]).expect("JSON");
        assert_eq!(shared["timing"]["code_lifetime"], "5min");
        assert_eq!(shared["policies"]["relay"]["cap"], "32s");
        assert_eq!(shared["requirements"]["WIRE-08"]["level"], "SHOULD");
    }
}
