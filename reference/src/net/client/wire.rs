//! One connection at a time: the attempt, then messages in and out, then the end.
//!
//! It moves messages and decides nothing: what to send is fetched from the client's core when the network takes it.

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

use super::dial::{Address, Socket, dial};
use super::trust::Trust;
use crate::client::Outgoing;

/// Bytes of Pongs that may wait; then the server is not read.
const PONGS_MARK: usize = 64 << 10;
/// The buffer into which is read what nobody looks at, in bytes.
const DRAIN_BUFFER: usize = 4 << 10;

/// What happens on the wire.
#[derive(Debug)]
pub(super) enum Happening {
    /// The handshake is done.
    Opened,
    /// A text message has come.
    Text(Utf8Bytes),
    /// A binary message has come.
    Binary(Bytes),
    /// Only a control frame has come.
    Heard,
    /// All that was fetched is with the network.
    Sent,
    /// The attempt failed, or the connection is lost.
    Lost {
        /// Of the Close frame, if one came and had a code.
        close_code: Option<u16>,
    },
}

type Dialling = Pin<Box<dyn Future<Output = io::Result<Socket>> + Send>>;

/// A place for one connection.
pub(super) struct Wire {
    address: Address,
    trust: Trust,
    max_message: usize,
    /// For the answer to a Close frame.
    limit: Duration,
    state: State,
    /// A connection that is lost already and whose last bytes are on their way.
    ending: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

enum State {
    Down,
    Opening(Dialling),
    Open(Box<Open>),
}

struct Open {
    socket: Socket,
    /// Bytes of Pongs since all was written last.
    pongs: usize,
    unflushed: bool,
}

impl Wire {
    pub(super) fn new(address: Address, trust: Trust, max_message: usize, limit: Duration) -> Self {
        Self { address, trust, max_message, limit, state: State::Down, ending: None }
    }

    /// Starts an attempt, and drops whatever is left of the connection before it (RECON-08).
    pub(super) fn connect(&mut self) {
        self.drop_now();
        self.ending = None;
        self.state = State::Opening(Box::pin(dial(self.address.clone(), self.trust.clone(), self.max_message)));
    }

    /// Drops the attempt or the connection.
    pub(super) fn drop_now(&mut self) {
        self.state = State::Down;
    }

    /// Closes the connection with code 1000, and waits for nothing.
    pub(super) fn leave(&mut self) {
        if let State::Open(open) = std::mem::replace(&mut self.state, State::Down) {
            let limit = self.limit;
            self.ending = Some(Box::pin(async move { _ = timeout(limit, open.close(|| None)).await }));
        }
    }

    /// The next thing that happens; nothing is read while `holds`. Safe to be dropped and called again.
    pub(super) async fn next(&mut self, holds: bool, mut fetch: impl FnMut() -> Option<Outgoing>) -> Happening {
        let lost = match &mut self.state {
            State::Down => {
                if let Some(ending) = &mut self.ending {
                    ending.await;
                    self.ending = None;
                }
                return pending().await;
            }
            State::Opening(dialling) => match dialling.await {
                Ok(socket) => {
                    self.state = State::Open(Box::new(Open { socket, pongs: 0, unflushed: false }));
                    return Happening::Opened;
                }
                Err(error) => {
                    warn!(%error, "the attempt failed");
                    None
                }
            },
            State::Open(open) => match poll_fn(|cx| open.poll(cx, holds, &mut fetch)).await {
                Ok(happening) => return happening,
                Err(parting) => Some(parting),
            },
        };
        if let (State::Open(open), Some(parting)) = (std::mem::replace(&mut self.state, State::Down), lost) {
            info!(?parting, "the connection is lost");
            let close_code = parting.close_code();
            let limit = self.limit;
            self.ending = Some(Box::pin(async move { _ = timeout(limit, part(open.socket, parting)).await }));
            return Happening::Lost { close_code };
        }
        Happening::Lost { close_code: None }
    }

    /// Sends what is left, and closes an open WebSocket with code 1000; drops an attempt.
    pub(super) async fn close(&mut self, limit: Duration, fetch: impl FnMut() -> Option<Outgoing>) {
        let last = async {
            if let State::Open(open) = std::mem::replace(&mut self.state, State::Down) {
                _ = open.close(fetch).await;
            }
            if let Some(ending) = &mut self.ending {
                ending.await;
            }
        };
        _ = timeout(limit, last).await;
    }
}

/// How the two part.
#[derive(Debug)]
enum Parting {
    /// The server closes; tungstenite has the answer ready (WIRE-05).
    Answer { close_code: Option<u16> },
    /// The server broke a rule (WIRE-06, WIRE-07).
    Violation { code: u16, reason: &'static str },
    /// The server is gone (WIRE-09).
    Gone,
}

impl Parting {
    fn close_code(&self) -> Option<u16> {
        match self {
            Self::Answer { close_code } => *close_code,
            Self::Violation { .. } | Self::Gone => None,
        }
    }
}

impl From<Error> for Parting {
    fn from(error: Error) -> Self {
        let violation = |code, reason| Self::Violation { code, reason };
        match error {
            Error::Capacity(_) => violation(1009, "The message is too big"),
            Error::Utf8(_) => violation(1007, "The text is no UTF-8"),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            Error::Protocol(_) | Error::AttackAttempt => violation(1002, "This is no WebSocket"),
            Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => violation(1002, "This is no WebSocket"),
            _ => Self::Gone,
        }
    }
}

impl Open {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        holds: bool,
        fetch: &mut impl FnMut() -> Option<Outgoing>,
    ) -> Poll<Result<Happening, Parting>> {
        match self.advance(cx, holds, fetch) {
            Ok(Some(happening)) => Poll::Ready(Ok(happening)),
            Ok(None) => Poll::Pending,
            Err(parting) => Poll::Ready(Err(parting)),
        }
    }

    fn advance(
        &mut self,
        cx: &mut Context<'_>,
        holds: bool,
        fetch: &mut impl FnMut() -> Option<Outgoing>,
    ) -> Result<Option<Happening>, Parting> {
        if self.write(cx, fetch)? {
            return Ok(Some(Happening::Sent));
        }
        if holds || self.pongs >= PONGS_MARK {
            return Ok(None);
        }
        let message = match Pin::new(&mut self.socket).poll_next(cx) {
            Poll::Ready(Some(message)) => message?,
            Poll::Ready(None) => return Err(Parting::Gone),
            Poll::Pending => return Ok(None),
        };
        Ok(Some(match message {
            Message::Text(text) => Happening::Text(text),
            Message::Binary(bytes) => Happening::Binary(bytes),
            Message::Ping(payload) => {
                self.pongs += payload.len() + 2;
                self.unflushed = true; // tungstenite has the Pong ready (WIRE-04).
                Happening::Heard
            }
            Message::Pong(_) | Message::Frame(_) => Happening::Heard,
            Message::Close(frame) => {
                return Err(Parting::Answer { close_code: frame.map(|frame| frame.code.into()) });
            }
        }))
    }

    /// Whether something was written, and nothing is left to write.
    fn write(&mut self, cx: &mut Context<'_>, fetch: &mut impl FnMut() -> Option<Outgoing>) -> Result<bool, Parting> {
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

/// Says the last words, and waits for the server to close the TCP connection; who calls knows for how long.
async fn part(mut socket: Socket, parting: Parting) {
    match parting {
        Parting::Gone => return,
        Parting::Answer { .. } => _ = socket.flush().await,
        Parting::Violation { code, reason } => {
            let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::from_static(reason) };
            _ = socket.send(Message::Close(Some(frame))).await;
        }
    }
    let mut stream = socket.into_inner().into_inner();
    if let Parting::Violation { .. } = parting
        && stream.shutdown().await.is_err()
    {
        return;
    }
    let mut buffer = vec![0; DRAIN_BUFFER];
    while let Ok(1..) = stream.read(&mut buffer).await {}
}
