//! The terminal sessions of a host: a real shell each, in a pseudo terminal.
//!
//! To the client they are a user like a driver: what the shells write is sent under their ids, and what comes for an id is typed into its
//! shell.

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

use super::front::{Console, Front, Said};
use super::output::Output;
use crate::client::Change;

/// What is read from a terminal at once, in bytes.
const CHUNK: usize = 16 << 10;
/// Pieces that wait to be sent; then the shells wait.
const AHEAD: usize = 16;
/// What a program may leave unread of what is typed, in bytes; more is dropped, as a terminal does.
const MOST_TYPED: usize = 1 << 20;
/// Where there is no terminal to take the size from.
const USUAL: (u16, u16) = (24, 80);

/// A host's shells.
pub(super) struct Shells {
    console: Console,
    program: String,
    open: HashMap<String, Shell>,
    sender: mpsc::Sender<Heard>,
    receiver: mpsc::Receiver<Heard>,
    /// To be said next.
    due: VecDeque<Command>,
    /// Rows and columns.
    size: (u16, u16),
    resized: Option<Signal>,
}

/// What a shell says; `None` at its end.
type Heard = (String, Option<Vec<u8>>);

struct Shell {
    orders: mpsc::UnboundedSender<Order>,
    /// Bytes that wait to be typed.
    waiting: Arc<AtomicUsize>,
}

enum Order {
    Type(Vec<u8>),
    Resize(u16, u16),
}

impl Shells {
    /// No shell so far; each one runs this program.
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
        // When its terminal is closed the program is told by SIGHUP, and may still put its things in order.
        let command = pty_process::Command::new(&self.program).env("TERM", "xterm-256color");
        let child = command.spawn(pts)?;
        let (orders, receiver) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let (read, write) = pty.into_split();
        let (sender, typed) = (self.sender.clone(), Arc::clone(&waiting));
        let of_task = id.clone();
        tokio::spawn(async move { serve(of_task, read, write, child, receiver, typed, sender).await });
        self.open.insert(id, Shell { orders, waiting });
        Ok(())
    }

    fn say(&mut self, payload: serde_json::Value) {
        self.due.push_back(Command::Send { id: None, payload });
    }

    /// The terminal in which the host runs has another size now, and so have all of its sessions.
    fn resize(&mut self) {
        let size = size_of_terminal();
        if std::mem::replace(&mut self.size, size) == size {
            return;
        }
        let (rows, cols) = size;
        let ids: Vec<_> = self.open.keys().cloned().collect();
        for id in ids {
            _ = self.open[&id].orders.send(Order::Resize(rows, cols));
            self.say(json!({ "type": "session_resize", "session_id": id, "cols": cols, "rows": rows }));
        }
    }
}

fn size_of_terminal() -> (u16, u16) {
    tcgetwinsize(io::stdout()).map_or(USUAL, |size| (size.ws_row, size.ws_col))
}

impl Front for Shells {
    async fn next(&mut self) -> Said {
        loop {
            if let Some(command) = self.due.pop_front() {
                return Said::Command(command);
            }
            let resized = async {
                match &mut self.resized {
                    Some(signal) => signal.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                heard = self.receiver.recv() => match heard {
                    Some((id, Some(bytes))) if self.open.contains_key(&id) => {
                        return Said::Written { session_id: id, bytes };
                    }
                    Some((id, None)) if self.open.remove(&id).is_some() => {
                        self.say(json!({ "type": "session_disconnected", "session_id": id }));
                    }
                    _ => {} // Closed meanwhile.
                },
                _ = resized => self.resize(),
            }
        }
    }

    fn tell(&mut self, event: Event) {
        self.console.tell(event);
    }

    fn show(&mut self, id: &str, bytes: Vec<u8>) {
        let Some(shell) = self.open.get(id) else {
            return debug!(id, "bytes for a session that is not open are dropped");
        };
        if shell.waiting.fetch_add(bytes.len(), Ordering::Relaxed) > MOST_TYPED {
            shell.waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
            return warn!(id, "a program does not read what is typed: it is dropped");
        }
        _ = shell.orders.send(Order::Type(bytes));
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Open { session_id } => {
                if let Err(error) = self.open(session_id.clone()) {
                    warn!(%error, session_id, "a shell cannot be started");
                    self.say(json!({ "type": "session_disconnected", "session_id": session_id }));
                }
            }
            // Its terminal is closed with it, which tells the programs.
            Change::Close { session_id } => _ = self.open.remove(&session_id),
        }
    }

    fn output(&self) -> &Output {
        self.console.output()
    }

    fn can_wait(&self) -> bool {
        true
    }
}

/// Carries bytes between a terminal and the client, until the program ends or nobody gives orders any more.
async fn serve(
    id: String,
    mut read: OwnedReadPty,
    mut write: OwnedWritePty,
    mut child: Child,
    mut orders: mpsc::UnboundedReceiver<Order>,
    waiting: Arc<AtomicUsize>,
    sender: mpsc::Sender<Heard>,
) {
    let reading = async {
        let mut buffer = vec![0; CHUNK];
        // A terminal whose programs are gone ends with an error.
        while let Ok(length @ 1..) = read.read(&mut buffer).await {
            if sender.send((id.clone(), Some(buffer[..length].to_vec()))).await.is_err() {
                return;
            }
        }
    };
    let writing = async {
        while let Some(order) = orders.recv().await {
            match order {
                Order::Type(bytes) => {
                    if write.write_all(&bytes).await.is_err() {
                        return std::future::pending().await; // Reading tells of the end.
                    }
                    waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
                }
                Order::Resize(rows, cols) => _ = write.resize(Size::new(rows, cols)),
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
