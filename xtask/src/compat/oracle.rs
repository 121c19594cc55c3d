//! A second opinion: the canonical forms of the crate `jsonschema`. They are experimental, so only a `yes` counts, and it is checked.

use jsonschema::canonical::{self, Containment};
use serde_json::Value;

use super::document::Document;

/// Whether the crate proves that a reader accepts everything that a writer sends.
pub(super) fn covers(writer: &Document, reader: &Document) -> bool {
    let form = |schema: &Value| canonical::options().offline().should_validate_formats(true).canonicalize(schema).ok();
    let (Some(writer), Some(reader)) = (form(&writer.root), form(&reader.root)) else { return false };
    matches!(reader.covers(&writer), Ok(Containment::Yes))
}
