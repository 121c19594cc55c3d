//! Faults of an rpc client.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use relayspec::rpc::{Direction, Frame, Frames, IoData, Message};
use relayspec::timing::Parameter;

use super::daemon::NoDoor;
use super::pass::{self, Said, Talk, Talks};
use super::socket::listen;
use crate::client::Ending;
use crate::fault::client::{Worn, adjust};
use crate::fault::link::Way;
use crate::fault::{Chosen, Fault};
use crate::net::client::rpc::Options;

pub(crate) const FAULTS: &[Fault] = &[
    Fault::new("speaks-first", &["RPC-C1"], "sends another frame before `SessionStart`").starving(),
    Fault::new("does-not-wait", &["RPC-C1"], "does not wait for the `Ack` of its `SessionStart`").starving(),
    Fault::new("any-answer-will-do", &["RPC-C3"], "takes any answer for that of its latest call")
        .causing(&["RPC-C1", "RPC-C2", "RPC-C6"]),
    Fault::new("one-id-for-all", &["RPC-C2"], "uses one request id for all calls")
        .causing(&["RPC-C1", "RPC-C3", "RPC-C4", "RPC-C5"]),
    Fault::new("whole-reads", &["RPC-C3"], "drops the rest of what it has read").starving(),
    Fault::new("fragile", &["RPC-C3"], "ends the connection at an undecodable frame"),
    Fault::new("hangs-on-failures", &["RPC-C4", "RPC-C5"], "does not tell of calls that failed")
        .causing(&["RPC-C1", "RPC-C2", "RPC-C6"]),
    Fault::new("patient-with-acks", &["RPC-C6"], "waits for ever for the `Ack` of its `SessionStart`")
        .causing(&["RECON-12", "RPC-C5"]),
    Fault::new("stays-away", &["RPC-C6", "RECON-01"], "does not come back").starving(),
    Fault::new("silent-failure", &["RPC-C7"], "does not report that its first connection failed"),
    Fault::new("same-time", &["RPC-C8"], "repeats the time of its first `SessionStart`"),
    Fault::new("takes-any-length", &["RPC-C9"], "waits for frames of any length"),
    Fault::new("small-limit", &["RPC-C9"], "takes no frame above 1 MiB"),
    Fault::new("parallel", &["RECON-08"], "makes two attempts at once")
        .causing(&["RECON-02", "RECON-04", "RECON-06", "RECON-09", "RECON-12", "RECON-13", "RPC-C1", "RPC-C7"]),
    Fault::new("ignores-ends", &["RECON-01"], "does not notice a connection that ends").starving(),
];

/// What stands between an rpc client with a fault and its daemon, its user and the system.
#[derive(Debug)]
pub struct RpcDisguise(Worn, Option<Middle>);

#[derive(Debug)]
struct Middle {
    fault: &'static str,
    listener: UnixListener,
    /// Where the client connects, below a folder of its own.
    socket: PathBuf,
    daemon: PathBuf,
}

impl RpcDisguise {
    /// Has a client connect to who stands in the middle, and live by the habits that the fault has.
    ///
    /// # Errors
    /// Where there is no place for a socket.
    pub fn new(chosen: Option<Chosen>, options: &mut Options) -> Result<Self, NoDoor> {
        let Some(fault) = chosen.map(|chosen| chosen.fault.name) else { return Ok(Self(Worn(None), None)) };
        let name = format!("relayspec-fault-{}", std::process::id());
        let socket = std::env::temp_dir().join(name);
        let listener = listen(fault, &socket).map_err(|source| NoDoor { path: socket.clone(), source })?;
        let daemon = std::mem::replace(&mut options.socket, socket.clone());
        adjust(fault, &mut options.policy, &mut options.timing, &mut options.habit);
        if fault == "patient-with-acks" {
            options.timing.declare(Parameter::ConnectTimeout, std::time::Duration::from_secs(3600));
        }
        Ok(Self(Worn(chosen), Some(Middle { fault, listener, socket, daemon })))
    }

    /// What the client's user gives, as the client hears it.
    pub fn input(&self, input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        self.0.input(input)
    }

    /// What the client's user is told, of what the client says.
    pub fn output(&self, output: impl Write + Send + 'static) -> Box<dyn Write + Send> {
        self.0.output(output)
    }

    /// When the client hears that it has to stop.
    pub fn stop<F: Future<Output = ()>>(&self, told: F) -> impl Future<Output = ()> + use<F> {
        self.0.stop(told)
    }

    /// Runs a client; how it ends, as the system is told.
    pub async fn wear(self, client: impl Future<Output = Ending>) -> Ending {
        let Self(worn, middle) = self;
        let Some(Middle { fault, listener, socket, daemon }) = middle else { return client.await };
        let ending = pass::serve(listener, daemon.clone(), Client { fault }, client).await;
        _ = std::fs::remove_file(socket);
        worn.ending(ending, || dial(&daemon))
    }
}

fn dial(daemon: &Path) {
    _ = std::os::unix::net::UnixStream::connect(daemon);
}

struct Client {
    fault: &'static str,
}

impl Talks for Client {
    fn talk(&self, number: usize) -> Option<Box<dyn Talk>> {
        if self.fault == "stays-away" && number > 1 {
            return None;
        }
        Some(Box::new(Connection { fault: self.fault, opening: None, latest: None }))
    }

    fn limit(&self, way: Way) -> usize {
        match (self.fault, way) {
            (_, Way::In) | ("takes-any-length", _) => usize::MAX,
            ("small-limit", _) => 1 << 20,
            _ => 16 << 20,
        }
    }

    fn beside(&self) -> usize {
        usize::from(self.fault == "parallel")
    }
}

struct Connection {
    fault: &'static str,
    /// The client's `SessionStart`, and its latest call.
    opening: Option<u64>,
    latest: Option<u64>,
}

impl Talk for Connection {
    fn opens(&mut self) -> Vec<u8> {
        if self.fault != "speaks-first" {
            return Vec::new();
        }
        let data = IoData { session_id: String::new(), direction: Direction::Input, timestamp_ms: 0, data: vec![] };
        Frame { id: 1 << 40, message: Message::IoData(data) }.encode()
    }

    fn says(&mut self, way: Way, frames: &mut Frames) -> Said {
        let mut said = Said::default();
        loop {
            match frames.next_frame() {
                Ok(Some(bytes)) => {
                    let frame = Frame::decode(bytes).ok();
                    let spoilt = match way {
                        Way::In => self.called(frame.as_ref(), &mut said),
                        Way::Out => self.told(frame.as_ref(), bytes, &mut said),
                    };
                    said.onward.extend(spoilt.unwrap_or_else(|| bytes.to_vec()));
                }
                Ok(None) => break,
                Err(_) => {
                    said.ends = true;
                    break;
                }
            }
        }
        if self.fault == "whole-reads" && way == Way::Out {
            frames.buffer().clear();
        }
        said
    }

    fn hides_end(&self, way: Way) -> bool {
        self.fault == "ignores-ends" && way == Way::Out
    }
}

impl Connection {
    /// What the client says.
    fn called(&mut self, frame: Option<&Frame>, said: &mut Said) -> Option<Vec<u8>> {
        let Frame { id, message } = frame?;
        let is_opening = matches!(message, Message::SessionStart(_));
        if is_opening {
            self.opening = Some(*id);
        } else {
            self.latest = Some(*id);
        }
        match (self.fault, message) {
            ("does-not-wait", _) if is_opening => {
                said.back.extend(Frame { id: *id, message: Message::Ack }.encode());
                None
            }
            ("one-id-for-all", message) if !is_opening => Some(Frame { id: 77, message: message.clone() }.encode()),
            ("same-time", Message::SessionStart(start)) => {
                let mut start = start.clone();
                start.timestamp_ms = 1;
                Some(Frame { id: *id, message: Message::SessionStart(start) }.encode())
            }
            _ => None,
        }
    }

    /// What the daemon says.
    fn told(&mut self, frame: Option<&Frame>, bytes: &[u8], said: &mut Said) -> Option<Vec<u8>> {
        let Some(Frame { id, message }) = frame else {
            said.ends |= self.fault == "fragile";
            return None;
        };
        match self.fault {
            "any-answer-will-do" if Some(*id) != self.latest && Some(*id) != self.opening => {
                let id = self.latest.or(self.opening)?;
                Some([&Frame { id, message: message.clone() }.encode(), bytes].concat())
            }
            _ => None,
        }
    }
}
