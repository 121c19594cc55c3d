//! The watcher of one connection: decodes the bytes that were forwarded, and has the messages checked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use tokio::sync::{Notify, mpsc};

use super::checker::{ConnectionChecker, PeerViolation, message_name, role_of};
use super::event::{ProxyEvent, ProxyEvents};
use super::setup::ProxySetup;
use super::transcript::{TranscriptEntry, TranscriptEvent};
use crate::clock::Moment;
use crate::transport::decode::Decoder;
use crate::transport::{Arrival, End, Side};

/// The longest head of a handshake that is parsed, in bytes.
const LONGEST_HEAD: usize = 64 << 10;

/// Bytes that were forwarded, or the end of a side. Empty bytes mean that nothing further will be copied.
pub(super) struct Forwarded {
    pub(super) at: Moment,
    pub(super) from: Side,
    pub(super) what: Result<Bytes, End>,
}

impl Forwarded {
    /// The memory that it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>() + self.what.as_ref().map_or(0, Bytes::len)
    }
}

/// Decodes and checks what is forwarded on one connection.
pub(super) struct Watcher {
    number: usize,
    setup: Arc<ProxySetup>,
    events: ProxyEvents,
    /// Events that were not sent yet.
    pending: Vec<ProxyEvent>,
    cut: Arc<Notify>,
    backlog: Arc<AtomicUsize>,
    request: HandshakeHead,
    answer: HandshakeHead,
    of_client: Decoder,
    of_server: Decoder,
    checker: Option<ConnectionChecker>,
    messages: usize,
    /// Whether the connection can no longer be decoded.
    is_blind: bool,
}

/// The head of a request or a response.
#[derive(Default)]
struct HandshakeHead {
    bytes: BytesMut,
    text: Option<String>,
}

impl HandshakeHead {
    /// Adds bytes; returns those after the head, if it is complete.
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
        setup: Arc<ProxySetup>,
        events: ProxyEvents,
        cut: Arc<Notify>,
        backlog: Arc<AtomicUsize>,
    ) -> Self {
        let (request, answer) = (HandshakeHead::default(), HandshakeHead::default());
        let (of_client, of_server) = (Decoder::new(Side::Server), Decoder::new(Side::Client));
        let (pending, checker, messages, is_blind) = (Vec::new(), None, 0, false);
        Self {
            number,
            setup,
            events,
            pending,
            cut,
            backlog,
            request,
            answer,
            of_client,
            of_server,
            checker,
            messages,
            is_blind,
        }
    }

    pub(super) async fn run(mut self, mut forwarded: mpsc::UnboundedReceiver<Forwarded>) {
        while let Some(next) = forwarded.recv().await {
            let weight = next.weight();
            let Forwarded { at, from, what } = next;
            match what {
                Ok(bytes) if bytes.is_empty() => self.blind(at, "more was forwarded than could be checked"),
                Ok(bytes) => self.bytes(at, from, bytes),
                Err(end) if !self.is_blind && self.answer.text.is_some() => self.observe(at, from, &Arrival::End(end)),
                Err(_) => {}
            }
            if !self.pending.is_empty() {
                // Without a receiver, events are discarded.
                let _ = self.events.send(std::mem::take(&mut self.pending)).await;
            }
            self.backlog.fetch_sub(weight, Ordering::Relaxed);
        }
    }

    fn bytes(&mut self, at: Moment, from: Side, bytes: Bytes) {
        if self.is_blind {
            return;
        }
        let head = if from == Side::Client { &mut self.request } else { &mut self.answer };
        let rest = match &head.text {
            Some(_) => bytes,
            None => match head.take(&bytes) {
                Some(rest) => {
                    self.opened(at, from);
                    rest
                }
                None if head.bytes.len() > LONGEST_HEAD => return self.blind(at, "not a WebSocket handshake"),
                None => return,
            },
        };
        if self.is_blind || rest.is_empty() {
            return;
        }
        let mut arrivals = Vec::new();
        let decoder = if from == Side::Client { &mut self.of_client } else { &mut self.of_server };
        decoder.feed(&rest, &mut |arrival| arrivals.push(arrival));
        arrivals.iter().for_each(|arrival| self.observe(at, from, arrival));
    }

    fn opened(&mut self, at: Moment, from: Side) {
        if from == Side::Client {
            return;
        }
        let answer = self.answer.text.as_deref().unwrap_or_default();
        let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
        if status != "101" {
            return self.blind(at, &format!("the handshake was answered with HTTP {status}"));
        }
        if self.answer.has("sec-websocket-extensions") {
            return self.blind(at, "the peers agreed on an extension, so messages cannot be decoded");
        }
        let target = self.target().to_owned();
        self.record(at, TranscriptEvent::Opened(target.clone()));
        if let Some(role) = role_of(self.setup.family, &target, None) {
            self.checker = Some(ConnectionChecker::new(self.setup.family, role, &self.setup.schemas));
        }
    }

    /// The request target, without the prefix in the upstream's URL.
    fn target(&self) -> &str {
        let request = self.request.text.as_deref().unwrap_or_default();
        let target = request.split(' ').nth(1).unwrap_or_default();
        target.strip_prefix(self.setup.upstream.prefix.as_str()).unwrap_or(target)
    }

    fn observe(&mut self, at: Moment, from: Side, arrival: &Arrival) {
        self.record(at, TranscriptEvent::of(from, arrival));
        let is_message = matches!(arrival, Arrival::Text(_) | Arrival::Binary(_));
        if self.checker.is_none() && is_message && from == Side::Client {
            let family = self.setup.family;
            let role = role_of(family, self.target(), message_name(family, arrival).as_deref());
            self.checker = role.map(|role| ConnectionChecker::new(family, role, &self.setup.schemas));
        }
        let violations = self.checker.as_mut().map(|checker| checker.observe(from, arrival)).unwrap_or_default();
        violations.into_iter().for_each(|violation| self.violation(at, violation));
        if is_message {
            self.messages += 1;
            if self.setup.fault_injection.reset_every.is_some_and(|every| self.messages.is_multiple_of(every)) {
                self.cut.notify_one();
            }
        }
    }

    fn violation(&mut self, at: Moment, violation: PeerViolation) {
        self.pending.push(ProxyEvent::Violation { connection: self.number, at_ms: self.ms(at), violation });
    }

    fn blind(&mut self, at: Moment, why: &str) {
        if !std::mem::replace(&mut self.is_blind, true) {
            self.record(at, TranscriptEvent::Gap(why.to_owned()));
            let text = format!("{why}; from here on this connection is not checked");
            self.pending.push(ProxyEvent::Note { connection: self.number, text });
        }
    }

    fn record(&mut self, at: Moment, event: TranscriptEvent) {
        let entry = TranscriptEntry { at_ms: self.ms(at), connection: self.number, event };
        self.pending.push(ProxyEvent::Entry(entry));
    }

    fn ms(&self, at: Moment) -> f64 {
        crate::clock::millis(at - self.setup.clock.zero())
    }
}
