//! A second opinion: the canonical forms of the crate `jsonschema`. They are experimental, so only their `yes` is heard, and checked.

use jsonschema::canonical::{self, Containment};
use serde_json::Value;

use super::document::Document;

/// Whether the crate has a proof that a reader takes all that a writer sends.
pub(super) fn covers(writer: &Document, reader: &Document) -> bool {
    let form = |schema: &Value| canonical::options().offline().should_validate_formats(true).canonicalize(schema).ok();
    let (Some(writer), Some(reader)) = (form(&writer.root), form(&reader.root)) else { return false };
    matches!(reader.covers(&writer), Ok(Containment::Yes))
}
