//! Where the files of a protocol come from: embedded in the binary, a folder, or one file. Nothing outside is ever read.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::{Problem, ProtocolError};
use crate::scenario::{Place, Size};

/// What a protocol may have in files, scenarios included.
const MOST: Size = Size(8 << 20);

/// The name of the definition in a folder.
pub(super) const DEFINITION: &str = "protocol.yaml";

/// Files by their names, with slashes, relative to the folder of the protocol.
pub(super) enum Source {
    /// Those of a built-in protocol.
    Embedded { folder: String, files: BTreeMap<&'static str, &'static str> },
    /// Those of a folder.
    Folder { folder: PathBuf, main: String, left: AtomicU64 },
}

impl Source {
    /// The folder of a protocol, or the one file that it is. In a folder the definition is `protocol.yaml`, or else `protocol.json`.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn at(path: &Path) -> Result<Self, ProtocolError> {
        let unreadable = |why: String| whole(path.display().to_string(), Problem::Unreadable(why));
        let metadata = fs::metadata(path).map_err(|error| unreadable(plain(&error)))?;
        let (folder, main) = if metadata.is_dir() {
            let names = [DEFINITION, "protocol.yml", "protocol.json"];
            let main = names.into_iter().find(|name| path.join(name).exists());
            let main = main.ok_or_else(|| unreadable(format!("the folder has no `{DEFINITION}`")))?;
            (path.to_owned(), main.to_owned())
        } else {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
            (folder.to_owned(), name)
        };
        Ok(Self::Folder { folder, main, left: AtomicU64::new(MOST.0) })
    }

    /// The name of the definition.
    pub(super) fn main(&self) -> &str {
        match self {
            Self::Embedded { .. } => "protocol.json",
            Self::Folder { main, .. } => main,
        }
    }

    /// A name as errors show it.
    pub(super) fn shown(&self, name: &str) -> String {
        match self {
            Self::Embedded { folder, .. } => format!("{folder}/{name}"),
            Self::Folder { folder, .. } => {
                let plain = folder.components().filter(|part| *part != Component::CurDir).collect::<PathBuf>();
                plain.join(name).display().to_string()
            }
        }
    }

    /// The definition's name for comparing: the same for every way to write its path.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::Folder { folder, main, .. } => match folder.join(main).canonicalize() {
                Ok(path) => path.display().to_string(),
                Err(_) => self.shown(main),
            },
            Self::Embedded { .. } => self.shown(self.main()),
        }
    }

    /// Whether there is such a file.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Embedded { files, .. } => files.contains_key(name),
            Self::Folder { folder, .. } => folder.join(name).is_file(),
        }
    }

    /// The folder on disk, if it is one.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Embedded { .. } => None,
            Self::Folder { folder, .. } => Some(folder),
        }
    }

    /// The text of a file.
    ///
    /// # Errors
    /// If it cannot be read, is not UTF-8, or is outside the folder; if all that was read is too large.
    pub(super) fn read(&self, name: &str) -> Result<String, ProtocolError> {
        let failed = |problem| Err(whole(self.shown(name), problem));
        match self {
            Self::Embedded { files, .. } => match files.get(name) {
                Some(text) => Ok((*text).to_owned()),
                None => failed(Problem::Unreadable("there is no such file".to_owned())),
            },
            Self::Folder { folder, left, .. } => {
                let is_inside =
                    Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
                if !is_inside {
                    return failed(Problem::Outside(name.to_owned()));
                }
                let file = match fs::File::open(folder.join(name)) {
                    Ok(file) => file,
                    Err(error) => return failed(Problem::Unreadable(plain(&error))),
                };
                let mut bytes = Vec::new();
                if let Err(error) = file.take(left.load(Ordering::Relaxed) + 1).read_to_end(&mut bytes) {
                    return failed(Problem::Unreadable(plain(&error)));
                }
                let Some(rest) = left.load(Ordering::Relaxed).checked_sub(bytes.len() as u64) else {
                    return failed(Problem::TooLarge { most: MOST.to_string() });
                };
                left.store(rest, Ordering::Relaxed);
                match String::from_utf8(bytes) {
                    Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
                    Err(error) => failed(Problem::NotUtf8 { at: error.utf8_error().valid_up_to() }),
                }
            }
        }
    }

    /// The names of the YAML files below a folder, sorted. Links to folders are not followed, so no loop of links is.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(super) fn yaml_below(&self, name: &str) -> Result<Vec<String>, ProtocolError> {
        let mut found = Vec::new();
        match self {
            Self::Embedded { files, .. } => {
                let prefix = format!("{name}/");
                found.extend(files.keys().filter(|file| file.starts_with(&prefix)).map(|file| (*file).to_owned()));
            }
            Self::Folder { folder, .. } => {
                let mut folders = vec![PathBuf::from(name)];
                while let Some(inner) = folders.pop() {
                    let path = folder.join(&inner);
                    if !path.is_dir() {
                        continue;
                    }
                    let failed =
                        |error: std::io::Error| whole(path.display().to_string(), Problem::Unreadable(plain(&error)));
                    for entry in fs::read_dir(&path).map_err(failed)? {
                        let entry = entry.map_err(failed)?;
                        let (kind, relative) = (entry.file_type().map_err(failed)?, inner.join(entry.file_name()));
                        let is_yaml = relative.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
                        if kind.is_dir() {
                            folders.push(relative);
                        } else if is_yaml {
                            found.push(relative.display().to_string());
                        }
                    }
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// An error about a whole file.
pub(super) fn whole(file: String, problem: Problem) -> ProtocolError {
    ProtocolError { file, place: Place::default(), problem }
}

/// What the system says, without its number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.clone(), |(plain, _)| plain.to_lowercase())
}
