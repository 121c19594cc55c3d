//! Compatibility of two JSON Schemas: whether a reader takes all that a writer may send. The answer is a proof, a witness, or that neither
//! was found. Nothing here knows families, files or reports.
//!
//! A writer sends the members that its schema names and no others; a reader ignores members that it does not know, unless its schema
//! forbids them (WIRE-02). Formats are asserted.

mod apart;
mod automaton;
mod close;
pub(crate) mod document;
mod meet;
mod oracle;
#[cfg(test)]
mod properties;
mod prove;
mod sample;
mod shape;
mod side;
#[cfg(test)]
mod tests;
mod witness;

use serde_json::Value;

use document::Document;
use prove::{Pair, Proof};
use sample::Source;
use side::Side;
use witness::Search;

/// Values that are drawn to refute a proof, and to find what the search has missed.
const DRAWN: u64 = 160;

/// Whether a reader takes what a writer sends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// All of it.
    Compatible,
    /// Not these values, which the validator takes for the writer's schema and refuses for the reader's; at least one.
    Breaking(Vec<Value>),
    /// Neither was found.
    Unknown,
}

/// Decides whether a reader takes all that a writer may send.
pub(crate) fn decide(writer: &Document, reader: &Document) -> Answer {
    let shared = writer.same_definitions(reader);
    let closed = close::closed(writer);
    let (own, other) = (Side::new(closed, shared.clone()), Side::new(reader.clone(), shared));
    let pair = Pair { writer: &own, reader: &other };
    let (sent, taken) = (own.root(), other.root());
    let is_proved =
        writer == reader || Proof::new(&pair).within(&sent, &taken) || oracle::covers(&own.document, &other.document);
    let mut search = Search::new(&pair);
    // A proof is checked as well: whoever is wrong here would be believed for years.
    let mut found = if is_proved { Vec::new() } else { search.between(&sent, &taken) };
    if found.is_empty() && writer != reader {
        let drawn = (0..DRAWN).filter_map(|seed| Source::seeded(&own, seed).value(&sent, 0));
        found.extend(drawn.filter(|value| search.parts(&sent, &taken, value)).take(1));
    }
    match (found.is_empty(), is_proved) {
        (false, _) => Answer::Breaking(found),
        (true, true) => Answer::Compatible,
        (true, false) => Answer::Unknown,
    }
}

/// Whether a schema takes a value, formats asserted, number formats as ranges.
pub(crate) fn takes(document: &Document, value: &Value) -> bool {
    let side = Side::new(document.clone(), Default::default());
    side.takes(&side.root(), value)
}

/// Whether a writer of this schema may send a value: only members that it names.
pub(crate) fn sends(document: &Document, value: &Value) -> bool {
    takes(&close::closed(document), value)
}
