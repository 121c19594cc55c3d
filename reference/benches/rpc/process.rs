//! The other processes of the bench: the daemon, and a server that echoes each frame.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use relayspec::rpc::{Frame, Frames, Message, SMALLEST_LIMIT, SessionStart};
use relayspec_reference::{DaemonOptions, RpcDaemon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

/// Marks a part of the bench; followed by its kind and socket.
pub(super) const FLAG: &str = "--part";
/// The session that the daemon knows.
pub(super) const SESSION: &str = "s-1";
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServiceKind {
    Daemon,
    Echo,
}

/// A process and its folder; both end with this value.
pub(super) struct RpcProcess {
    process: Child,
    folder: PathBuf,
}

impl RpcProcess {
    pub(super) fn start(kind: ServiceKind) -> Self {
        let folder = std::env::temp_dir().join(format!("rpc-bench-{}-{kind:?}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        command.args([FLAG, &format!("{kind:?}")]).arg(folder.join("socket"));
        let process = Self { process: command.spawn().expect("a process"), folder };
        while UnixStream::connect(process.socket()).is_err() {
            thread::sleep(Duration::from_millis(2));
        }
        if kind == ServiceKind::Daemon {
            let mut stream = UnixStream::connect(process.socket()).expect("a daemon");
            let (session_id, attrs) = (SESSION.to_owned(), BTreeMap::new());
            let start = SessionStart { session_id, parent_session_id: None, timestamp_ms: 0, attrs };
            let frame = Frame { id: 0, message: Message::SessionStart(start) };
            stream.write_all(&frame.encode()).expect("a daemon that reads");
            stream.read_exact(&mut [0; 22]).expect("an Ack");
        }
        process
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }
}

impl Drop for RpcProcess {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
        _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub(super) fn run(arguments: &[String]) {
    let [kind, socket] = arguments else { panic!("a kind and a socket") };
    crate::shared::runtime().block_on(async {
        if kind == "Daemon" {
            let daemon = RpcDaemon::bind(&DaemonOptions::at(socket)).expect("a daemon");
            daemon.serve(std::future::pending()).await.expect("a daemon that goes on");
        } else {
            echo(Path::new(socket)).await;
        }
    });
}

async fn echo(socket: &Path) {
    let listener = UnixListener::bind(socket).expect("a socket");
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let (mut frames, mut out) = (Frames::new(SMALLEST_LIMIT), Vec::new());
            loop {
                let buffer = frames.buffer();
                buffer.reserve(64 << 10);
                if !matches!(stream.read_buf(buffer).await, Ok(1..)) {
                    return;
                }
                while let Ok(Some(frame)) = frames.next_frame() {
                    out.extend_from_slice(frame);
                }
                if stream.write_all(&out).await.is_err() {
                    return;
                }
                out.clear();
            }
        });
    }
}
