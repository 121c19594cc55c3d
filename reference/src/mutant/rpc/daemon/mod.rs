//! Mutants of a daemon.

mod answers;
mod frames;
mod sessions;

use std::collections::HashSet;
use std::io::Error;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use relayspec::rpc::{Frame, Frames, Message};

use super::pass::{self, Said, Talk, Talks, locked};
use super::socket::{beside, is_live, listen};
use crate::mutant::link::Way;
use crate::mutant::{Chosen, Mutant};
use crate::net::rpc::DaemonOptions;

pub(crate) const MUTANTS: &[&[Mutant]] = &[answers::MUTANTS, frames::MUTANTS, sessions::MUTANTS, SOCKET];

/// Mutants in the socket file.
const SOCKET: &[Mutant] = &[
    Mutant::new("open-to-all", &["RPC-14"], "lets everybody use its socket file"),
    Mutant::new("open-to-the-group", &["RPC-14"], "lets its group use its socket file"),
    Mutant::new("open-in-a-stale-place", &["RPC-14"], "lets everybody use a socket file that replaces a stale one"),
    Mutant::new("takes-the-place", &["RPC-14"], "takes the place of a daemon that lives"),
    Mutant::new("respects-stale-files", &["RPC-14"], "does not replace a stale file").causing(&["RPC-13"]),
    Mutant::new("deaf-in-a-stale-place", &["RPC-14"], "hears nobody at a socket file that replaces a stale one")
        .causing(&["RPC-13"]),
];

/// Where clients come in: at the daemon itself, or at whoever stands before it.
#[derive(Debug)]
pub struct DaemonDoor(Option<Middle>);

#[derive(Debug)]
struct Middle {
    mutant: &'static str,
    listener: UnixListener,
    behind: PathBuf,
    /// Whether a daemon was there before.
    is_restored: bool,
}

/// Nobody can stand in the middle.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {}", path.display())]
pub struct NoDoor {
    pub(super) path: PathBuf,
    pub(super) source: Error,
}

impl DaemonDoor {
    /// A door at the socket of the options, which then name another.
    ///
    /// # Errors
    /// Where somebody listens there.
    pub fn new(chosen: Option<Chosen>, options: &mut DaemonOptions) -> Result<Self, NoDoor> {
        let Some(mutant) = chosen.map(|chosen| chosen.mutant.name) else { return Ok(Self(None)) };
        let path = options.socket.clone();
        let failed = |source| NoDoor { path: path.clone(), source };
        let is_restored = options.journal.exists();
        match mutant {
            "forgets-all" => _ = std::fs::remove_file(&options.journal),
            "never-comes-back" if is_restored => {
                return Err(failed(Error::other("it was used before")));
            }
            _ => {}
        }
        let is_rival = mutant == "takes-the-place" && is_live(&path);
        let listener = listen(mutant, &path).map_err(failed)?;
        options.socket = beside(&path, &format!(".{}", std::process::id()));
        if is_rival {
            // The journal belongs to the daemon that lives.
            options.journal = beside(&options.socket, ".journal");
        }
        Ok(Self(Some(Middle { mutant, listener, behind: options.socket.clone(), is_restored })))
    }

    /// Passes on what comes while the daemon serves.
    pub async fn open<T>(self, serving: impl Future<Output = T>) -> T {
        match self.0 {
            Some(Middle { mutant, listener, behind, is_restored }) => {
                let house = Arc::new(Mutex::new(House { is_restored, ..House::default() }));
                pass::serve(listener, behind.clone(), Daemon { mutant, house }, serving).await
            }
            None => serving.await,
        }
    }
}

/// What all connections share.
#[derive(Debug, Default)]
struct House {
    started: HashSet<String>,
    ended: HashSet<String>,
    /// Whether memory was taken for a length.
    has_taken: bool,
    /// The latest connection on which a length came that no daemon takes.
    liar: usize,
    is_restored: bool,
}

struct Daemon {
    mutant: &'static str,
    house: Arc<Mutex<House>>,
}

impl Talks for Daemon {
    fn talk(&self, number: usize) -> Option<Box<dyn Talk>> {
        let house = Arc::clone(&self.house);
        if self.mutant == "deaf-in-a-stale-place" && locked(&house).is_restored {
            return None;
        }
        Some(Box::new(Connection {
            mutant: self.mutant,
            house,
            number,
            own: HashSet::new(),
            back: HashSet::new(),
            starts: HashSet::new(),
            latest: 0,
            asked: 0,
            answers: 0,
            held: Vec::new(),
            owes: false,
        }))
    }

    fn limit(&self, way: Way) -> usize {
        match (self.mutant, way) {
            (_, Way::Out) | ("takes-any-length", _) => usize::MAX,
            ("small-limit", _) => 1 << 20,
            _ => 16 << 20,
        }
    }

    fn is_single(&self) -> bool {
        self.mutant == "one-at-a-time"
    }
}

struct Connection {
    mutant: &'static str,
    house: Arc<Mutex<House>>,
    number: usize,
    /// Sessions that were started here, and those of them that had been started elsewhere before.
    own: HashSet<String>,
    back: HashSet<String>,
    /// The request ids of their starts.
    starts: HashSet<u64>,
    /// The request id of the latest frame.
    latest: u64,
    /// Frames that came, and that were answered.
    asked: usize,
    answers: usize,
    /// Frames that wait.
    held: Vec<u8>,
    /// Whether an answer that should not be is still to come.
    owes: bool,
}

impl Talk for Connection {
    fn says(&mut self, way: Way, frames: &mut Frames) -> Said {
        let (mut said, mut count) = (Said::default(), 0);
        if way == Way::In && frames::is_unheard(self) {
            frames.buffer().clear();
            return said;
        }
        loop {
            match frames.next_frame() {
                Ok(Some(bytes)) => {
                    count += 1;
                    if self.mutant == "drops-coalesced" && way == Way::In && count > 1 {
                        continue;
                    }
                    let spoilt = match way {
                        Way::In => self.asked(bytes, count, &mut said),
                        Way::Out => self.answered(bytes, &mut said),
                    };
                    said.onward.extend(spoilt.unwrap_or_else(|| bytes.to_vec()));
                }
                Ok(None) => break,
                Err(_) => {
                    frames::too_long(self, frames, &mut said);
                    return said;
                }
            }
        }
        if way == Way::In {
            frames::read(self, count, frames, &mut said);
            self.asked += count;
        }
        said
    }

    fn ends(&mut self, way: Way) -> Vec<u8> {
        if way == Way::In { sessions::lost(self) } else { Vec::new() }
    }
}

fn ack(id: u64) -> Vec<u8> {
    Frame { id, message: Message::Ack }.encode()
}

impl Connection {
    /// What a client says, the so-and-so-many of what came at once.
    fn asked(&mut self, bytes: &[u8], place: usize, said: &mut Said) -> Option<Vec<u8>> {
        let Ok(frame) = Frame::decode(bytes) else {
            frames::undecodable(self, bytes, said);
            return None;
        };
        let house = Arc::clone(&self.house);
        let mut house = locked(&house);
        let is_ignored = answers::is_ignored(self, &frame, &house);
        let spoilt = sessions::asked(self, &frame, &mut house, said);
        let spoilt = spoilt.or_else(|| answers::asked(self, &frame, place, said));
        self.latest = frame.id;
        if is_ignored { Some(Vec::new()) } else { spoilt }
    }

    /// What the daemon says.
    fn answered(&mut self, bytes: &[u8], said: &mut Said) -> Option<Vec<u8>> {
        let frame = Frame::decode(bytes).ok()?;
        self.answers += 1;
        let spoilt = answers::answered(self, &frame, bytes, said);
        spoilt.or_else(|| sessions::answered(self, &frame)).or_else(|| frames::answered(self, bytes))
    }
}
