//! What a subject declares of itself for scenarios to use: a token, a second address. Values may hold `{name_port}`, where the command that
//! starts it gets another free port of that name.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::scenario::{Bindings, is_name};

/// Names and values, as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(BTreeMap<String, String>);

/// One of them, as the command line has it: `token=abc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    name: String,
    value: String,
}

impl FromStr for Param {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, as token=abc")?;
        Self::new(name, value)
    }
}

impl Param {
    /// A value with its name.
    ///
    /// # Errors
    /// Where the name could not name a variable of a scenario.
    pub fn new(name: &str, value: &str) -> Result<Self, String> {
        if !is_name(name) {
            return Err(format!("`{name}` is no name: write small letters, digits and `_`"));
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

impl FromIterator<Param> for Params {
    /// Of two with one name the later one counts.
    fn from_iter<I: IntoIterator<Item = Param>>(params: I) -> Self {
        Self(params.into_iter().map(|Param { name, value }| (name, value)).collect())
    }
}

impl Params {
    /// The values as variables of a scenario, with ports filled in.
    #[must_use]
    pub fn bindings(&self, ports: &Ports) -> Bindings {
        self.0.iter().map(|(name, value)| (name.clone(), ports.fill(value).into())).collect()
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }
}

/// Ports by the placeholders that stand for them, braces included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ports(BTreeMap<String, u16>);

impl Ports {
    /// A port for each placeholder.
    pub fn new(ports: impl IntoIterator<Item = (String, u16)>) -> Self {
        Self(ports.into_iter().collect())
    }

    /// The ports beside `{port}`.
    pub fn others(&self) -> impl Iterator<Item = u16> {
        self.0.iter().filter(|(placeholder, _)| *placeholder != "{port}").map(|(_, port)| *port)
    }

    /// The text with its placeholders filled in.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (placeholder, port)| text.replace(placeholder, &port.to_string()))
    }
}

/// The placeholders for ports in a text: `{port}` and `{name_port}`.
#[must_use]
pub fn placeholders(text: &str) -> BTreeSet<String> {
    let inside = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(inside, _)| inside);
    inside
        .filter(|name| is_name(name) && (*name == "port" || name.ends_with("_port")))
        .map(|name| format!("{{{name}}}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_found_and_filled_in() {
        let text = "--port {port} --public {public_port} {\"a\": {x}} {Port} {support}";
        assert_eq!(placeholders(text).into_iter().collect::<Vec<_>>(), ["{port}", "{public_port}"]);
        let ports = Ports::new([("{port}".to_owned(), 1), ("{public_port}".to_owned(), 2)]);
        assert_eq!(ports.fill(text), "--port 1 --public 2 {\"a\": {x}} {Port} {support}");
        let params: Params = ["url=http://h:{public_port}", "token=a=b", "token=c"]
            .map(|text| text.parse().expect("it"))
            .into_iter()
            .collect();
        assert_eq!(
            serde_json::json!(params.bindings(&ports)),
            serde_json::json!({ "token": "c", "url": "http://h:2" })
        );
        assert!("Token=x".parse::<Param>().is_err() && "token".parse::<Param>().is_err());
    }
}
