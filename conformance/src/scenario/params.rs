//! The params of a subject, as its PIN: what scenarios have to know of it, and only who runs it can say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::term::is_name;
use super::{Bindings, Scenario, Term};

/// What the variables of params begin with: the param `pin` is `$param_pin`.
pub(super) const PREFIX: &str = "param_";

/// The params that a subject declares.
pub type Params = BTreeMap<String, String>;

/// A param as it is written on a command line, `NAME=VALUE`.
///
/// # Errors
/// Where there is no `=`, or the name cannot be one of a variable.
pub fn read_param(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, as pin=000042")?;
    if !is_name(name) {
        return Err(format!("`{name}` is no name: write small letters, digits and `_`"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// The variables that params are in scenarios, with placeholders filled in.
#[must_use]
pub fn variables(params: &Params, fill: impl Fn(&str) -> String) -> Bindings {
    params.iter().map(|(name, value)| (format!("{PREFIX}{name}"), fill(value).into())).collect()
}

impl Scenario {
    /// The params that it speaks of.
    #[must_use]
    pub fn params(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        // Printed, a script has its variables in its strings, wherever they stand.
        strings(&serde_json::to_value(&self.script.steps).unwrap_or_default(), &mut |text| {
            let Ok(term) = Term::try_from(Value::from(text)) else { return };
            term.each_variable(&mut |name| found.extend(name.strip_prefix(PREFIX).map(str::to_owned)));
        });
        found
    }

    /// The params that it speaks of and that a subject with these has not.
    #[must_use]
    pub fn missing(&self, params: &Params) -> BTreeSet<String> {
        self.params().into_iter().filter(|name| !params.contains_key(name)).collect()
    }
}

fn strings(value: &Value, see: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(values) => values.iter().for_each(|value| strings(value, see)),
        Value::Object(members) => members.values().for_each(|value| strings(value, see)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load;

    #[test]
    fn params_are_found_wherever_they_stand() {
        let text = "
            summary: A.
            covers: [PAIR-10]
            under_test: relay
            skipped_without: [control]
            steps:
              - connect: { as: host, to: /mac }
              - expect: { on: host, json: { type: registered, code: $param_code }, check: told }
              - many: { as: i, count: 2, steps: [{ http: { post: \"http://${param_control}/x\", json: {}, status: 200 } }] }
        ";
        let scenario = load("pairing/a.yaml", text).expect("a scenario").remove(0);
        assert_eq!(scenario.params().into_iter().collect::<Vec<_>>(), ["code", "control"]);
        let params = Params::from([("code".to_owned(), "K7QX4M".to_owned())]);
        assert_eq!(scenario.missing(&params).into_iter().collect::<Vec<_>>(), ["control"]);
        assert_eq!(variables(&params, str::to_lowercase)["param_code"], "k7qx4m");
    }

    #[test]
    fn params_are_written_as_name_and_value() {
        assert_eq!(read_param("pin=0=1"), Ok(("pin".to_owned(), "0=1".to_owned())));
        assert!(read_param("pin").is_err() && read_param("Pin=1").is_err() && read_param("=1").is_err());
    }
}
