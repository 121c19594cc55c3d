//! The peers that write and read what a schema file describes, in words.

/// The formats without a direction, their writers and their readers.
const FORMATS: &[(&str, &str, &str)] = &[
    ("scenario", "authors of scenarios", "runners"),
    ("manifest", "authors of manifests", "runners"),
    ("baseline", "authors of baselines", "runners"),
    ("report", "runners", "programs that read reports"),
    ("driver", "runners and clients", "clients and runners"),
];

/// The peers affected by a change of a file below `schemas/`: old reader with new writer, and new reader with old writer.
pub(super) fn of(path: &str) -> [String; 2] {
    let name = path.strip_suffix(".json").unwrap_or(path);
    let file = name.split_once('/').map_or(name, |(_, file)| file);
    let known = FORMATS.iter().find(|(name, ..)| *name == file);
    let (writers, readers) = match (file.split_once("-to-"), known) {
        (Some((from, to)), _) => (format!("{from}s"), format!("{to}s")),
        (None, Some((_, writers, readers))) => ((*writers).to_owned(), (*readers).to_owned()),
        (None, None) => ("writers".to_owned(), "readers".to_owned()),
    };
    [
        format!("{readers} built before the change, receiving from {writers} built after it"),
        format!("{writers} built before the change, sending to {readers} built after it"),
    ]
}
