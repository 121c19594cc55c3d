//! What a script asks of the task that owns its connection.

use tokio::sync::oneshot;

use super::encode::OutFrame;

/// What a script can do to a connection, apart from sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Stop answering Ping and Close frames.
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

/// A command to the task that owns a stream. The sender in it is notified once the stream has accepted the bytes.
#[derive(Debug)]
pub(super) enum StreamCommand {
    Frame(OutFrame, Option<oneshot::Sender<()>>),
    Raw(Vec<u8>, Option<oneshot::Sender<()>>),
    Act(Act),
    /// The inbox has room again.
    Wake,
}

/// Nothing more is read from the socket while the script's inbox holds this much, in bytes.
pub(super) const LARGEST_INBOX: usize = 96 << 20;
