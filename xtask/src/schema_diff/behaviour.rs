//! Changes of behaviour: endpoints, timing, policies, close codes, error codes, and how strongly requirements bind. There is no message to
//! show for them; the rules say whom each one breaks.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::judge::{Proof, Verdict};
use super::rules::{self, Rule};

/// One change of behaviour.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) rule: Rule,
    /// The pointer in `behaviour.json`.
    pub(super) at: String,
    pub(super) old: Option<Value>,
    pub(super) new: Option<Value>,
    /// The requirement that it is about.
    pub(super) requirement: Option<String>,
    /// What it means to those built before the change that meet those built after it.
    pub(super) old_reader: Verdict,
    /// What it means to those built after the change that meet those built before it.
    pub(super) new_reader: Verdict,
}

/// All changes between two files.
pub(super) fn between(old: &Value, new: &Value) -> Vec<Change> {
    let mut all = Vec::new();
    let empty = Map::new();
    let (older, newer) = (old.as_object().unwrap_or(&empty), new.as_object().unwrap_or(&empty));
    for name in ordered(older, newer) {
        let (before, after) = (older.get(&name), newer.get(&name));
        match name.as_str() {
            "timing" | "policies" => each(before, after, &mut |key, before, after| {
                let rule = if name == "timing" { rules::TIMING } else { rules::POLICY };
                all.push(plain(rule, format!("/{name}/{key}"), before, after));
            }),
            "requirements" => each(before, after, &mut |id, before, after| all.extend(requirement(id, before, after))),
            "endpoints" => list(before, after, &mut |value, added| {
                let rule = if added { rules::ENDPOINT_ADDED } else { rules::ENDPOINT_REMOVED };
                all.push(offered(rule, "/endpoints", value, added, "is refused where it is not known"));
            }),
            "error_codes" => list(before, after, &mut |value, added| {
                let rule = if added { rules::ERROR_CODE_ADDED } else { rules::ERROR_CODE_REMOVED };
                all.push(offered(rule, "/error_codes", value, added, "means nothing where it is not known"));
            }),
            _ if before == after => {}
            "policy" => all.push(plain(rules::POLICY, "/policy".into(), before, after)),
            "travel" => all.push(plain(rules::TRAVEL, "/travel".into(), before, after)),
            _ => all.push(plain(rules::BEHAVIOUR, format!("/{name}"), before, after)),
        }
    }
    all
}

fn ordered(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<String> {
    new.keys().chain(old.keys().filter(|name| !new.contains_key(*name))).cloned().collect()
}

/// What is told of an entry: its name, what it was and what it is.
type Visit<'a> = dyn FnMut(&str, Option<&Value>, Option<&Value>) + 'a;

/// Calls a function for each entry that differs.
fn each(old: Option<&Value>, new: Option<&Value>, visit: &mut Visit<'_>) {
    let empty = Map::new();
    let entries = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_else(|| empty.clone());
    let (old, new) = (entries(old), entries(new));
    for name in ordered(&old, &new) {
        let (before, after) = (old.get(&name), new.get(&name));
        if before != after {
            visit(&name, before, after);
        }
    }
}

/// Calls a function for each item that was added or removed.
fn list(old: Option<&Value>, new: Option<&Value>, visit: &mut dyn FnMut(&Value, bool)) {
    let items = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let (old, new) = (items(old), items(new));
    new.iter().filter(|one| !old.contains(one)).for_each(|one| visit(one, true));
    old.iter().filter(|one| !new.contains(one)).for_each(|one| visit(one, false));
}

fn differs(text: String) -> Verdict {
    Verdict::Breaking(Proof::Differs(text))
}

/// What either side builds upon: whoever still has the old value is wrong about the other.
fn plain(rule: Rule, at: String, old: Option<&Value>, new: Option<&Value>) -> Change {
    let shown = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    let text = || differs(format!("one side goes by {} and the other by {}", shown(old), shown(new)));
    // A parameter that nobody had yet is nobody's error.
    let is_new = old.is_none();
    let verdict = || if is_new { Verdict::Compatible } else { text() };
    let (old_reader, new_reader) = (verdict(), verdict());
    Change { rule, at, old: old.cloned(), new: new.cloned(), requirement: None, old_reader, new_reader }
}

/// What one side offers and the other makes use of: it has to be there where it is used.
fn offered(rule: Rule, at: &str, value: &Value, added: bool, why: &str) -> Change {
    let broken = differs(format!("{value} {why}"));
    let (old, new) = if added { (None, Some(value.clone())) } else { (Some(value.clone()), None) };
    let (old_reader, new_reader) = if added { (broken, Verdict::Compatible) } else { (Verdict::Compatible, broken) };
    Change { rule, at: at.to_owned(), old, new, requirement: None, old_reader, new_reader }
}

fn requirement(id: &str, old: Option<&Value>, new: Option<&Value>) -> Vec<Change> {
    let at = format!("/requirements/{id}");
    let change = |rule, at: String, old: Option<Value>, new: Option<Value>, old_reader, new_reader| Change {
        rule,
        at,
        old,
        new,
        requirement: Some(id.to_owned()),
        old_reader,
        new_reader,
    };
    let mut all = Vec::new();
    let (before, after) = (bonds(old), bonds(new));
    let shown = |side: &BTreeSet<(String, u8)>, value: Option<&Value>| {
        (!side.is_empty())
            .then(|| {
                value.map(|value| {
                    Value::from(format!("{} · {}", value["level"].as_str().unwrap_or_default(), words(&value["roles"])))
                })
            })
            .flatten()
    };
    let (older, newer) = (shown(&before, old), shown(&after, new));
    let level = |side: &BTreeSet<(String, u8)>, role: &str| {
        side.iter().find(|(one, _)| one == role).map_or(0, |(_, level)| *level)
    };
    let roles: BTreeSet<_> = before.iter().chain(&after).map(|(role, _)| role.as_str()).collect();
    let mut raised = Vec::new();
    let mut lowered = Vec::new();
    for role in roles {
        match (level(&before, role), level(&after, role)) {
            (old, new) if new > old => raised.push((role, new)),
            (old, new) if new < old => lowered.push((role, old)),
            _ => {}
        }
    }
    let of = |roles: &[(&str, u8)]| roles.iter().map(|(role, _)| *role).collect::<Vec<_>>().join(", ");
    if !raised.is_empty() {
        // Only a MUST makes one that did without it a failure.
        let binds = raised.iter().any(|(_, level)| *level == 3);
        let text = format!("{} built before the change need not keep {id}, which is binding now", of(&raised));
        let verdict = if binds { differs(text) } else { Verdict::Compatible };
        all.push(change(rules::RAISED, at.clone(), older.clone(), newer.clone(), Verdict::Compatible, verdict));
    }
    if !lowered.is_empty() {
        let bound = lowered.iter().any(|(_, level)| *level == 3);
        let text = format!("{} built after the change need not keep {id}, on which others rely", of(&lowered));
        let verdict = if bound { differs(text) } else { Verdict::Compatible };
        all.push(change(rules::LOWERED, at.clone(), older, newer, verdict, Verdict::Compatible));
    }
    let codes = |value: Option<&Value>| value.and_then(|value| value.get("close_codes")).cloned();
    if let (Some(_), Some(_)) = (old, new)
        && codes(old) != codes(new)
    {
        let (old, new) = (codes(old), codes(new));
        let shown = |codes: &Option<Value>| codes.as_ref().map_or("any".to_owned(), words);
        let text = differs(format!("closed with {} before the change and with {} after it", shown(&old), shown(&new)));
        all.push(change(rules::CLOSE_CODE, format!("{at}/close_codes"), old, new, text.clone(), text));
    }
    all
}

/// How strongly a requirement binds each role: 1 for MAY, 3 for MUST.
fn bonds(requirement: Option<&Value>) -> BTreeSet<(String, u8)> {
    let Some(requirement) = requirement else { return BTreeSet::new() };
    let level = match requirement["level"].as_str() {
        Some("MUST") => 3,
        Some("SHOULD") => 2,
        _ => 1,
    };
    let roles = requirement["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
    roles.map(|role| (role.to_owned(), level)).collect()
}

fn words(list: &Value) -> String {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    list.as_array().map(|list| list.iter().map(word).collect::<Vec<_>>().join(", ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(old: &Value, new: &Value) -> Vec<String> {
        let line = |change: Change| {
            format!("{} {} {}/{}", change.rule.id, change.at, change.old_reader.word(), change.new_reader.word())
        };
        between(old, new).into_iter().map(line).collect()
    }

    #[test]
    fn what_stays_is_not_told() {
        let file =
            json!({ "timing": { "a": "1s" }, "requirements": { "X-1": { "level": "MUST", "roles": ["relay"] } } });
        assert_eq!(told(&file, &file), [""; 0]);
    }

    #[test]
    fn requirements_bind_more_or_less() {
        let file = |level: &str, roles: &[&str], code: u16| json!({ "requirements": { "X-1": { "level": level, "roles": roles, "close_codes": [code] } } });
        let should = file("SHOULD", &["relay"], 1008);
        let at = "/requirements/X-1";
        assert_eq!(
            told(&should, &file("MUST", &["relay"], 1008)),
            [format!("requirement-raised {at} compatible/breaking")]
        );
        assert_eq!(
            told(&file("MUST", &["relay"], 1008), &should),
            [format!("requirement-lowered {at} breaking/compatible")]
        );
        assert_eq!(
            told(&should, &file("SHOULD", &["relay", "host"], 1008)),
            [format!("requirement-raised {at} compatible/compatible")]
        );
        assert_eq!(
            told(&should, &file("SHOULD", &["relay"], 1013)),
            [format!("close-code-changed {at}/close_codes breaking/breaking")]
        );
        assert_eq!(
            told(&json!({ "requirements": {} }), &file("MUST", &["relay"], 1008)),
            [format!("requirement-raised {at} compatible/breaking")]
        );
    }

    #[test]
    fn each_part_has_its_rule() {
        let old = json!({
            "travel": "websocket", "timing": { "a": "1s", "b": "2s" }, "policy": { "cap": "32s" },
            "endpoints": [{ "path": "/mac" }], "error_codes": ["A"], "server": "relay"
        });
        let new = json!({
            "travel": "framed", "timing": { "a": "2s", "b": "2s", "c": "1s" }, "policy": { "cap": "64s" },
            "endpoints": [{ "path": "/host" }], "error_codes": ["A", "B"], "server": "broker"
        });
        assert_eq!(
            told(&old, &new),
            [
                "transport-changed /travel breaking/breaking",
                "timing-changed /timing/a breaking/breaking",
                "timing-changed /timing/c compatible/compatible",
                "policy-changed /policy breaking/breaking",
                "endpoint-added /endpoints breaking/compatible",
                "endpoint-removed /endpoints compatible/breaking",
                "error-code-added /error_codes breaking/compatible",
                "behaviour-changed /server breaking/breaking",
            ]
        );
    }
}
