//! Who writes and who reads what a schema file describes, in words.

/// The two sides of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Talk {
    /// The family, or the name of a format of the tools.
    pub(crate) family: String,
    pub(crate) writers: String,
    pub(crate) readers: String,
}

/// The formats without a direction: who writes them, who reads them.
const FORMATS: &[(&str, &str, &str)] = &[
    ("scenario", "authors of scenarios", "judges"),
    ("manifest", "authors of manifests", "judges"),
    ("baseline", "authors of baselines", "judges"),
    ("report", "judges", "programs that read reports"),
    ("driver", "runners and clients", "clients and runners"),
];

/// The sides of a file below `schemas/`.
pub(crate) fn of(path: &str) -> Talk {
    let name = path.strip_suffix(".json").unwrap_or(path);
    let (family, file) = name.split_once('/').unwrap_or((name, name));
    if let Some((from, to)) = file.split_once("-to-") {
        return Talk { family: family.into(), writers: format!("{from}s"), readers: format!("{to}s") };
    }
    let known = FORMATS.iter().find(|(name, ..)| *name == file);
    let (writers, readers) = known.map_or(("writers", "readers"), |(_, writers, readers)| (*writers, *readers));
    Talk { family: family.into(), writers: writers.into(), readers: readers.into() }
}

impl Talk {
    /// The old reader and the new writer.
    pub(crate) fn old_reader(&self) -> String {
        format!("{} built before the change, hearing {} built after it", self.readers, self.writers)
    }

    /// The new reader and the old writer.
    pub(crate) fn new_reader(&self) -> String {
        format!("{} built before the change, talking to {} built after it", self.writers, self.readers)
    }
}
