//! Calls and their answers: what may be sent when, and how a call fails when the connection is lost.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use relayspec::driver::{Command, Event};
use relayspec::rpc::{Frame, Message, SMALLEST_LIMIT, SessionStart};

use crate::client::context::{ClientContext, ClientRole, Transition};

/// The most bytes of waiting calls; further calls are refused.
const MOST_BYTES: usize = 64 << 20;
/// What a call costs besides its bytes.
const OVERHEAD: usize = 128;
/// The code of the event that reports a failed first connection (RPC-C7).
const NOT_CONNECTED: &str = "NOT_CONNECTED";

/// Why a call has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// There is no connection; nothing was sent (RPC-C5).
    #[error("not connected to the daemon")]
    NotConnected,
    /// The connection was lost; whether the call took effect is unknown (RPC-C4).
    #[error("the connection was lost before the answer")]
    Lost,
    /// The client was stopped.
    #[error("the client was stopped")]
    Stopped,
    /// The message is an answer.
    #[error("the message is an answer, not a call")]
    NotACall,
    /// The message exceeds what every daemon accepts; nothing was sent.
    #[error("the message is too large: a frame has at most 16 MiB")]
    TooLarge,
    /// Too many calls wait to be sent.
    #[error("too many unsent calls")]
    TooMuch,
}

/// The answer to a call, or why there is none.
pub type CallResult = Result<Message, CallError>;

/// The client role of the rpc family. `K` identifies a call to its caller.
pub(crate) struct Caller<K> {
    opening: Box<dyn FnMut() -> SessionStart + Send>,
    last_id: u64,
    /// The request id of an unanswered `SessionStart`.
    started: Option<u64>,
    /// Calls that wait for its answer.
    waiting: VecDeque<(Message, K)>,
    under_way: HashMap<u64, K>,
    /// Encoded frames to send.
    out: Vec<u8>,
    /// The size of `waiting`, in bytes.
    bytes: usize,
    outcomes: Vec<(K, CallResult)>,
    /// Whether the result of the first attempt is known.
    is_settled: bool,
}

impl<K> fmt::Debug for Caller<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("under_way", &self.under_way.len()).finish_non_exhaustive()
    }
}

impl<K> Caller<K> {
    /// A caller; `opening` is called for each connection (RPC-C8).
    pub(crate) fn new(opening: impl FnMut() -> SessionStart + Send + 'static) -> Self {
        Self {
            opening: Box::new(opening),
            last_id: 0,
            started: None,
            waiting: VecDeque::new(),
            under_way: HashMap::new(),
            out: Vec::new(),
            bytes: 0,
            outcomes: Vec::new(),
            is_settled: false,
        }
    }

    /// Makes a call. Its result appears exactly once in [`take_outcomes`](Self::take_outcomes).
    pub(crate) fn call(&mut self, message: Message, key: K, ctx: &ClientContext) {
        let refused = match &message {
            message if message.is_answer() => Some(CallError::NotACall),
            _ if !ctx.is_open => Some(CallError::NotConnected),
            _ if self.bytes + self.out.len() > MOST_BYTES => Some(CallError::TooMuch),
            _ => None,
        };
        if let Some(error) = refused {
            return self.outcomes.push((key, Err(error)));
        }
        if self.started.is_some() {
            self.bytes += cost(&message);
            return self.waiting.push_back((message, key));
        }
        self.send(message, key);
    }

    fn send(&mut self, message: Message, key: K) {
        let start = self.out.len();
        let id = self.put(message);
        // The length prefix does not count itself.
        if self.out.len() - start > SMALLEST_LIMIT + 4 {
            self.out.truncate(start);
            return self.outcomes.push((key, Err(CallError::TooLarge)));
        }
        self.under_way.insert(id, key);
    }

    /// Writes a frame with a request id of its own (RPC-C2).
    fn put(&mut self, message: Message) -> u64 {
        self.last_id = self.last_id.wrapping_add(1);
        Frame { id: self.last_id, message }.encode_to(&mut self.out);
        self.last_id
    }

    /// The encoded frames to send.
    pub(crate) fn take_frames(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// The results of calls since the last time.
    pub(crate) fn take_outcomes(&mut self) -> Vec<(K, CallResult)> {
        std::mem::take(&mut self.outcomes)
    }

    fn fail(&mut self, error: CallError) {
        let waiting = self.waiting.drain(..).map(|(_, key)| key);
        let keys = self.under_way.drain().map(|(_, key)| key).chain(waiting);
        self.outcomes.extend(keys.map(|key| (key, Err(error))));
        self.out = Vec::new();
        (self.bytes, self.started) = (0, None);
    }
}

/// The approximate size of a message, in bytes.
fn cost(message: &Message) -> usize {
    let texts = match message {
        Message::SessionStart(start) => start.attrs.iter().map(|(name, value)| name.len() + value.len()).sum(),
        Message::IoData(data) => data.data.len(),
        Message::Request(request) => request.query.len(),
        Message::CommandComplete(complete) => {
            complete.record.output_summary.len() + complete.record.command_line.as_deref().map_or(0, str::len)
        }
        _ => 0,
    };
    texts + OVERHEAD
}

impl<K> ClientRole for Caller<K> {
    fn greet(&mut self, _: &mut ClientContext) {
        let opening = (self.opening)();
        self.started = Some(self.put(Message::SessionStart(opening))); // RPC-C1
    }

    fn text(&mut self, _: &str, _: &mut ClientContext) {}

    fn binary(&mut self, bytes: &[u8], ctx: &mut ClientContext) {
        // RPC-C3: what cannot be decoded or answers nothing is ignored.
        let Ok(Frame { id, message }) = Frame::decode(bytes) else { return };
        if self.started == Some(id) && message == Message::Ack {
            (self.started, self.bytes, self.is_settled) = (None, 0, true);
            ctx.transit(Transition::Succeed);
            for (message, key) in std::mem::take(&mut self.waiting) {
                self.send(message, key);
            }
        } else if message.is_answer()
            && let Some(key) = self.under_way.remove(&id)
        {
            self.outcomes.push((key, Ok(message)));
        }
    }

    fn command(&mut self, command: Command, ctx: &mut ClientContext) {
        ctx.unsupported(&command);
    }

    fn typed(&mut self, _: &[u8], _: &mut ClientContext) {}

    fn forget(&mut self) -> usize {
        self.fail(CallError::Stopped);
        0
    }

    fn comes_back(&mut self, _: Option<u16>, ctx: &mut ClientContext) -> bool {
        self.fail(CallError::Lost); // RPC-C4
        if !std::mem::replace(&mut self.is_settled, true) {
            let message = "The daemon cannot be reached; the client keeps trying.".to_owned();
            ctx.report(Event::Error { code: NOT_CONNECTED.to_owned(), message }); // RPC-C7
        }
        true
    }
}
