//! The task of one connection: handshake; then reading, writing and heartbeat in one poll; then the end.
//!
//! [`traffic`] moves messages, [`pulse`] keeps the heartbeat.

mod pulse;
mod traffic;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use relayspec::pairing::{CLOSE_INVALID_PATH, INVALID_PATH_REASON};
use relayspec::timing::Parameter;
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{self, WebSocketConfig};
use tracing::debug;

use super::closing::{self, Close};
use super::hub::PeerHandle;
use super::mailbox::Mailbox;
use super::message_queue::MessageQueue;
use super::shared::ServerShared;
use super::strict::StrictStream;
use super::{clock, handshake};
use crate::server::ServerCore;
use crate::server::heartbeat::Heartbeat;

type PeerSocket = WebSocketStream<StrictStream>;

/// Serves an accepted connection to its end.
///
/// Beginning and end are boxed, so that the task does not reserve memory for them in between.
pub(super) async fn serve<C: ServerCore>(tcp: TcpStream, shared: Arc<ServerShared<C>>) {
    let Some(mut connection) = Box::pin(establish(tcp, shared)).await else { return };
    let ending = loop {
        match poll_fn(|cx| connection.poll(cx)).await {
            Some(ending) => break ending,
            None => connection = Box::pin(connection.renew()).await,
        }
    };
    debug!(?ending, "ended");
    Box::pin(connection.end(ending)).await;
}

async fn establish<C: ServerCore>(tcp: TcpStream, shared: Arc<ServerShared<C>>) -> Option<ServerConnection<C>> {
    let mut closing = shared.closing.subscribe();
    let address = tcp.peer_addr().ok().map(|address| address.ip());
    let handshake::Upgraded { stream, role } = tokio::select! {
        opened = handshake::open::<C>(tcp) => opened?,
        _ = closing.wait_for(|closing| *closing) => return None,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(C::READ_BUFFER)
        .write_buffer_size(C::WRITE_BUFFER)
        .max_frame_size(Some(shared.max_message))
        .max_message_size(Some(shared.max_message));
    let socket = websocket(stream, config).await;
    let invalid_path = Close { code: CLOSE_INVALID_PATH, reason: INVALID_PATH_REASON };
    match role.ok_or(invalid_path).and_then(|role| Ok((role, shared.hub.open(role, address)?))) {
        Ok((role, handle)) => Some(ServerConnection::new(socket, role, handle, &shared)),
        Err(close) => {
            closing::close(socket, MessageQueue::default(), close, shared.timing.value(Parameter::NotifyDeadline))
                .await;
            None
        }
    }
}

async fn websocket(stream: StrictStream, config: WebSocketConfig) -> PeerSocket {
    WebSocketStream::from_raw_socket(stream, protocol::Role::Server, Some(config)).await
}

#[derive(Debug)]
enum EndCause {
    /// The server closes it.
    Close(Close),
    /// The peer closed it (WIRE-05).
    Answer,
    /// The peer answered no Ping (PAIR-81).
    Silent,
    /// The peer is gone (WIRE-09).
    Lost,
}

impl From<Error> for EndCause {
    fn from(error: Error) -> Self {
        let close = |code, reason| Self::Close(Close { code, reason });
        match error {
            Error::Capacity(_) => close(1009, "Message too big"), // WIRE-07
            Error::Utf8(_) => close(1007, "Invalid UTF-8"),       // WIRE-06, as the next ones
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Lost,
            Error::Protocol(_) | Error::AttackAttempt => close(1002, "Protocol error"),
            Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => close(1002, "Protocol error"),
            _ => Self::Lost,
        }
    }
}

struct ServerConnection<C: ServerCore> {
    socket: PeerSocket,
    role: C::Role,
    handle: PeerHandle<C>,
    /// The last known mailbox of the partner, or of another slow receiver; closed if that peer is gone.
    partner: Option<Arc<Mailbox>>,
    /// That mailbox is full, so nothing is read.
    held: bool,
    /// The peer does not read its answers or is about to be closed, so nothing is read.
    choked: bool,
    /// The last read found nothing left.
    exhausted: bool,
    outgoing: MessageQueue,
    /// Bytes of Pongs since the last flush.
    pongs: usize,
    unflushed: bool,
    /// A large message has grown the buffers of the WebSocket.
    grown: bool,
    /// The WebSocket is to be replaced when it is empty.
    renewal_due: bool,
    ping_due: bool,
    heartbeat: Heartbeat,
    /// The deadline of the first message.
    patience: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
    /// The alarm also watches a held connection.
    watched: bool,
    notify_deadline: Duration,
    /// Bytes read when the oldest Ping without Pong was due.
    pinged_at: u64,
    /// Bytes written when the oldest unsent Ping was due, or at a later check.
    taken_at: u64,
    /// Since when the peer has taken nothing while others wait for it, and the bytes written until then.
    stalled: Option<(Instant, u64)>,
    /// Bytes read when the peer was last excused for a long message.
    long_message_at: u64,
    /// Bytes read when the peer was last excused for a pause in reading since its Ping.
    excused_at: Option<u64>,
}

impl<C: ServerCore> ServerConnection<C> {
    fn new(socket: PeerSocket, role: C::Role, handle: PeerHandle<C>, shared: &ServerShared<C>) -> Self {
        let interval = shared.timing.value(Parameter::HeartbeatInterval);
        let timeout = shared.timing.value(Parameter::HeartbeatTimeout);
        let now = clock::instant();
        let heartbeat = Heartbeat::new(now, interval, timeout);
        let patience = C::first_message_timeout(&shared.timing).map(|patience| now + patience);
        let wake_at = patience.into_iter().fold(heartbeat.wake_at(), Instant::min);
        let alarm = Box::pin(tokio::time::sleep_until(wake_at.into()));
        Self {
            socket,
            role,
            handle,
            partner: None,
            held: false,
            choked: false,
            exhausted: false,
            outgoing: MessageQueue::default(),
            pongs: 0,
            unflushed: false,
            grown: false,
            renewal_due: false,
            ping_due: false,
            heartbeat,
            patience,
            alarm,
            watched: false,
            notify_deadline: shared.timing.value(Parameter::NotifyDeadline),
            pinged_at: 0,
            taken_at: 0,
            stalled: None,
            long_message_at: 0,
            excused_at: None,
        }
    }

    /// Ready when the connection ends; with `None` when its WebSocket is to be replaced.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<EndCause>> {
        match self.advance(cx) {
            Err(ending) => Poll::Ready(Some(ending)),
            Ok(()) if self.renewal_due && self.is_at_rest() => Poll::Ready(None),
            Ok(()) => Poll::Pending,
        }
    }

    /// Makes all possible progress, and registers for wake-ups.
    fn advance(&mut self, cx: &mut Context<'_>) -> Result<(), EndCause> {
        self.keep_time(cx)?;
        // Written first, so that a peer that sends without end cannot starve its own output.
        self.write(cx)?;
        loop {
            self.read(cx)?;
            self.write(cx)?;
            if !self.choked || self.is_choked() {
                break;
            }
            self.choked = false;
            self.read_again();
        }
        self.watch_if_held(cx)?;
        self.check_stall()?;
        self.check_silence(cx)
    }

    /// Whether the WebSocket has no partial message in either direction.
    fn is_at_rest(&self) -> bool {
        self.exhausted && !self.unflushed && self.outgoing.is_empty() && self.socket.get_ref().is_between_messages()
    }

    /// Replaces a WebSocket with grown buffers: tungstenite never shrinks them.
    async fn renew(self) -> Self {
        let config = *self.socket.get_config();
        let socket = websocket(self.socket.into_inner(), config).await;
        Self { socket, grown: false, renewal_due: false, ..self }
    }

    /// Unregisters first, which notifies the partner, then closes the connection.
    async fn end(self, ending: EndCause) {
        let Self { socket, handle, mut outgoing, unflushed, notify_deadline, .. } = self;
        handle.mailbox().collect_last(&mut outgoing);
        drop(handle);
        match ending {
            EndCause::Close(close) => closing::close(socket, outgoing, close, notify_deadline).await,
            EndCause::Answer => closing::answer(socket, notify_deadline).await,
            EndCause::Silent if unflushed => _ = socket.get_ref().tcp().set_zero_linger(), // It reads nothing anyway.
            EndCause::Silent | EndCause::Lost => {}
        }
    }
}
