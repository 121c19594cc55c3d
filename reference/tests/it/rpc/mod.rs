//! The rpc daemon and client with real sockets: hostile input during traffic, peers that do not read, and restarts.

mod client;
mod daemon;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use relayspec::rpc::{Frame, Frames, Message, SMALLEST_LIMIT, SessionEnd, SessionStart};
use relayspec_reference::{DaemonError, DaemonOptions, RpcDaemon};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

use crate::soon;

/// A temporary folder, removed on drop.
struct TempFolder(PathBuf);

impl TempFolder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("rpc-it-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("daemon.sock")
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A daemon in a task, aborted on drop.
struct TestDaemon(JoinHandle<Result<(), DaemonError>>);

impl TestDaemon {
    fn at(socket: &Path) -> Self {
        let daemon = RpcDaemon::bind(&DaemonOptions::at(socket)).expect("a daemon");
        Self(tokio::spawn(daemon.serve(std::future::pending())))
    }

    async fn end(mut self) {
        self.0.abort();
        _ = (&mut self.0).await;
    }
}

impl Drop for TestDaemon {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct FrameConnection {
    stream: UnixStream,
    frames: Frames,
}

impl FrameConnection {
    fn of(stream: UnixStream) -> Self {
        Self { stream, frames: Frames::new(SMALLEST_LIMIT) }
    }

    async fn to(socket: &Path) -> Self {
        Self::of(soon("a connection", UnixStream::connect(socket)).await.expect("a daemon"))
    }

    async fn write(&mut self, bytes: &[u8]) {
        soon("writing", self.stream.write_all(bytes)).await.expect("a peer that reads");
    }

    async fn send(&mut self, id: u64, message: Message) {
        self.write(&Frame { id, message }.encode()).await;
    }

    /// The next frame; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.frames.next_frame().expect("no long frame") {
                return Some(Frame::decode(frame).expect("a frame"));
            }
            match soon("reading", self.stream.read_buf(self.frames.buffer())).await {
                Ok(1..) => {}
                _ => return None,
            }
        }
    }

    async fn call(&mut self, id: u64, message: Message) {
        self.send(id, message).await;
        assert_eq!(self.next().await, Some(Frame { id, message: Message::Ack }));
    }
}

fn end(id: &str) -> Message {
    Message::SessionEnd(SessionEnd { session_id: id.to_owned(), timestamp_ms: 0, exit_code: None })
}

fn start(id: &str) -> SessionStart {
    let (session_id, attrs) = (id.to_owned(), BTreeMap::new());
    SessionStart { session_id, parent_session_id: None, timestamp_ms: 1, attrs }
}

/// The invalid frames of a direction, with the ids of their vectors.
fn rejected(direction: &str) -> Vec<(String, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../fixtures/rpc/{direction}.json"));
    let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).expect("vectors")).expect("JSON");
    let rejected = vectors.iter().filter(|vector| vector["verdict"] == "reject");
    let bytes = rejected.filter_map(|vector| {
        let digits = vector["binary"].as_str()?.as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("digits");
        Some((vector["id"].to_string(), digits.chunks(2).map(byte).collect()))
    });
    bytes.collect()
}

/// The resident memory of this process, in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    pages.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") * 4096
}
