//! Compatibility of two JSON Schemas: whether a reader accepts everything that a writer may send. The answer rests on a proof or a witness;
//! if neither is found it is unknown. Nothing here knows families, files or reports.
//!
//! A writer sends only the members that its schema names; a reader ignores members that it does not know, unless its schema forbids them
//! (WIRE-02). Formats are asserted.

mod analysis;
mod automaton;
mod close;
mod disjoint;
pub(crate) mod document;
mod intersect;
mod prove;
mod sample;
mod shape;
#[cfg(test)]
mod tests;
mod witness;

use jsonschema::canonical::{self, Containment};
use serde_json::Value;

use analysis::SchemaAnalysis;
use document::Document;
use prove::{Pair, Prover};
use sample::Sampler;
use witness::WitnessSearch;

/// How many random values are drawn to refute a proof, and to find what the search has missed.
const DRAWN: u64 = 160;

/// Whether a reader accepts what a writer sends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// It accepts everything.
    Compatible,
    /// It refuses these values, which the validator accepts under the writer's schema and rejects under the reader's; at least one.
    Breaking(Vec<Value>),
    /// Neither a proof nor a witness was found.
    Unknown,
}

/// Decides whether a reader accepts everything that a writer may send.
pub(crate) fn decide(writer: &Document, reader: &Document) -> Answer {
    let shared = writer.same_definitions(reader);
    let closed = close::closed(writer);
    let (own, other) = (SchemaAnalysis::new(closed, shared.clone()), SchemaAnalysis::new(reader.clone(), shared));
    let pair = Pair { writer: &own, reader: &other };
    let (sent, taken) = (own.root(), other.root());
    let is_proved = writer == reader
        || Prover::new(&pair).within(&sent, &taken)
        || is_proved_by_crate(&own.document, &other.document);
    let mut search = WitnessSearch::new(&pair);
    // A proof is checked as well: a wrong one would hide a break for years.
    let mut found = if is_proved { Vec::new() } else { search.refused(&sent, &taken) };
    if found.is_empty() && writer != reader {
        let drawn = (0..DRAWN).filter_map(|seed| Sampler::seeded(&own, seed).value(&sent, 0));
        found.extend(drawn.filter(|value| search.is_witness(&sent, &taken, value)).take(1));
    }
    match (found.is_empty(), is_proved) {
        (false, _) => Answer::Breaking(found),
        (true, true) => Answer::Compatible,
        (true, false) => Answer::Unknown,
    }
}

/// Whether the canonical forms of the crate `jsonschema` prove that a reader accepts everything that a writer sends. They are experimental,
/// so only a `yes` counts, and it is checked.
fn is_proved_by_crate(writer: &Document, reader: &Document) -> bool {
    let form = |schema: &Value| canonical::options().offline().should_validate_formats(true).canonicalize(schema).ok();
    let (Some(writer), Some(reader)) = (form(&writer.root), form(&reader.root)) else { return false };
    matches!(reader.covers(&writer), Ok(Containment::Yes))
}

/// Whether a schema accepts a value; formats are asserted, number formats as ranges.
pub(crate) fn accepts(document: &Document, value: &Value) -> bool {
    let side = SchemaAnalysis::new(document.clone(), Default::default());
    side.accepts(&side.root(), value)
}

/// Whether a writer of this schema may send a value, which has only members that the schema names.
pub(crate) fn may_send(document: &Document, value: &Value) -> bool {
    accepts(&close::closed(document), value)
}
