//! What all vectors in `fixtures/` share: verdicts, and the comparison of values.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use relayspec::requirement;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Accept,
    Reject,
    Ignore,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

pub(crate) fn file<T: DeserializeOwned>(path: &str) -> T {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Checks what all vectors have: a unique id in kebab-case, perhaps a requirement, and a reason.
pub(crate) fn check_head(path: &str, id: &str, rule: Option<&str>, why: &str, ids: &mut BTreeSet<String>) {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    assert!(id.split('-').all(part), "{path}: `{id}` is not in kebab-case");
    assert!(ids.insert(id.to_owned()), "{path}: `{id}` occurs twice");
    let is_known = rule.is_none_or(|rule| requirement::find(rule).is_some_and(|found| found.id == rule));
    assert!(is_known, "{path} `{id}`: there is no requirement {rule:?}");
    assert!(why.ends_with('.') && why.len() <= 120, "{path} `{id}`: `why` is one short sentence");
}

/// Whether two values are equal; numbers are compared by value: `1`, `1.0` and `1e0` are equal.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}
