//! One direction of a connection: forwards frames as the mutant changes them.
//!
//! No more is read than can be forwarded, so that nothing is buffered here unless the mutant does so.

use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader, copy_buf};
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use super::flow::{FrameWriter, IdleTimer, PIECE, StreamEnd, hoard, locked, send, write};
use super::guests::ProxyGuests;
use super::link::{Effect, Flow, Link, Loss, closing};
use super::wire::{Frame, WirePart, is_at_hand, read};

pub(super) struct Forwarder<'a> {
    guests: &'a ProxyGuests,
    number: usize,
    flow: Flow,
    link: &'a Mutex<Box<dyn Link>>,
    from: BufReader<OwnedReadHalf>,
    onward: &'a FrameWriter,
    back: &'a FrameWriter,
    /// The unlimited buffer for the other side, if any.
    store: Option<UnboundedSender<Vec<u8>>>,
    /// Bytes to be written together.
    ready: Vec<u8>,
    idle: IdleTimer,
}

impl<'a> Forwarder<'a> {
    pub(super) fn new(
        guests: &'a ProxyGuests,
        number: usize,
        flow: Flow,
        link: &'a Mutex<Box<dyn Link>>,
        from: BufReader<OwnedReadHalf>,
        [onward, back]: [&'a FrameWriter; 2],
    ) -> Self {
        let store = locked(link).hoards().then(|| hoard(Arc::clone(onward)));
        Self { guests, number, flow, link, from, onward, back, store, ready: Vec::new(), idle: IdleTimer::default() }
    }

    pub(super) async fn pass(mut self) -> Result<StreamEnd> {
        loop {
            // Frames that arrived together are forwarded together.
            if self.ready.len() >= PIECE || !is_at_hand(self.from.buffer()) {
                send(self.onward, &mut self.ready).await?;
            }
            let over = match read(&mut self.from).await {
                Ok(WirePart::Frame(frame)) => self.frame(frame).await?,
                Ok(WirePart::Raw(head, rest)) => self.large(&head, rest).await?,
                Err(error) => Some(self.end(&error).await?),
            };
            if let Some(over) = over {
                return Ok(over);
            }
        }
    }

    async fn frame(&mut self, frame: Frame) -> Result<Option<StreamEnd>> {
        let Effect { onward, back, others, only, ends, delay, start } = {
            let mut state = locked(&self.guests.state);
            state.bytes += frame.payload.len();
            locked(self.link).on_frame(self.flow, frame, &mut state)
        };
        let delay = delay + self.idle.ends(start);
        if !delay.is_zero() {
            send(self.onward, &mut self.ready).await?;
            sleep(delay).await;
        }
        match &self.store {
            Some(store) => onward.iter().for_each(|frame| drop(store.send(frame.bytes()))),
            None => onward.iter().for_each(|frame| self.ready.extend(frame.bytes())),
        }
        if ends || !back.is_empty() || !others.is_empty() {
            send(self.onward, &mut self.ready).await?;
        }
        write(self.back, &back).await?;
        self.guests.send_to_others(self.number, only, &others);
        Ok(ends.then_some(StreamEnd::All))
    }

    /// Forwards a frame without decoding it, unless the mutant closes the connection instead.
    async fn large(&mut self, head: &[u8], rest: u64) -> Result<Option<StreamEnd>> {
        let code = locked(self.link).large(self.flow, head[0]);
        if let Some(code) = code {
            let is_masked = self.flow == Flow::In;
            write(self.onward, &[closing(code, is_masked)]).await?;
            write(self.back, &[closing(code, !is_masked)]).await?;
            return Ok(Some(StreamEnd::All));
        }
        let mut onward = self.onward.lock().await;
        onward.write_all(head).await?;
        copy_buf(&mut (&mut self.from).take(rest), &mut *onward).await?;
        Ok(None)
    }

    /// Handles the end, which is forwarded unless the mutant hides it.
    async fn end(&mut self, error: &Error) -> Result<StreamEnd> {
        let loss = if error.kind() == ErrorKind::ConnectionReset { Loss::Reset } else { Loss::Ended };
        let is_forwarded = locked(self.link).ends(self.flow, loss, &mut locked(&self.guests.state));
        if !is_forwarded {
            return Ok(StreamEnd::Hidden);
        }
        if loss == Loss::Reset {
            return Ok(StreamEnd::Reset);
        }
        match &self.store {
            Some(store) => drop(store.send(Vec::new())),
            None => self.onward.lock().await.shutdown().await?,
        }
        Ok(if self.flow == Flow::In { StreamEnd::Forwarded } else { StreamEnd::All })
    }
}
