//! What all reports show.

use serde_json::Value;

use super::super::reported::ReportedChange;

/// The result of a comparison.
#[derive(Debug, Clone)]
pub(crate) struct DiffReport {
    /// The names of the older and the newer side.
    pub(crate) old: String,
    pub(crate) new: String,
    /// The folder of their files, with a slash; empty when comparing two files of any folders.
    pub(crate) folder: &'static str,
    pub(crate) changes: Vec<ReportedChange>,
    /// The approvals that are unused or expired, in the order of their file.
    pub(crate) stale: Vec<String>,
}

impl DiffReport {
    /// The changes that break a peer, or may, without an approval.
    pub(crate) fn unapproved(&self) -> impl Iterator<Item = &ReportedChange> {
        self.changes.iter().filter(|change| change.breaks() && change.approved.is_none())
    }

    /// Whether nothing has to be done.
    pub(crate) fn is_fine(&self) -> bool {
        self.unapproved().next().is_none() && self.stale.is_empty()
    }

    /// The result in one sentence.
    pub(super) fn conclusion(&self) -> String {
        let count = |word: &str| self.changes.iter().filter(|change| change.word() == word).count();
        let (breaking, unknown, compatible) = (count("breaking"), count("unknown"), count("compatible"));
        let approved = self.changes.iter().filter(|change| change.approved.is_some()).count();
        let counts = format!("{breaking} breaking, {unknown} unknown, {compatible} compatible; {approved} approved");
        match self.changes.len() {
            0 => format!("nothing has changed since {}", self.old),
            1 => format!("1 change since {}: {counts}", self.old),
            all => format!("{all} changes since {}: {counts}", self.old),
        }
    }
}

/// At most this many scenarios are listed.
const SCENARIOS: usize = 6;

/// The ids of the scenarios that cover a change, and how many more there are.
pub(super) fn scenarios(change: &ReportedChange) -> Option<String> {
    let all = &change.scenarios;
    let listed = all.iter().take(SCENARIOS).cloned().collect::<Vec<_>>().join(", ");
    match all.len() {
        0 => None,
        count if count > SCENARIOS => Some(format!("{listed} and {} more", count - SCENARIOS)),
        _ => Some(listed),
    }
}

/// The direction of the changed messages, such as `pairing, relay → host`.
pub(super) fn direction(change: &ReportedChange) -> String {
    let name = change.file.strip_suffix(".json").unwrap_or(&change.file);
    match name.split_once('/').map(|(family, file)| (family, file.split_once("-to-"))) {
        Some((family, Some((from, to)))) => format!("{family}, {from} → {to}"),
        Some((family, None)) => format!("{family}, behaviour"),
        None if name == "behaviour" => "all families, behaviour".into(),
        None => name.to_owned(),
    }
}

/// A value on one line, cut if it is longer than this many characters.
pub(super) fn short(value: &Value, most: usize) -> String {
    let text = value.to_string();
    let length = text.chars().count();
    if length <= most {
        return text;
    }
    format!("{}… ({length} characters)", text.chars().take(most).collect::<String>())
}
