//! The params that a subject declares for scenarios to use, such as a token or a second address. In values, `{name_port}` stands for a
//! further free port, as in the command.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::scenario::{Bindings, is_name};

/// Names and values, with their placeholders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(BTreeMap<String, String>);

/// A name and its value, such as `token=abc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    name: String,
    value: String,
}

/// Why a param is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// It has no value.
    #[error("expected NAME=VALUE, such as token=abc")]
    NoValue,
    /// Its name cannot be that of a scenario's variable.
    #[error("invalid name `{0}`: expected lower-case letters, digits and `_`")]
    Name(String),
}

impl FromStr for Param {
    type Err = ParamError;

    fn from_str(text: &str) -> Result<Self, ParamError> {
        let (name, value) = text.split_once('=').ok_or(ParamError::NoValue)?;
        Self::new(name, value)
    }
}

impl Param {
    /// A name and its value.
    pub fn new(name: &str, value: &str) -> Result<Self, ParamError> {
        if !is_name(name) {
            return Err(ParamError::Name(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

impl FromIterator<Param> for Params {
    /// If a name occurs twice, its last value counts.
    fn from_iter<I: IntoIterator<Item = Param>>(params: I) -> Self {
        Self(params.into_iter().map(|Param { name, value }| (name, value)).collect())
    }
}

impl Params {
    /// The values as variables of a scenario, with their ports filled in.
    #[must_use]
    pub fn bindings(&self, ports: &Ports) -> Bindings {
        self.0.iter().map(|(name, value)| (name.clone(), ports.fill(value).into())).collect()
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }
}

/// Ports by their placeholders, braces included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ports(BTreeMap<String, u16>);

impl Ports {
    /// A port for each placeholder.
    pub fn new(ports: impl IntoIterator<Item = (String, u16)>) -> Self {
        Self(ports.into_iter().collect())
    }

    /// The ports other than `{port}`.
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
    fn fills_in_ports() {
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
