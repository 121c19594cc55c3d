//! Moves messages in and out of one connection.
//!
//! Reading pauses while the partner's mailbox is full, so that a slow reader slows down only its own session (WIRE-10, WIRE-11), and while the
//! peer does not read its answers.

use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio::task::coop;
use tokio_tungstenite::tungstenite::Message;

use super::{EndCause, ServerConnection};
use crate::net::clock;
use crate::net::mailbox::{Delivery, Mailbox};
use crate::server::{Inbound, ServerCore};

/// From this many bytes of unsent Pongs on, the peer is not read (WIRE-11).
const PONGS_MARK: usize = 64 << 10;
/// A message of this size grows the WebSocket's buffers beyond what is worth keeping.
const LARGE_MESSAGE: usize = 64 << 10;

impl<C: ServerCore> ServerConnection<C> {
    pub(super) fn read(&mut self, cx: &mut Context<'_>) -> Result<(), EndCause> {
        self.exhausted = false;
        loop {
            if let Some(partner) = self.partner.as_ref().filter(|_| self.held) {
                if partner.poll_room(cx).is_pending() {
                    return Ok(());
                }
                self.held = false;
                self.read_again();
            }
            if self.choked {
                return Ok(());
            }
            match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Ready(Some(message)) => self.take(message?)?,
                Poll::Ready(None) => return Err(EndCause::Lost),
                Poll::Pending => {
                    // `Pending` may also mean that the task's budget is used up.
                    self.exhausted = coop::has_budget_remaining();
                    return Ok(());
                }
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<(), EndCause> {
        self.grown |= message.len() > LARGE_MESSAGE;
        let inbound = match message {
            Message::Text(text) => C::read_text(self.role, &text),
            Message::Binary(bytes) => C::read_binary(self.role, &bytes),
            Message::Ping(payload) => {
                self.pongs += payload.len() + 2;
                self.choked = self.is_choked();
                self.unflushed = true; // tungstenite has queued the Pong (WIRE-04).
                return Ok(());
            }
            Message::Pong(_) => {
                self.heartbeat.pong();
                self.excused_at = None;
                return Ok(());
            }
            Message::Close(_) => return Err(EndCause::Answer),
            Message::Frame(_) => return Ok(()), // Never returned by reads.
        };
        self.patience = None;
        match inbound {
            Inbound::Direct(text) => self.forward(text),
            Inbound::Reply(text) => {
                self.handle.mailbox().answer(&text);
                self.choked = self.is_choked();
            }
            Inbound::Request(message) => self.ask(message),
        }
        Ok(())
    }

    /// Delivers data to the partner's mailbox, or to the core if there is no partner.
    fn forward(&mut self, text: String) {
        let delivery = |partner: &Arc<Mailbox>| partner.deliver(&text);
        let mut delivered = self.partner.as_ref().map(delivery);
        if matches!(delivered, None | Some(Delivery::Closed)) {
            // If this mailbox is closed too, the connection is closing, and the data is dropped.
            self.partner = self.handle.mailbox().partner();
            delivered = self.partner.as_ref().map(delivery);
        }
        match delivered {
            Some(delivery) => self.held = delivery == Delivery::Full,
            None => self.ask(text.into()),
        }
    }

    fn ask(&mut self, message: C::Message) {
        if let Some(full) = self.handle.receive(message) {
            (self.partner, self.held) = (Some(full), true);
        }
        self.choked = self.is_choked();
    }

    pub(super) fn is_choked(&self) -> bool {
        self.pongs >= PONGS_MARK || self.handle.mailbox().is_choked()
    }

    pub(super) fn write(&mut self, cx: &mut Context<'_>) -> Result<(), EndCause> {
        // Twice, since messages are collected only when the queue is empty; no more, since the partner may never stop.
        for _ in 0..2 {
            if let Some(close) = self.handle.mailbox().collect(cx, &mut self.outgoing) {
                return Err(EndCause::Close(close));
            }
            while self.ping_due || !self.outgoing.is_empty() {
                match Pin::new(&mut self.socket).poll_ready(cx)? {
                    Poll::Ready(()) => {}
                    Poll::Pending => return Ok(()),
                }
                let ping = mem::take(&mut self.ping_due).then(|| Message::Ping(Bytes::new()));
                if let Some(message) = ping.or_else(|| self.outgoing.pop()) {
                    self.grown |= message.len() > LARGE_MESSAGE;
                    Pin::new(&mut self.socket).start_send(message)?;
                    self.unflushed = true;
                }
            }
        }
        if self.unflushed && Pin::new(&mut self.socket).poll_flush(cx)?.is_ready() {
            self.unflushed = false;
            self.pongs = 0;
            self.handle.mailbox().written();
            if self.heartbeat.is_unsent() {
                self.heartbeat.sent(clock::instant());
            }
        }
        Ok(())
    }
}
