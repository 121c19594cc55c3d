//! `conformance schema`: prints the JSON Schemas of the formats that this program reads and writes.

use clap::Args;
use conformance::baseline::BaselineFile;
use conformance::report::RunReport;
use conformance::scenario::Script;
use conformance::subject::Manifest;
use relayspec::{driver, schema};
use serde_json::{Map, Value};

use super::answer;
use super::error::{CommandError, UsageError};
use super::status::ExitStatus;

/// Print the JSON Schema of a format: scenario, report, manifest, baseline, driver
#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// The format.
    #[arg(required_unless_present = "list")]
    name: Option<String>,

    /// List the formats, one per line.
    #[arg(long)]
    list: bool,
}

/// The name of a format, and its schema.
type Format = (&'static str, fn() -> Value);

const FORMATS: [Format; 5] = [
    ("scenario", schema::document::<Script>),
    ("report", schema::document::<RunReport>),
    ("manifest", schema::document::<Manifest>),
    ("baseline", schema::document::<BaselineFile>),
    ("driver", driver::schema),
];

pub(super) fn run(arguments: &SchemaArguments) -> Result<ExitStatus, CommandError> {
    let names = FORMATS.map(|(name, _)| name);
    if arguments.list {
        return answer::print(&(names.join("\n") + "\n"));
    }
    let wanted = arguments.name.as_deref().unwrap_or_default();
    let Some((name, make)) = FORMATS.iter().find(|(name, _)| *name == wanted) else {
        return Err(UsageError::Format { name: wanted.to_owned(), known: names.to_vec() }.into());
    };
    let mut document = Map::new();
    document.insert("$schema".to_owned(), schema::DIALECT.into());
    document.insert("$id".to_owned(), format!("urn:relayspec:{name}").into());
    if let Value::Object(members) = make() {
        document.extend(members);
    }
    let text = serde_json::to_string_pretty(&document).map_err(CommandError::Schema)?;
    answer::print(&(text + "\n"))
}
