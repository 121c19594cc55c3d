//! Changes of behaviour: endpoints, timing, policies, close codes, error codes, and the levels of requirements. No message shows them, so
//! fixed rules decide which peers they break.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::rules::{self, ChangeRule};
use super::verdict::{Evidence, Verdict};

/// One change of behaviour.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BehaviourChange {
    pub(super) rule: ChangeRule,
    /// The pointer in `behaviour.json`.
    pub(super) at: String,
    pub(super) old: Option<Value>,
    pub(super) new: Option<Value>,
    /// The requirement that it is about.
    pub(super) requirement: Option<String>,
    /// For peers built before the change, connected to peers built after it.
    pub(super) old_reader: Verdict,
    /// For peers built after the change, connected to peers built before it.
    pub(super) new_reader: Verdict,
}

/// All changes between two files.
pub(super) fn between(old: &Value, new: &Value) -> Vec<BehaviourChange> {
    let mut all = Vec::new();
    for (name, before, after) in entries(Some(old), Some(new)) {
        let (old, new) = (before.as_ref(), after.as_ref());
        match name.as_str() {
            "timing" | "policies" => all.extend(entries(old, new).into_iter().map(|(key, before, after)| {
                let rule = if name == "timing" { rules::TIMING } else { rules::POLICY };
                plain(rule, format!("/{name}/{key}"), before, after)
            })),
            "requirements" => {
                let changed = entries(old, new).into_iter();
                all.extend(changed.flat_map(|(id, before, after)| requirement(&id, before.as_ref(), after.as_ref())));
            }
            "endpoints" => {
                let rules = (rules::ENDPOINT_ADDED, rules::ENDPOINT_REMOVED);
                all.extend(offered(rules, "/endpoints", old, new, "is refused by peers that do not know it"));
            }
            "error_codes" => {
                let rules = (rules::ERROR_CODE_ADDED, rules::ERROR_CODE_REMOVED);
                all.extend(offered(rules, "/error_codes", old, new, "means nothing to peers that do not know it"));
            }
            "policy" => all.push(plain(rules::POLICY, "/policy".into(), before, after)),
            "travel" => all.push(plain(rules::TRAVEL, "/travel".into(), before, after)),
            _ => all.push(plain(rules::BEHAVIOUR, format!("/{name}"), before, after)),
        }
    }
    all
}

/// The entries of two objects that differ: name, value before, value after; those of the newer object first.
fn entries(old: Option<&Value>, new: Option<&Value>) -> Vec<(String, Option<Value>, Option<Value>)> {
    let empty = Map::new();
    let [old, new] = [old, new].map(|value| value.and_then(Value::as_object).unwrap_or(&empty));
    let names = new.keys().chain(old.keys().filter(|name| !new.contains_key(*name)));
    let all = names.map(|name| (name.clone(), old.get(name).cloned(), new.get(name).cloned()));
    all.filter(|(_, before, after)| before != after).collect()
}

fn differs(text: String) -> Verdict {
    Verdict::Breaking(Evidence::Differs(text))
}

/// A value on which both sides have to agree. A new one breaks no peer.
fn plain(rule: ChangeRule, at: String, old: Option<Value>, new: Option<Value>) -> BehaviourChange {
    let verdict = match &old {
        None => Verdict::Compatible,
        Some(before) => {
            let after = new.as_ref().map_or("nothing".to_owned(), Value::to_string);
            differs(format!("one side uses {before} and the other {after}"))
        }
    };
    BehaviourChange { rule, at, old, new, requirement: None, old_reader: verdict.clone(), new_reader: verdict }
}

/// Items that one side offers and the other uses: one that is added breaks old readers, one that is removed new ones.
fn offered(
    (is_added, is_removed): (ChangeRule, ChangeRule),
    at: &str,
    old: Option<&Value>,
    new: Option<&Value>,
    why: &str,
) -> Vec<BehaviourChange> {
    let [old, new] = [old, new].map(|value| value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default());
    let change = |rule, item: &Value, added: bool| {
        let (before, after) = if added { (None, Some(item.clone())) } else { (Some(item.clone()), None) };
        let (broken, fine) = (differs(format!("{item} {why}")), Verdict::Compatible);
        let (old_reader, new_reader) = if added { (broken, fine) } else { (fine, broken) };
        BehaviourChange { rule, at: at.to_owned(), old: before, new: after, requirement: None, old_reader, new_reader }
    };
    let added = new.iter().filter(|item| !old.contains(item)).map(|item| change(is_added, item, true));
    let removed = old.iter().filter(|item| !new.contains(item)).map(|item| change(is_removed, item, false));
    added.chain(removed).collect()
}

fn requirement(id: &str, old: Option<&Value>, new: Option<&Value>) -> Vec<BehaviourChange> {
    let at = format!("/requirements/{id}");
    let change = |rule, at: &str, (old, new): (Option<Value>, Option<Value>), (old_reader, new_reader)| {
        let requirement = Some(id.to_owned());
        BehaviourChange { rule, at: at.to_owned(), old, new, requirement, old_reader, new_reader }
    };
    let mut all = Vec::new();
    let shown = |side: Option<&Value>| {
        let side = side.filter(|side| !levels(Some(side)).is_empty())?;
        Some(Value::from(format!("{} · {}", side["level"].as_str().unwrap_or_default(), words(&side["roles"]))))
    };
    let sides = (shown(old), shown(new));
    let (before, after) = (levels(old), levels(new));
    // The roles that one side binds more strongly than the other, and whether any of them by a MUST.
    let stronger = |side: &BTreeMap<&str, u8>, other: &BTreeMap<&str, u8>| {
        let raised = side.iter().filter(|(role, level)| **level > other.get(*role).copied().unwrap_or(0));
        let (roles, levels): (Vec<_>, Vec<_>) = raised.map(|(role, level)| (*role, *level)).unzip();
        (!roles.is_empty()).then(|| (roles.join(", "), levels.contains(&MUST)))
    };
    if let Some((roles, binds)) = stronger(&after, &before) {
        let text = format!("{roles} built before the change need not meet {id}, which is a MUST now");
        let verdict = if binds { differs(text) } else { Verdict::Compatible };
        all.push(change(rules::RAISED, &at, sides.clone(), (Verdict::Compatible, verdict)));
    }
    if let Some((roles, bound)) = stronger(&before, &after) {
        let text = format!("{roles} built after the change need not meet {id}, on which others rely");
        let verdict = if bound { differs(text) } else { Verdict::Compatible };
        all.push(change(rules::LOWERED, &at, sides, (verdict, Verdict::Compatible)));
    }
    if let (Some(old), Some(new)) = (old, new)
        && old.get("close_codes") != new.get("close_codes")
    {
        let [old, new] = [old, new].map(|side| side.get("close_codes").cloned());
        let [before, after] = [&old, &new].map(|codes| codes.as_ref().map_or("any".to_owned(), words));
        let verdict = differs(format!("closed with {before} before the change and with {after} after it"));
        all.push(change(rules::CLOSE_CODE, &format!("{at}/close_codes"), (old, new), (verdict.clone(), verdict)));
    }
    all
}

const MUST: u8 = 3;

/// How strongly a requirement binds each role: 1 for MAY, 2 for SHOULD, 3 for MUST.
fn levels(requirement: Option<&Value>) -> BTreeMap<&str, u8> {
    let Some(requirement) = requirement else { return BTreeMap::new() };
    let level = match requirement["level"].as_str() {
        Some("MUST") => MUST,
        Some("SHOULD") => 2,
        _ => 1,
    };
    let roles = requirement["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
    roles.map(|role| (role, level)).collect()
}

fn words(list: &Value) -> String {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    list.as_array().map(|list| list.iter().map(word).collect::<Vec<_>>().join(", ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changes(old: &Value, new: &Value) -> Vec<String> {
        let line = |change: BehaviourChange| {
            format!("{} {} {}/{}", change.rule.id, change.at, change.old_reader.word(), change.new_reader.word())
        };
        between(old, new).into_iter().map(line).collect()
    }

    #[test]
    fn keeps_quiet_about_what_stays() {
        let file =
            json!({ "timing": { "a": "1s" }, "requirements": { "X-1": { "level": "MUST", "roles": ["relay"] } } });
        assert_eq!(changes(&file, &file), [""; 0]);
    }

    #[test]
    fn reports_requirements_that_bind_more_or_less() {
        let file = |level: &str, roles: &[&str], code: u16| json!({ "requirements": { "X-1": { "level": level, "roles": roles, "close_codes": [code] } } });
        let should = file("SHOULD", &["relay"], 1008);
        let at = "/requirements/X-1";
        assert_eq!(
            changes(&should, &file("MUST", &["relay"], 1008)),
            [format!("requirement-raised {at} compatible/breaking")]
        );
        assert_eq!(
            changes(&file("MUST", &["relay"], 1008), &should),
            [format!("requirement-lowered {at} breaking/compatible")]
        );
        assert_eq!(
            changes(&should, &file("SHOULD", &["relay", "host"], 1008)),
            [format!("requirement-raised {at} compatible/compatible")]
        );
        assert_eq!(
            changes(&should, &file("SHOULD", &["relay"], 1013)),
            [format!("close-code-changed {at}/close_codes breaking/breaking")]
        );
        assert_eq!(
            changes(&json!({ "requirements": {} }), &file("MUST", &["relay"], 1008)),
            [format!("requirement-raised {at} compatible/breaking")]
        );
    }

    #[test]
    fn has_a_rule_for_each_part() {
        let old = json!({
            "travel": "websocket", "timing": { "a": "1s", "b": "2s" }, "policy": { "cap": "32s" },
            "endpoints": [{ "path": "/mac" }], "error_codes": ["A"], "server": "relay"
        });
        let new = json!({
            "travel": "framed", "timing": { "a": "2s", "b": "2s", "c": "1s" }, "policy": { "cap": "64s" },
            "endpoints": [{ "path": "/host" }], "error_codes": ["A", "B"], "server": "broker"
        });
        assert_eq!(
            changes(&old, &new),
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
