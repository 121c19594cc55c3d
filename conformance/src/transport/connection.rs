//! A WebSocket connection as a judge needs it: every frame is stamped when its bytes are read, Pings are answered unasked, and the
//! script may stall it, mute it, break it or write what it likes.
//!
//! One task owns the stream. It must not judge anything: an [`Observer`] sees all that passes, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::decode::Arrival;
use super::encode::OutFrame;
use super::handshake::Opened;
use super::pump::{self, StreamCommand, LARGEST_INBOX};
use crate::clock::{Clock, Moment};

/// Sees all that passes on a connection, in order.
pub trait Observer: Send {
    /// A frame is about to be written.
    fn sent(&mut self, at: Moment, frame: &OutFrame);

    /// Something was read.
    fn received(&mut self, at: Moment, arrival: &Arrival);
}

/// Something that came, and when its last byte was read.
#[derive(Debug, Clone, PartialEq)]
pub struct StampedArrival {
    /// When.
    pub at: Moment,
    /// What.
    pub what: Arrival,
}

/// The script's end of a connection. Dropping it closes the connection with code 1000.
#[derive(Debug)]
pub struct Connection {
    writer: ConnectionWriter,
    arrivals: mpsc::UnboundedReceiver<StampedArrival>,
    unread: Arc<AtomicUsize>,
}

/// What writes on a connection, also while another waits for what comes.
#[derive(Debug, Clone)]
pub struct ConnectionWriter {
    commands: mpsc::UnboundedSender<StreamCommand>,
}

/// What a script can do to a connection, apart from sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Answer no Ping and no Close frame any more.
    Mute,
    /// Stop reading.
    Stall,
    /// Read again.
    Resume,
    /// End by a TCP reset.
    Reset,
    /// End by FIN, without a Close frame.
    Fin,
}

impl Connection {
    /// Takes over a connection after its handshake.
    #[must_use]
    pub fn start(opened: Opened, clock: Clock, observer: Box<dyn Observer>) -> Self {
        let (commands, orders) = mpsc::unbounded_channel();
        let (sender, arrivals) = mpsc::unbounded_channel();
        let unread = Arc::new(AtomicUsize::new(0));
        tokio::spawn(pump::run(opened, clock, observer, orders, sender, Arc::clone(&unread)));
        Self { writer: ConnectionWriter { commands }, arrivals, unread }
    }

    /// What writes on it.
    #[must_use]
    pub fn writer(&self) -> &ConnectionWriter {
        &self.writer
    }

    /// What came next; `None` after the end. May be dropped and called again without loss.
    pub async fn next(&mut self) -> Option<StampedArrival> {
        let arrived = self.arrivals.recv().await?;
        self.taken(&arrived);
        Some(arrived)
    }

    /// What came next, if anything is there already.
    pub fn try_next(&mut self) -> Option<StampedArrival> {
        let arrived = self.arrivals.try_recv().ok()?;
        self.taken(&arrived);
        Some(arrived)
    }

    fn taken(&self, arrived: &StampedArrival) {
        let cost = pump::cost(&arrived.what);
        let before = self.unread.fetch_sub(cost, Ordering::AcqRel);
        if before >= LARGEST_INBOX && before - cost < LARGEST_INBOX {
            let _ = self.writer.commands.send(StreamCommand::Wake);
        }
    }
}

impl ConnectionWriter {
    /// Sends a frame, as soon as the stream takes it.
    pub fn send(&self, frame: OutFrame) {
        let _ = self.commands.send(StreamCommand::Frame(frame, None));
    }

    /// Sends a frame and waits until the stream has taken it; false where the connection is gone.
    pub async fn send_through(&self, frame: OutFrame) -> bool {
        let (done, taken) = oneshot::channel();
        self.commands.send(StreamCommand::Frame(frame, Some(done))).is_ok() && taken.await.is_ok()
    }

    /// Sends bytes as they are and waits until the stream has taken them; false where the connection is gone.
    pub async fn send_raw_through(&self, bytes: Vec<u8>) -> bool {
        let (done, taken) = oneshot::channel();
        self.commands.send(StreamCommand::Raw(bytes, Some(done))).is_ok() && taken.await.is_ok()
    }

    /// Does something else to the connection.
    pub fn act(&self, act: Act) {
        let _ = self.commands.send(StreamCommand::Act(act));
    }
}
