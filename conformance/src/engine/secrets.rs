//! Keeps secrets that a subject declares, such as tokens, out of reports.

use serde_json::Value;

use crate::outcome::{Finding, ScenarioOutcome};
use crate::scenario::Bindings;

/// Values that no report shows, and their replacements.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Vec<(String, String)>);

/// The last words of the names of secret parameters.
const KINDS: &[&str] = &["token", "pin", "password", "secret"];

impl Secrets {
    /// The secrets among what a subject declares.
    #[must_use]
    pub fn of(params: &Bindings) -> Self {
        let is_secret = |name: &str| name.rsplit('_').next().is_some_and(|last| KINDS.contains(&last));
        let secret = |(name, value): (&String, &Value)| {
            let value = value.as_str().filter(|value| !value.is_empty() && is_secret(name))?;
            Some((value.to_owned(), format!("‹{name}›")))
        };
        let mut secrets: Vec<_> = params.iter().filter_map(secret).collect();
        // One that is part of another must not be replaced first.
        secrets.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        Self(secrets)
    }

    /// Replaces them in a text.
    pub fn hide(&self, text: &mut String) {
        for (value, name) in &self.0 {
            if text.contains(value) {
                *text = text.replace(value, name);
            }
        }
    }

    /// Replaces them in the outcome of a scenario.
    pub(super) fn hide_in(&self, outcome: &mut ScenarioOutcome) {
        if self.0.is_empty() {
            return;
        }
        self.hide(&mut outcome.output);
        outcome.transcript.iter_mut().for_each(|line| self.hide(&mut line.what));
        for check in &mut outcome.checks {
            check.reason.iter_mut().for_each(|reason| self.hide(reason));
            for Finding { what, expected, got, .. } in &mut check.findings {
                [Some(what), expected.as_mut(), got.as_mut()].into_iter().flatten().for_each(|text| self.hide(text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hides_secrets_and_nothing_else() {
        let params =
            json!({ "token": "abc", "other_token": "abcdef", "public_url": "http://h", "pin": "", "tokens": "x" });
        let params = params.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()));
        let secrets = Secrets::of(&params.collect());
        let mut text = "abcdef, abc and abx at http://h".to_owned();
        secrets.hide(&mut text);
        assert_eq!(text, "‹other_token›, ‹token› and abx at http://h");
    }
}
