//! Parses YAML, and words its errors for authors of scenarios.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::{DefaultMessageFormatter, Error, MessageFormatter as _};

use super::at::Place;
use super::header::Header;

/// Parses a script or a part of one.
///
/// # Errors
/// The first error in the text: where, and what is wrong.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, (Place, String)> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error
            .location()
            .map_or_else(Place::default, |location| Place { line: location.line(), column: location.column() });
        (place, message(error.without_snippet()))
    })
}

fn message(error: &Error) -> String {
    match error {
        Error::Eof { .. } => {
            "the file is empty: a scenario has `summary`, `covers`, `under_test` and `steps`".to_owned()
        }
        Error::MultipleDocuments { .. } => {
            "a second YAML document starts here: write each scenario to its own file".to_owned()
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("duplicate key `{key}`"),
        Error::ExpectedMappingEndAfterEnumVariantValue { .. } => {
            "a step has one name: start the next step with `- `".to_owned()
        }
        Error::Unexpected { expected: "mapping start", .. } => {
            "expected a map, such as `key: value` or `{ key: value }`".to_owned()
        }
        Error::Unexpected { expected: "sequence start", .. } => {
            "expected a list, such as `[value]` or lines that start with `- `".to_owned()
        }
        Error::InvalidScalar { ty: "u8", .. } => format!("expected an integer from 0 to {}", u8::MAX),
        Error::InvalidScalar { ty: "u16", .. } => format!("expected an integer from 0 to {}", u16::MAX),
        Error::InvalidScalar { ty: "u32" | "u64", .. } => "expected an integer, 0 or more".to_owned(),
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("unknown name `{variant}`: expected one of {}", expected.join(", "))
        }
        Error::SerdeUnknownField { field, expected, .. } => match &**expected {
            [] => format!("unknown key `{field}`: expected none, write `{{}}`"),
            known => format!("unknown key `{field}`: expected one of {}", known.join(", ")),
        },
        Error::SerdeMissingField { field, .. } => format!("the key `{field}` is missing"),
        other => DefaultMessageFormatter.format_message(other).lines().next().unwrap_or_default().to_owned(),
    }
}

/// A step that is a bare word, which the YAML parser would report at the next step.
pub(super) fn bare_step(text: &str) -> Option<(Place, String)> {
    let header: Header = parse(text).ok()?;
    header.steps.value.iter().find_map(|step| {
        let word = bare_word(std::slice::from_ref(&step.value))?;
        Some((step.place, format!("invalid step {word}: write `- name: {{ … }}`, with `{{}}` if it has no keys")))
    })
}

/// The first bare word among steps or the steps nested in them.
fn bare_word(steps: &[Value]) -> Option<&Value> {
    steps.iter().find_map(|step| match step {
        Value::Object(members) => bare_word(members.get("many")?.get("steps")?.as_array()?),
        Value::String(_) => Some(step),
        _ => None,
    })
}
