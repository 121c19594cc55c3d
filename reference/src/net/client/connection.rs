//! One connection at a time: the attempt, then messages in and out, then the end.
//!
//! Messages to send are fetched from the client's core when the network takes them.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream as _, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tracing::{info, warn};

use super::dial::{Address, ClientSocket, dial};
use super::trust::Trust;
use crate::client::Outgoing;

/// From this many bytes of unsent Pongs on, the server is not read.
const PONGS_MARK: usize = 64 << 10;
/// The buffer for data that is discarded, in bytes.
const DRAIN_BUFFER: usize = 4 << 10;

#[derive(Debug)]
pub(super) enum ConnectionEvent {
    Opened,
    Text(Utf8Bytes),
    Binary(Bytes),
    ControlFrame,
    /// All fetched messages are with the network.
    Sent,
    /// The attempt failed, or the connection is lost.
    Lost {
        /// The code of the Close frame, if any.
        close_code: Option<u16>,
    },
}

type PendingSocket = Pin<Box<dyn Future<Output = io::Result<ClientSocket>> + Send>>;

/// At most one connection.
pub(super) struct ClientConnection {
    address: Address,
    trust: Trust,
    max_message: usize,
    /// The time limit for closing handshakes.
    limit: Duration,
    state: ConnectionState,
    /// The closing of an earlier connection.
    ending: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

enum ConnectionState {
    Down,
    Opening(PendingSocket),
    Open(Box<OpenSocket>),
}

struct OpenSocket {
    socket: ClientSocket,
    /// Bytes of Pongs since the last flush.
    pongs: usize,
    unflushed: bool,
}

impl ClientConnection {
    pub(super) fn new(address: Address, trust: Trust, max_message: usize, limit: Duration) -> Self {
        Self { address, trust, max_message, limit, state: ConnectionState::Down, ending: None }
    }

    /// Starts an attempt, and drops what is left of an earlier connection (RECON-08).
    pub(super) fn connect(&mut self) {
        self.drop_now();
        self.ending = None;
        self.state =
            ConnectionState::Opening(Box::pin(dial(self.address.clone(), self.trust.clone(), self.max_message)));
    }

    /// Drops the attempt or the connection.
    pub(super) fn drop_now(&mut self) {
        self.state = ConnectionState::Down;
    }

    /// Closes the connection with code 1000, in the background.
    pub(super) fn leave(&mut self) {
        if let ConnectionState::Open(open) = std::mem::replace(&mut self.state, ConnectionState::Down) {
            let limit = self.limit;
            self.ending = Some(Box::pin(async move { _ = timeout(limit, open.close(|| None)).await }));
        }
    }

    /// The next event; nothing is read while `holds`. Cancel-safe.
    pub(super) async fn next(&mut self, holds: bool, mut fetch: impl FnMut() -> Option<Outgoing>) -> ConnectionEvent {
        let lost = match &mut self.state {
            ConnectionState::Down => {
                if let Some(ending) = &mut self.ending {
                    ending.await;
                    self.ending = None;
                }
                return pending().await;
            }
            ConnectionState::Opening(dialling) => match dialling.await {
                Ok(socket) => {
                    self.state = ConnectionState::Open(Box::new(OpenSocket { socket, pongs: 0, unflushed: false }));
                    return ConnectionEvent::Opened;
                }
                Err(error) => {
                    warn!(%error, "the attempt failed");
                    None
                }
            },
            ConnectionState::Open(open) => match poll_fn(|cx| open.poll(cx, holds, &mut fetch)).await {
                Ok(happening) => return happening,
                Err(cause) => Some(cause),
            },
        };
        if let (ConnectionState::Open(open), Some(cause)) =
            (std::mem::replace(&mut self.state, ConnectionState::Down), lost)
        {
            info!(?cause, "the connection is lost");
            let close_code = cause.close_code();
            let limit = self.limit;
            self.ending = Some(Box::pin(async move { _ = timeout(limit, part(open.socket, cause)).await }));
            return ConnectionEvent::Lost { close_code };
        }
        ConnectionEvent::Lost { close_code: None }
    }

    /// Sends what is left, and closes an open WebSocket with code 1000; drops an attempt.
    pub(super) async fn close(&mut self, limit: Duration, fetch: impl FnMut() -> Option<Outgoing>) {
        let last = async {
            if let ConnectionState::Open(open) = std::mem::replace(&mut self.state, ConnectionState::Down) {
                _ = open.close(fetch).await;
            }
            if let Some(ending) = &mut self.ending {
                ending.await;
            }
        };
        _ = timeout(limit, last).await;
    }
}

#[derive(Debug)]
enum LossCause {
    /// The server closed it; tungstenite has queued the answer (WIRE-05).
    Closed { close_code: Option<u16> },
    /// The server violated a rule (WIRE-06, WIRE-07).
    Violation { code: u16, reason: &'static str },
    /// The server is gone (WIRE-09).
    Gone,
}

impl LossCause {
    fn close_code(&self) -> Option<u16> {
        match self {
            Self::Closed { close_code } => *close_code,
            Self::Violation { .. } | Self::Gone => None,
        }
    }
}

impl From<Error> for LossCause {
    fn from(error: Error) -> Self {
        let violation = |code, reason| Self::Violation { code, reason };
        match error {
            Error::Capacity(_) => violation(1009, "Message too big"),
            Error::Utf8(_) => violation(1007, "Invalid UTF-8"),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            Error::Protocol(_) | Error::AttackAttempt => violation(1002, "Protocol error"),
            Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => violation(1002, "Protocol error"),
            _ => Self::Gone,
        }
    }
}

impl OpenSocket {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        holds: bool,
        fetch: &mut impl FnMut() -> Option<Outgoing>,
    ) -> Poll<Result<ConnectionEvent, LossCause>> {
        match self.advance(cx, holds, fetch) {
            Ok(Some(happening)) => Poll::Ready(Ok(happening)),
            Ok(None) => Poll::Pending,
            Err(cause) => Poll::Ready(Err(cause)),
        }
    }

    fn advance(
        &mut self,
        cx: &mut Context<'_>,
        holds: bool,
        fetch: &mut impl FnMut() -> Option<Outgoing>,
    ) -> Result<Option<ConnectionEvent>, LossCause> {
        if self.write(cx, fetch)? {
            return Ok(Some(ConnectionEvent::Sent));
        }
        if holds || self.pongs >= PONGS_MARK {
            return Ok(None);
        }
        let message = match Pin::new(&mut self.socket).poll_next(cx) {
            Poll::Ready(Some(message)) => message?,
            Poll::Ready(None) => return Err(LossCause::Gone),
            Poll::Pending => return Ok(None),
        };
        Ok(Some(match message {
            Message::Text(text) => ConnectionEvent::Text(text),
            Message::Binary(bytes) => ConnectionEvent::Binary(bytes),
            Message::Ping(payload) => {
                self.pongs += payload.len() + 2;
                self.unflushed = true; // tungstenite has queued the Pong (WIRE-04).
                ConnectionEvent::ControlFrame
            }
            Message::Pong(_) | Message::Frame(_) => ConnectionEvent::ControlFrame,
            Message::Close(frame) => {
                return Err(LossCause::Closed { close_code: frame.map(|frame| frame.code.into()) });
            }
        }))
    }

    /// Writes; returns whether a flush was completed.
    fn write(&mut self, cx: &mut Context<'_>, fetch: &mut impl FnMut() -> Option<Outgoing>) -> Result<bool, LossCause> {
        while Pin::new(&mut self.socket).poll_ready(cx)?.is_ready() {
            let Some(message) = fetch() else {
                if self.unflushed && Pin::new(&mut self.socket).poll_flush(cx)?.is_ready() {
                    (self.unflushed, self.pongs) = (false, 0);
                    return Ok(true);
                }
                break;
            };
            self.unflushed = true;
            Pin::new(&mut self.socket).start_send(framed(message))?;
        }
        Ok(false)
    }

    async fn close(mut self, mut fetch: impl FnMut() -> Option<Outgoing>) -> Result<(), Error> {
        while let Some(message) = fetch() {
            self.socket.feed(framed(message)).await?;
        }
        let frame = CloseFrame { code: 1000.into(), reason: Utf8Bytes::from_static("") };
        self.socket.send(Message::Close(Some(frame))).await?;
        while let Some(Ok(_)) = self.socket.next().await {}
        Ok(())
    }
}

fn framed(message: Outgoing) -> Message {
    match message {
        Outgoing::Text(text) => Message::text(text),
        Outgoing::Binary(bytes) => Message::binary(bytes),
        Outgoing::Ping => Message::Ping(Bytes::new()),
    }
}

/// Sends the last frame, and waits for the server to close the TCP connection. The caller sets the time limit.
async fn part(mut socket: ClientSocket, cause: LossCause) {
    match cause {
        LossCause::Gone => return,
        LossCause::Closed { .. } => _ = socket.flush().await,
        LossCause::Violation { code, reason } => {
            let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::from_static(reason) };
            _ = socket.send(Message::Close(Some(frame))).await;
        }
    }
    let mut stream = socket.into_inner().into_inner();
    if let LossCause::Violation { .. } = cause
        && stream.shutdown().await.is_err()
    {
        return;
    }
    let mut buffer = vec![0; DRAIN_BUFFER];
    while let Ok(1..) = stream.read(&mut buffer).await {}
}
