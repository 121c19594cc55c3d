//! Mutants of an rpc daemon.

mod answers;
mod frames;
mod sessions;

use std::collections::HashSet;
use std::io::Error;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use relayspec::rpc::{Frame, Frames, Message};

use super::pass::{self, RpcAction, RpcLink, RpcMutant, locked};
use super::socket::{beside, is_live, listen};
use crate::mutant::link::Flow;
use crate::mutant::{Mutant, SelectedMutant};
use crate::net::rpc::DaemonOptions;

pub(crate) const MUTANTS: &[&[Mutant]] = &[answers::MUTANTS, frames::MUTANTS, sessions::MUTANTS, SOCKET];

/// Mutants of the socket file.
const SOCKET: &[Mutant] = &[
    Mutant::new("open-to-all", &["RPC-14"], "gives all users access to its socket file"),
    Mutant::new("open-to-the-group", &["RPC-14"], "gives its group access to its socket file"),
    Mutant::new("open-in-a-stale-place", &["RPC-14"], "gives all users access to a replaced socket file"),
    Mutant::new("takes-the-place", &["RPC-14"], "takes over the socket of a running daemon"),
    Mutant::new("respects-stale-files", &["RPC-14"], "does not replace a stale file").causing(&["RPC-13"]),
    Mutant::new("deaf-in-a-stale-place", &["RPC-14"], "accepts no connections at a replaced socket file")
        .causing(&["RPC-13"]),
];

/// The listener for clients: the daemon itself, or a proxy.
#[derive(Debug)]
pub struct DaemonProxy(Option<DaemonListener>);

#[derive(Debug)]
struct DaemonListener {
    mutant: &'static str,
    listener: UnixListener,
    behind: PathBuf,
    is_restored: bool,
}

/// The proxy cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {}", path.display())]
pub struct DaemonProxyError {
    pub(super) path: PathBuf,
    pub(super) source: Error,
}

impl DaemonProxy {
    /// Listens on the socket of the options, which are changed to another one; fails if a process listens there.
    pub fn new(chosen: Option<SelectedMutant>, options: &mut DaemonOptions) -> Result<Self, DaemonProxyError> {
        let Some(mutant) = chosen.map(|chosen| chosen.mutant.name) else { return Ok(Self(None)) };
        let path = options.socket.clone();
        let failed = |source| DaemonProxyError { path: path.clone(), source };
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
            // The journal belongs to the running daemon.
            options.journal = beside(&options.socket, ".journal");
        }
        Ok(Self(Some(DaemonListener { mutant, listener, behind: options.socket.clone(), is_restored })))
    }

    /// Forwards connections while the daemon runs.
    pub async fn open<T>(self, serving: impl Future<Output = T>) -> T {
        match self.0 {
            Some(DaemonListener { mutant, listener, behind, is_restored }) => {
                let state = Arc::new(Mutex::new(DaemonState { is_restored, ..DaemonState::default() }));
                pass::serve(listener, behind.clone(), RpcDaemonMutant { mutant, state }, serving).await
            }
            None => serving.await,
        }
    }
}

#[derive(Debug, Default)]
struct DaemonState {
    started: HashSet<String>,
    ended: HashSet<String>,
    has_taken: bool,
    /// The latest connection that claimed a length beyond the limit.
    liar: usize,
    is_restored: bool,
}

struct RpcDaemonMutant {
    mutant: &'static str,
    state: Arc<Mutex<DaemonState>>,
}

impl RpcMutant for RpcDaemonMutant {
    fn talk(&self, number: usize) -> Option<Box<dyn RpcLink>> {
        let state = Arc::clone(&self.state);
        if self.mutant == "deaf-in-a-stale-place" && locked(&state).is_restored {
            return None;
        }
        Some(Box::new(DaemonLink {
            mutant: self.mutant,
            state,
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

    fn limit(&self, flow: Flow) -> usize {
        match (self.mutant, flow) {
            (_, Flow::Out) | ("takes-any-length", _) => usize::MAX,
            ("small-limit", _) => 1 << 20,
            _ => 16 << 20,
        }
    }

    fn is_single(&self) -> bool {
        self.mutant == "one-at-a-time"
    }
}

struct DaemonLink {
    mutant: &'static str,
    state: Arc<Mutex<DaemonState>>,
    number: usize,
    /// Sessions that were started here, and those that had been started on another connection before.
    own: HashSet<String>,
    back: HashSet<String>,
    starts: HashSet<u64>,
    latest: u64,
    asked: usize,
    answers: usize,
    held: Vec<u8>,
    /// Whether an answer is to be dropped.
    owes: bool,
}

impl RpcLink for DaemonLink {
    fn on_frame(&mut self, flow: Flow, frames: &mut Frames) -> RpcAction {
        let (mut action, mut count) = (RpcAction::default(), 0);
        if flow == Flow::In && frames::is_ignored(self) {
            frames.buffer().clear();
            return action;
        }
        loop {
            match frames.next_frame() {
                Ok(Some(bytes)) => {
                    count += 1;
                    if self.mutant == "drops-coalesced" && flow == Flow::In && count > 1 {
                        continue;
                    }
                    let spoilt = match flow {
                        Flow::In => self.asked(bytes, count, &mut action),
                        Flow::Out => self.answered(bytes, &mut action),
                    };
                    action.onward.extend(spoilt.unwrap_or_else(|| bytes.to_vec()));
                }
                Ok(None) => break,
                Err(_) => {
                    frames::too_long(self, frames, &mut action);
                    return action;
                }
            }
        }
        if flow == Flow::In {
            frames::read(self, count, frames, &mut action);
            self.asked += count;
        }
        action
    }

    fn ends(&mut self, flow: Flow) -> Vec<u8> {
        if flow == Flow::In { sessions::lost(self) } else { Vec::new() }
    }
}

fn ack(id: u64) -> Vec<u8> {
    Frame { id, message: Message::Ack }.encode()
}

impl DaemonLink {
    fn asked(&mut self, bytes: &[u8], place: usize, action: &mut RpcAction) -> Option<Vec<u8>> {
        let Ok(frame) = Frame::decode(bytes) else {
            frames::undecodable(self, bytes, action);
            return None;
        };
        let state = Arc::clone(&self.state);
        let mut state = locked(&state);
        let is_ignored = answers::is_ignored(self, &frame, &state);
        let spoilt = sessions::asked(self, &frame, &mut state, action);
        let spoilt = spoilt.or_else(|| answers::asked(self, &frame, place, action));
        self.latest = frame.id;
        if is_ignored { Some(Vec::new()) } else { spoilt }
    }

    fn answered(&mut self, bytes: &[u8], action: &mut RpcAction) -> Option<Vec<u8>> {
        let frame = Frame::decode(bytes).ok()?;
        self.answers += 1;
        let spoilt = answers::answered(self, &frame, bytes, action);
        spoilt.or_else(|| sessions::answered(self, &frame)).or_else(|| frames::answered(self, bytes))
    }
}
