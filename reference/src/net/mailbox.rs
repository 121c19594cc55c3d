//! The mailbox of a connection: what others and it itself have for its peer, until its task writes it.
//!
//! It is bounded by stopping whoever fills it: the partner by [`Delivery::Full`], the connection itself by
//! [`Mailbox::is_choked`]. Locks are held for moments and never across an `await`; nothing here decides who is whose partner.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::closing::Close;
use super::letters::{Letters, OVERHEAD};
use crate::server::Letter;

/// From so many bytes of answers on, the connection that asked is not read (WIRE-11).
const ANSWERS_MARK: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct Mailbox {
    /// From so many bytes of others on, those others are not read (WIRE-11).
    mark: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    letters: Letters,
    data_bytes: usize,
    answer_bytes: usize,
    end: End,
    /// The task of the connection, when it waits for letters.
    owner: Option<Waker>,
    /// The tasks of others that wait for room.
    senders: Vec<Waker>,
    partner: Option<Arc<Mailbox>>,
}

#[derive(Debug, Default)]
enum End {
    #[default]
    Open,
    /// Nothing more comes; the connection is to be closed behind what has come.
    Closing(Close),
    /// The connection is gone.
    Shut,
}

/// What became of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// There is room for more.
    Room,
    /// It was taken, but the sender is not to be read until [`Mailbox::poll_room`] says so.
    Full,
    /// The connection is gone or closing; it was not taken.
    Shut,
}

impl Mailbox {
    pub(super) fn new(mark: usize) -> Self {
        Self { mark, state: Mutex::default() }
    }

    /// Leaves a text of somebody else.
    pub(super) fn deliver(&self, text: &str) -> Delivery {
        self.put(|letters| {
            letters.push(text);
            text.len() + OVERHEAD
        })
    }

    /// Leaves binary messages of somebody else, in their order.
    pub(super) fn deliver_binary<'a>(&self, messages: impl IntoIterator<Item = &'a [u8]>) -> Delivery {
        self.put(|letters| {
            let lengths = messages.into_iter().map(|message| {
                letters.push_binary(message);
                message.len() + OVERHEAD
            });
            lengths.sum()
        })
    }

    /// Leaves a message of somebody else.
    pub(super) fn deliver_letter(&self, letter: Letter) -> Delivery {
        self.put(|letters| {
            let cost = letter.len() + OVERHEAD;
            letters.push_letter(letter);
            cost
        })
    }

    /// Leaves something that costs so many bytes.
    fn put(&self, put: impl FnOnce(&mut Letters) -> usize) -> Delivery {
        let mut state = self.lock();
        if !matches!(state.end, End::Open) {
            return Delivery::Shut;
        }
        state.data_bytes += put(&mut state.letters);
        let full = state.data_bytes >= self.mark;
        wake(state, |state| &mut state.owner);
        if full { Delivery::Full } else { Delivery::Room }
    }

    /// Leaves an answer of the relay, or what it has to tell. Those who are gone or closing need none.
    pub(super) fn answer(&self, text: &str) {
        self.put_answer(text.len(), |letters| letters.push(text));
    }

    /// The same as a binary message.
    pub(super) fn answer_binary(&self, bytes: &[u8]) {
        self.put_answer(bytes.len(), |letters| letters.push_binary(bytes));
    }

    fn put_answer(&self, length: usize, put: impl FnOnce(&mut Letters)) {
        let mut state = self.lock();
        if let End::Open = state.end {
            state.answer_bytes += length;
            put(&mut state.letters);
            wake(state, |state| &mut state.owner);
        }
    }

    /// Has the connection closed behind what it was sent so far.
    pub(super) fn close(&self, close: Close) {
        let mut state = self.lock();
        if let End::Open = state.end {
            state.end = End::Closing(close);
        }
        wake_all(state);
    }

    /// The connection is gone: forgets everything, and the partner needs wait no more.
    pub(super) fn shut(&self) {
        let mut state = self.lock();
        state.end = End::Shut;
        state.letters = Letters::default();
        state.partner = None;
        wake_all(state);
    }

    /// Ready when the partner may send more data.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.data_bytes < self.mark || !matches!(state.end, End::Open) {
            return Poll::Ready(());
        }
        // Several may send to one, as viewers do to their host. Each is woken once and comes again if need be.
        if !state.senders.iter().any(|sender| sender.will_wake(cx.waker())) {
            state.senders.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Whether somebody waits for room.
    pub(super) fn is_awaited(&self) -> bool {
        !self.lock().senders.is_empty()
    }

    /// Has the connection look after itself: somebody waits for it.
    pub(super) fn nudge(&self) {
        wake(self.lock(), |state| &mut state.owner);
    }

    /// Whether the connection has so many answers to read that it is not to be read itself, or is closing.
    pub(super) fn is_choked(&self) -> bool {
        let state = self.lock();
        state.answer_bytes >= ANSWERS_MARK || !matches!(state.end, End::Open)
    }

    /// Moves all letters to the connection's task, if it has none left, and wakes it when more come. Returns how the connection
    /// is to be closed, if so; then the letters are the last.
    pub(super) fn collect(&self, cx: &Context<'_>, into: &mut Letters) -> Option<Close> {
        let mut state = self.lock();
        if let End::Closing(close) = state.end {
            state.letters.append_to(into);
            return Some(close);
        }
        if !state.owner.as_ref().is_some_and(|owner| owner.will_wake(cx.waker())) {
            state.owner = Some(cx.waker().clone());
        }
        if into.is_empty() && !state.letters.is_empty() {
            mem::swap(into, &mut state.letters);
            (state.data_bytes, state.answer_bytes) = (0, 0);
            wake_senders(state);
        }
        None
    }

    /// Moves the letters that are left, of a connection that ends.
    pub(super) fn collect_last(&self, into: &mut Letters) {
        self.lock().letters.append_to(into);
    }

    /// Where the data of this connection goes.
    pub(super) fn partner(&self) -> Option<Arc<Mailbox>> {
        self.lock().partner.clone()
    }

    pub(super) fn set_partner(&self, partner: Option<Arc<Mailbox>>) {
        self.lock().partner = partner;
    }

    /// Gives back the memory of a burst that is over.
    pub(super) fn trim(&self) {
        self.lock().letters.trim();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes a task, after the lock is given back.
fn wake(mut state: MutexGuard<'_, State>, who: fn(&mut State) -> &mut Option<Waker>) {
    let waker = who(&mut state).take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn wake_senders(mut state: MutexGuard<'_, State>) {
    let senders = mem::take(&mut state.senders);
    drop(state);
    senders.into_iter().for_each(Waker::wake);
}

fn wake_all(mut state: MutexGuard<'_, State>) {
    let owner = state.owner.take();
    let senders = mem::take(&mut state.senders);
    drop(state);
    owner.into_iter().chain(senders).for_each(Waker::wake);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    const MARK: usize = 64 << 10;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn count(letters: &mut Letters) -> usize {
        std::iter::from_fn(|| letters.pop()).count()
    }

    #[test]
    fn a_full_mailbox_stops_its_sender_until_it_is_collected() {
        let (mailbox, wakes) = (Mailbox::new(MARK), Arc::new(Count::default()));
        let waker = Waker::from(Arc::clone(&wakes));
        let cx = Context::from_waker(&waker);
        let text = "x".repeat(1000);
        let fill =
            || 1 + std::iter::repeat_with(|| mailbox.deliver(&text)).take_while(|d| *d == Delivery::Room).count();
        let mut letters = Letters::default();
        let filling = fill();
        assert_eq!(filling, MARK.div_ceil(text.len() + OVERHEAD));
        assert!(mailbox.poll_room(&cx).is_pending());
        assert!(mailbox.collect(&cx, &mut letters).is_none());
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1, "the sender was not woken");
        assert!(mailbox.poll_room(&cx).is_ready());

        assert_eq!(fill(), filling);
        assert!(mailbox.collect(&cx, &mut letters).is_none());
        assert_eq!(count(&mut letters), filling, "more was collected while something was left");
        assert!(mailbox.poll_room(&cx).is_pending());
        mailbox.shut();
        assert!(mailbox.poll_room(&cx).is_ready(), "a sender waits for somebody who is gone");
        assert_eq!(mailbox.deliver(""), Delivery::Shut);
    }

    #[test]
    fn what_came_before_the_close_is_collected_with_it_and_nothing_after() {
        let mailbox = Mailbox::new(MARK);
        let cx = Context::from_waker(Waker::noop());
        mailbox.answer("last");
        mailbox.close(Close { code: 1001, reason: "" });
        mailbox.answer("late");
        assert_eq!(mailbox.deliver("late"), Delivery::Shut);
        let mut letters = Letters::default();
        letters.push("left");
        assert_eq!(mailbox.collect(&cx, &mut letters).map(|close| close.code), Some(1001));
        assert_eq!(count(&mut letters), 2);
        assert!(mailbox.is_choked());
    }
}
