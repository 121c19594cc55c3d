//! The terminal sessions of a host: a shell each, in a pseudo terminal.
//!
//! To the client they are a user like a driver: the output of the shells is sent under their ids, and input for an id is typed into its shell.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pty_process::{OwnedReadPty, OwnedWritePty, Size};
use relayspec::driver::{Command, Event};
use rustix::termios::tcgetwinsize;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tracing::{debug, warn};

use super::frontend::{Console, Frontend, FrontendEvent};
use super::output::OutputWriter;
use crate::client::SessionChange;

/// The most bytes of one read.
const CHUNK: usize = 16 << 10;
/// Pieces of output that may wait to be sent; then the shells wait.
const AHEAD: usize = 16;
/// The most typed bytes that a program has not read; more are dropped, as by a terminal.
const MOST_TYPED: usize = 1 << 20;
/// Rows and columns if there is no terminal to take the size from.
const DEFAULT_SIZE: (u16, u16) = (24, 80);

pub(super) struct Shells {
    console: Console,
    program: String,
    open: HashMap<String, ShellSession>,
    sender: mpsc::Sender<ShellOutput>,
    receiver: mpsc::Receiver<ShellOutput>,
    /// To be delivered next.
    due: VecDeque<Command>,
    /// Rows and columns.
    size: (u16, u16),
    resized: Option<Signal>,
}

/// Output of a session; `None` at its end.
type ShellOutput = (String, Option<Vec<u8>>);

struct ShellSession {
    commands: mpsc::UnboundedSender<PtyCommand>,
    /// Typed bytes that the program has not read.
    waiting: Arc<AtomicUsize>,
}

enum PtyCommand {
    Type(Vec<u8>),
    Resize(u16, u16),
}

impl Shells {
    /// Without a shell so far; each one will run this program.
    pub(super) fn start(console: Console, program: String) -> Self {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let resized = signal(SignalKind::window_change()).ok();
        Self {
            console,
            program,
            open: HashMap::new(),
            sender,
            receiver,
            due: VecDeque::new(),
            size: size_of_terminal(),
            resized,
        }
    }

    fn open(&mut self, id: String) -> pty_process::Result<()> {
        let (pty, pts) = pty_process::open()?;
        pty.resize(Size::new(self.size.0, self.size.1))?;
        // SIGHUP notifies the program when its terminal closes, so that it can clean up.
        let command = pty_process::Command::new(&self.program).env("TERM", "xterm-256color");
        let child = command.spawn(pts)?;
        let (commands, receiver) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let (read, write) = pty.into_split();
        let (sender, typed) = (self.sender.clone(), Arc::clone(&waiting));
        let of_task = id.clone();
        tokio::spawn(async move { serve(of_task, read, write, child, receiver, typed, sender).await });
        self.open.insert(id, ShellSession { commands, waiting });
        Ok(())
    }

    fn send(&mut self, payload: serde_json::Value) {
        self.due.push_back(Command::Send { id: None, payload });
    }

    /// Passes a new size of the host's own terminal to all sessions.
    fn resize(&mut self) {
        let size = size_of_terminal();
        if std::mem::replace(&mut self.size, size) == size {
            return;
        }
        let (rows, cols) = size;
        let ids: Vec<_> = self.open.keys().cloned().collect();
        for id in ids {
            _ = self.open[&id].commands.send(PtyCommand::Resize(rows, cols));
            self.send(json!({ "type": "session_resize", "session_id": id, "cols": cols, "rows": rows }));
        }
    }
}

fn size_of_terminal() -> (u16, u16) {
    tcgetwinsize(io::stdout()).map_or(DEFAULT_SIZE, |size| (size.ws_row, size.ws_col))
}

impl Frontend for Shells {
    async fn next(&mut self) -> FrontendEvent {
        loop {
            if let Some(command) = self.due.pop_front() {
                return FrontendEvent::Command(command);
            }
            let resized = async {
                match &mut self.resized {
                    Some(signal) => signal.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                output = self.receiver.recv() => match output {
                    Some((id, Some(bytes))) if self.open.contains_key(&id) => {
                        return FrontendEvent::Written { session_id: id, bytes };
                    }
                    Some((id, None)) if self.open.remove(&id).is_some() => {
                        self.send(json!({ "type": "session_disconnected", "session_id": id }));
                    }
                    _ => {} // Closed meanwhile.
                },
                _ = resized => self.resize(),
            }
        }
    }

    fn report(&mut self, event: Event) {
        self.console.report(event);
    }

    fn show(&mut self, id: &str, bytes: Vec<u8>) {
        let Some(shell) = self.open.get(id) else {
            return debug!(id, "bytes for a session that is not open are dropped");
        };
        if shell.waiting.fetch_add(bytes.len(), Ordering::Relaxed) > MOST_TYPED {
            shell.waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
            return warn!(id, "a program does not read its input, which is dropped");
        }
        _ = shell.commands.send(PtyCommand::Type(bytes));
    }

    fn change(&mut self, change: SessionChange) {
        match change {
            SessionChange::Open { session_id } => {
                if let Err(error) = self.open(session_id.clone()) {
                    warn!(%error, session_id, "a shell cannot be started");
                    self.send(json!({ "type": "session_disconnected", "session_id": session_id }));
                }
            }
            // Dropping it closes the terminal.
            SessionChange::Close { session_id } => _ = self.open.remove(&session_id),
        }
    }

    fn output(&self) -> &OutputWriter {
        self.console.output()
    }

    fn can_wait(&self) -> bool {
        true
    }
}

/// Passes bytes between a terminal and the client, until the program ends or the session is closed.
async fn serve(
    id: String,
    mut read: OwnedReadPty,
    mut write: OwnedWritePty,
    mut child: Child,
    mut commands: mpsc::UnboundedReceiver<PtyCommand>,
    waiting: Arc<AtomicUsize>,
    sender: mpsc::Sender<ShellOutput>,
) {
    let reading = async {
        let mut buffer = vec![0; CHUNK];
        // Reading fails when all programs of the terminal are gone.
        while let Ok(length @ 1..) = read.read(&mut buffer).await {
            if sender.send((id.clone(), Some(buffer[..length].to_vec()))).await.is_err() {
                return;
            }
        }
    };
    let writing = async {
        while let Some(command) = commands.recv().await {
            match command {
                PtyCommand::Type(bytes) => {
                    if write.write_all(&bytes).await.is_err() {
                        return std::future::pending().await; // Reading detects the end.
                    }
                    waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
                }
                PtyCommand::Resize(rows, cols) => _ = write.resize(Size::new(rows, cols)),
            }
        }
    };
    tokio::select! {
        () = reading => {}
        () = writing => {}
    }
    drop((read, write));
    _ = sender.send((id, None)).await;
    _ = child.wait().await;
}
