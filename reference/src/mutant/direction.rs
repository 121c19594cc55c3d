//! One direction of a connection: what one side says, as the mutant lets the other hear it.
//!
//! No more is read than can be passed on, so that nothing is kept here, unless the mutant is to keep it.

use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader, copy_buf};
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use super::flow::{Over, PIECE, Silence, Writer, hoard, locked, send, write};
use super::link::{Link, Loss, Said, Way, closing};
use super::place::Place;
use super::wire::{Frame, Part, is_at_hand, read};

/// What goes one way through a connection.
pub(super) struct Direction<'a> {
    place: &'a Place,
    /// Of the connection.
    number: usize,
    way: Way,
    link: &'a Mutex<Box<dyn Link>>,
    from: BufReader<OwnedReadHalf>,
    onward: &'a Writer,
    back: &'a Writer,
    /// Where everything is kept that the other side does not read.
    store: Option<UnboundedSender<Vec<u8>>>,
    /// What goes on next, together.
    ready: Vec<u8>,
    silence: Silence,
}

impl<'a> Direction<'a> {
    /// Nothing has gone by yet. The writers are to the other side and back to this one.
    pub(super) fn new(
        place: &'a Place,
        number: usize,
        way: Way,
        link: &'a Mutex<Box<dyn Link>>,
        from: BufReader<OwnedReadHalf>,
        [onward, back]: [&'a Writer; 2],
    ) -> Self {
        let store = locked(link).hoards().then(|| hoard(Arc::clone(onward)));
        Self { place, number, way, link, from, onward, back, store, ready: Vec::new(), silence: Silence::default() }
    }

    /// Passes on what one side says, until it ends.
    pub(super) async fn pass(mut self) -> Result<Over> {
        loop {
            // What has come together goes on together.
            if self.ready.len() >= PIECE || !is_at_hand(self.from.buffer()) {
                send(self.onward, &mut self.ready).await?;
            }
            let over = match read(&mut self.from).await {
                Ok(Part::Frame(frame)) => self.frame(frame).await?,
                Ok(Part::Raw(head, rest)) => self.large(&head, rest).await?,
                Err(error) => Some(self.end(&error).await?),
            };
            if let Some(over) = over {
                return Ok(over);
            }
        }
    }

    /// A frame goes by, and what the mutant makes of it goes wherever it belongs.
    async fn frame(&mut self, frame: Frame) -> Result<Option<Over>> {
        let Said { onward, back, others, only, ends, delay, start } = {
            let mut house = locked(&self.place.house);
            house.bytes += frame.payload.len();
            locked(self.link).says(self.way, frame, &mut house)
        };
        let delay = delay + self.silence.ends(start);
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
        self.place.tell_others(self.number, only, &others);
        Ok(ends.then_some(Over::All))
    }

    /// A frame goes by unread, unless it is closed with a code instead.
    async fn large(&mut self, head: &[u8], rest: u64) -> Result<Option<Over>> {
        let code = locked(self.link).large(self.way, head[0]);
        if let Some(code) = code {
            let is_masked = self.way == Way::In;
            write(self.onward, &[closing(code, is_masked)]).await?;
            write(self.back, &[closing(code, !is_masked)]).await?;
            return Ok(Some(Over::All));
        }
        let mut onward = self.onward.lock().await;
        onward.write_all(head).await?;
        copy_buf(&mut (&mut self.from).take(rest), &mut *onward).await?;
        Ok(None)
    }

    /// Nothing more comes; the other side hears of it where the mutant lets it.
    async fn end(&mut self, error: &Error) -> Result<Over> {
        let loss = if error.kind() == ErrorKind::ConnectionReset { Loss::Reset } else { Loss::Ended };
        let is_told = locked(self.link).ends(self.way, loss, &mut locked(&self.place.house));
        if !is_told {
            return Ok(Over::Hidden);
        }
        if loss == Loss::Reset {
            return Ok(Over::Reset);
        }
        match &self.store {
            // Nothing is the end of it.
            Some(store) => drop(store.send(Vec::new())),
            None => self.onward.lock().await.shutdown().await?,
        }
        Ok(if self.way == Way::In { Over::Told } else { Over::All })
    }
}
