//! A daemon that is killed a hundred times under load keeps what it has acknowledged, and registering again changes nothing.

use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use relayspec::rpc::{
    CommandComplete, CommandRecord, Frame, Frames, Message, Request, SESSIONS, SMALLEST_LIMIT, Scope, SessionStart,
};
use serde_json::Value;

use crate::support::BINARY;

/// How often it is killed.
const KILLS: usize = 100;
/// How many calls are in flight at once.
const IN_FLIGHT: usize = 32;
/// How many answers the daemon sends before it is killed.
const ANSWERS: usize = 60;

/// A daemon. Dropping it kills it.
struct DaemonProcess(Child);

impl DaemonProcess {
    fn start(socket: &Path) -> Self {
        let mut command = Command::new(BINARY);
        command.args(["reference", "rpc-daemon", "--log", "error", "--socket"]).arg(socket);
        Self(command.stdout(Stdio::null()).spawn().expect("a daemon"))
    }
}

impl Drop for DaemonProcess {
    fn drop(&mut self) {
        // SIGKILL.
        self.0.kill().expect("a process");
        self.0.wait().expect("its end");
    }
}

/// A connection to the daemon.
struct DaemonConnection {
    stream: UnixStream,
    frames: Frames,
}

impl DaemonConnection {
    fn open(socket: &Path) -> Self {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            if let Ok(stream) = UnixStream::connect(socket) {
                return Self { stream, frames: Frames::new(SMALLEST_LIMIT) };
            }
            assert!(Instant::now() < until, "no daemon listens");
            thread::yield_now();
        }
    }

    fn send(&mut self, id: u64, message: Message) {
        self.stream.write_all(&Frame { id, message }.encode()).expect("a daemon that reads");
    }

    fn receive(&mut self) -> Frame {
        loop {
            if let Some(frame) = self.frames.next_frame().expect("a short frame") {
                return Frame::decode(frame).expect("a frame");
            }
            let mut piece = [0; 4096];
            let count = self.stream.read(&mut piece).expect("a daemon that answers");
            assert!(count > 0, "the daemon has closed the connection");
            self.frames.buffer().extend_from_slice(&piece[..count]);
        }
    }

    /// The commands of the session `s`, which exists once, and is active.
    fn commands(&mut self) -> HashSet<String> {
        let (request_id, session_id) = (String::new(), String::new());
        let request = Request { request_id, session_id, query: SESSIONS.to_owned(), scope: Scope::AllSessions };
        self.send(0, Message::Request(request));
        let Frame { message: Message::Response(response), .. } = self.receive() else { panic!("no response") };
        let sessions: Vec<Value> = serde_json::from_str(&response.content).expect("JSON");
        let [session] = &sessions[..] else { panic!("not one session: {sessions:?}") };
        assert_eq!((&session["session_id"], &session["active"]), (&"s".into(), &true.into()));
        let commands: Vec<String> = serde_json::from_value(session["commands"].clone()).expect("texts");
        let different: HashSet<_> = commands.iter().cloned().collect();
        assert_eq!(different.len(), commands.len(), "a command is there twice");
        different
    }
}

fn start(round: usize) -> Message {
    let attrs = BTreeMap::from([("round".to_owned(), round.to_string())]);
    Message::SessionStart(SessionStart { session_id: "s".to_owned(), parent_session_id: None, timestamp_ms: 1, attrs })
}

fn command(name: &str) -> Message {
    let record = CommandRecord {
        command_id: name.to_owned(),
        session_id: "s".to_owned(),
        command_line: Some(name.to_owned()),
        cwd: None,
        started_at: 0,
        ended_at: None,
        output_summary: String::new(),
        stream_offset: 0,
        stream_length: 0,
        exit_code: None,
    };
    Message::CommandComplete(CommandComplete { session_id: "s".to_owned(), record })
}

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("rpc-kills-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn loses_nothing_that_was_acknowledged() {
    let folder = folder();
    let socket = folder.join("daemon.sock");
    let mut acknowledged: HashSet<String> = HashSet::new();
    let mut last_id = 0;
    for round in 0..KILLS {
        let daemon = DaemonProcess::start(&socket);
        let mut connection = DaemonConnection::open(&socket);
        connection.send(1, start(round));
        assert_eq!(connection.receive(), Frame { id: 1, message: Message::Ack });
        let known = connection.commands();
        let lost: Vec<_> = acknowledged.difference(&known).collect();
        assert!(lost.is_empty(), "lost with kill {round}: {lost:?}");
        connection.send(1, start(round));
        assert_eq!(connection.receive().message, Message::Ack);
        assert_eq!(connection.commands(), known, "registering again keeps the session");

        let mut in_flight = BTreeMap::new();
        let mut answers = 0;
        while answers < ANSWERS + round % 7 {
            while in_flight.len() < IN_FLIGHT {
                last_id += 1;
                let name = format!("{round}-{last_id}");
                connection.send(last_id, command(&name));
                in_flight.insert(last_id, name);
            }
            let Frame { id, message: Message::Ack } = connection.receive() else { panic!("no acknowledgement") };
            acknowledged.insert(in_flight.remove(&id).expect("a call under way"));
            answers += 1;
        }
        // Killed with calls in flight.
        drop(daemon);
    }
    assert!(acknowledged.len() >= KILLS * ANSWERS);
    std::fs::remove_dir_all(folder).expect("the folder");
}
