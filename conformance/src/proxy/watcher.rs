//! The watcher of one connection: makes messages of the bytes that passed, and has them judged.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use tokio::sync::{Notify, mpsc};

use super::watch::{Peer, Violation, Watch, kind, role_of};
use super::{Happening, Happenings, Line, Seen, Setup};
use crate::clock::Moment;
use crate::transport::decode::Decoder;
use crate::transport::{Arrival, End, Side};

/// The longest head of a handshake that is looked at.
const LONGEST_HEAD: usize = 64 << 10;

/// Bytes that passed, or the end of a side. No bytes at all stand for all that are left out from here on.
pub(super) struct Passed {
    pub(super) at: Moment,
    pub(super) from: Peer,
    pub(super) what: Result<Bytes, End>,
}

impl Passed {
    /// How much memory it takes to wait, in bytes.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>() + self.what.as_ref().map_or(0, Bytes::len)
    }
}

/// Reads what passed on one connection, and judges it.
pub(super) struct Watcher {
    number: usize,
    setup: Arc<Setup>,
    happenings: Happenings,
    /// What is to be told next.
    untold: Vec<Happening>,
    cut: Arc<Notify>,
    backlog: Arc<AtomicUsize>,
    request: Head,
    answer: Head,
    of_client: Decoder,
    of_server: Decoder,
    watch: Option<Watch>,
    messages: usize,
    /// Whether nothing can be read here any more.
    is_blind: bool,
}

/// The head of a request or an answer.
#[derive(Default)]
struct Head {
    bytes: BytesMut,
    text: Option<String>,
}

impl Head {
    /// Takes bytes in; those that stand behind the head.
    fn take(&mut self, bytes: &[u8]) -> Option<Bytes> {
        self.bytes.extend_from_slice(bytes);
        let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let rest = self.bytes.split_off(end + 4).freeze();
        self.text = Some(String::from_utf8_lossy(&self.bytes).into_owned());
        Some(rest)
    }

    fn has(&self, name: &str) -> bool {
        let mut lines = self.text.as_deref().unwrap_or_default().lines().skip(1);
        lines.any(|line| line.split_once(':').is_some_and(|(found, _)| found.trim().eq_ignore_ascii_case(name)))
    }
}

impl Watcher {
    pub(super) fn new(
        number: usize,
        setup: Arc<Setup>,
        happenings: Happenings,
        cut: Arc<Notify>,
        backlog: Arc<AtomicUsize>,
    ) -> Self {
        let (request, answer) = (Head::default(), Head::default());
        let (of_client, of_server) = (Decoder::new(Side::Server), Decoder::new(Side::Client));
        let (untold, watch, messages, is_blind) = (Vec::new(), None, 0, false);
        Self {
            number,
            setup,
            happenings,
            untold,
            cut,
            backlog,
            request,
            answer,
            of_client,
            of_server,
            watch,
            messages,
            is_blind,
        }
    }

    pub(super) async fn run(mut self, mut passed: mpsc::UnboundedReceiver<Passed>) {
        while let Some(next) = passed.recv().await {
            let weight = next.weight();
            let Passed { at, from, what } = next;
            match what {
                Ok(bytes) if bytes.is_empty() => self.blind(at, "more passed than could be looked at"),
                Ok(bytes) => self.bytes(at, from, bytes),
                Err(end) if !self.is_blind && self.answer.text.is_some() => self.saw(at, from, &Arrival::End(end)),
                Err(_) => {}
            }
            if !self.untold.is_empty() {
                // Where nobody listens any more there is nothing to tell.
                let _ = self.happenings.send(std::mem::take(&mut self.untold)).await;
            }
            self.backlog.fetch_sub(weight, Ordering::Relaxed);
        }
    }

    fn bytes(&mut self, at: Moment, from: Peer, bytes: Bytes) {
        if self.is_blind {
            return;
        }
        let head = if from == Peer::Client { &mut self.request } else { &mut self.answer };
        let rest = match &head.text {
            Some(_) => bytes,
            None => match head.take(&bytes) {
                Some(rest) => {
                    self.opened(at, from);
                    rest
                }
                None if head.bytes.len() > LONGEST_HEAD => return self.blind(at, "no handshake of a WebSocket"),
                None => return,
            },
        };
        if self.is_blind || rest.is_empty() {
            return;
        }
        let mut arrivals = Vec::new();
        let decoder = if from == Peer::Client { &mut self.of_client } else { &mut self.of_server };
        decoder.feed(&rest, &mut |arrival| arrivals.push(arrival));
        arrivals.iter().for_each(|arrival| self.saw(at, from, arrival));
    }

    fn opened(&mut self, at: Moment, from: Peer) {
        if from == Peer::Client {
            return;
        }
        let answer = self.answer.text.as_deref().unwrap_or_default();
        let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
        if status != "101" {
            return self.blind(at, &format!("the handshake was answered with HTTP {status}"));
        }
        if self.answer.has("sec-websocket-extensions") {
            return self.blind(at, "the peers agreed on an extension, so that messages cannot be read");
        }
        let target = self.target().to_owned();
        self.line(at, Seen::Opened(target.clone()));
        if let Some(role) = role_of(self.setup.family, &target, None) {
            self.watch = Some(Watch::new(self.setup.family, role, &self.setup.schemas));
        }
    }

    /// The request target, without what stands in the upstream's URL before the endpoint's path.
    fn target(&self) -> &str {
        let request = self.request.text.as_deref().unwrap_or_default();
        let target = request.split(' ').nth(1).unwrap_or_default();
        target.strip_prefix(self.setup.upstream.prefix.as_str()).unwrap_or(target)
    }

    fn saw(&mut self, at: Moment, from: Peer, arrival: &Arrival) {
        self.line(at, Seen::of(from, arrival));
        let is_message = matches!(arrival, Arrival::Text(_) | Arrival::Binary(_));
        if self.watch.is_none() && is_message && from == Peer::Client {
            let family = self.setup.family;
            let role = role_of(family, self.target(), kind(family, arrival).as_deref());
            self.watch = role.map(|role| Watch::new(family, role, &self.setup.schemas));
        }
        let violations = self.watch.as_mut().map(|watch| watch.saw(from, arrival)).unwrap_or_default();
        violations.into_iter().for_each(|violation| self.violation(at, violation));
        if is_message {
            self.messages += 1;
            if self.setup.faults.reset_every.is_some_and(|every| self.messages.is_multiple_of(every)) {
                self.cut.notify_one();
            }
        }
    }

    fn violation(&mut self, at: Moment, violation: Violation) {
        self.untold.push(Happening::Violation { connection: self.number, at_ms: self.ms(at), violation });
    }

    fn blind(&mut self, at: Moment, why: &str) {
        if !std::mem::replace(&mut self.is_blind, true) {
            self.line(at, Seen::Gap(why.to_owned()));
            let text = format!("{why}; from here on nothing of this connection is judged");
            self.untold.push(Happening::Note { connection: self.number, text });
        }
    }

    fn line(&mut self, at: Moment, seen: Seen) {
        let line = Line { at_ms: self.ms(at), connection: self.number, seen };
        self.untold.push(Happening::Line(line));
    }

    fn ms(&self, at: Moment) -> f64 {
        crate::clock::millis(at - self.setup.clock.zero())
    }
}
