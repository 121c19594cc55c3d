//! Messages in and out of one connection.
//!
//! Reading stops while the partner's mailbox is full, so that a slow reader slows down its own session alone (WIRE-10, WIRE-11),
//! and while the peer does not read its answers.

use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio::task::coop;
use tokio_tungstenite::tungstenite::Message;

use super::{Connection, Ending};
use crate::net::clock;
use crate::net::mailbox::{Delivery, Mailbox};
use crate::server::{Core, Inbound};

/// Bytes of Pongs that may wait; then the peer is not read (WIRE-11).
const PONGS_MARK: usize = 64 << 10;
/// A message of so many bytes leaves the WebSocket with buffers that are not worth keeping.
const LARGE_MESSAGE: usize = 64 << 10;

impl<C: Core> Connection<C> {
    pub(super) fn read(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
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
                Poll::Ready(None) => return Err(Ending::Lost),
                Poll::Pending => {
                    // A task that has used up its turn is told the same.
                    self.exhausted = coop::has_budget_remaining();
                    return Ok(());
                }
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<(), Ending> {
        self.grown |= message.len() > LARGE_MESSAGE;
        let inbound = match message {
            Message::Text(text) => C::read_text(self.role, &text),
            Message::Binary(bytes) => C::read_binary(self.role, &bytes),
            Message::Ping(payload) => {
                self.pongs += payload.len() + 2;
                self.choked = self.is_choked();
                self.unflushed = true; // tungstenite has the Pong ready (WIRE-04).
                return Ok(());
            }
            Message::Pong(_) => {
                self.heartbeat.pong();
                self.excused_at = None;
                return Ok(());
            }
            Message::Close(_) => return Err(Ending::Answer),
            Message::Frame(_) => return Ok(()), // Never read.
        };
        self.patience = None;
        match inbound {
            Inbound::Direct(text) => self.forward(text),
            Inbound::Answered(text) => {
                self.member.mailbox().answer(&text);
                self.choked = self.is_choked();
            }
            Inbound::Asked(message) => self.ask(message),
        }
        Ok(())
    }

    /// Leaves data in the partner's mailbox. Only if there is no partner, the relay is asked.
    fn forward(&mut self, text: String) {
        let delivery = |partner: &Arc<Mailbox>| partner.deliver(&text);
        let mut delivered = self.partner.as_ref().map(delivery);
        if matches!(delivered, None | Some(Delivery::Shut)) {
            // If this one takes nothing either, it is closing, and the data reaches nobody.
            self.partner = self.member.mailbox().partner();
            delivered = self.partner.as_ref().map(delivery);
        }
        match delivered {
            Some(delivery) => self.held = delivery == Delivery::Full,
            None => self.ask(text.into()),
        }
    }

    fn ask(&mut self, message: C::Message) {
        if let Some(full) = self.member.receive(message) {
            (self.partner, self.held) = (Some(full), true);
        }
        self.choked = self.is_choked();
    }

    pub(super) fn is_choked(&self) -> bool {
        self.pongs >= PONGS_MARK || self.member.mailbox().is_choked()
    }

    pub(super) fn write(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        // Twice, since letters are only collected when none is left; not on and on, since the partner may go on and on.
        for _ in 0..2 {
            if let Some(close) = self.member.mailbox().collect(cx, &mut self.outgoing) {
                return Err(Ending::Close(close));
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
            self.member.mailbox().written();
            if self.heartbeat.is_unsent() {
                self.heartbeat.sent(clock::instant());
            }
        }
        Ok(())
    }
}
