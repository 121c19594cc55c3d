//! The mailbox of a connection: messages for its peer, from other connections and its own, until its task sends them.
//!
//! It is bounded by pausing those who fill it: the partner by [`Delivery::Full`], the connection itself by [`Mailbox::is_choked`]. A push
//! cannot be paused: there the connection is closed. Locks are never held across an `await`.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::closing::Close;
use super::message_queue::{MessageQueue, OVERHEAD, OwnedMessage, SHARED_OVERHEAD};
use crate::server::CountedUntil;

/// From this many bytes of answers on, the connection is not read (WIRE-11).
const ANSWERS_MARK: usize = 64 << 10;
/// How a connection with too many unread pushes is closed (WIRE-11).
const TOO_SLOW: Close = Close { code: 1013, reason: "Reads too slowly" };

#[derive(Debug)]
pub(super) struct Mailbox {
    /// From this many unread bytes on, senders are not read, and further pushes close the connection (WIRE-11).
    mark: usize,
    counted: CountedUntil,
    state: Mutex<MailboxState>,
}

#[derive(Debug, Default)]
struct MailboxState {
    queue: MessageQueue,
    data_bytes: usize,
    /// Forwarded bytes collected by the task but not yet taken by the system.
    unwritten_bytes: usize,
    answer_bytes: usize,
    /// The cost of future answers.
    owed_bytes: usize,
    phase: MailboxPhase,
    /// The connection's own task, if it waits for messages.
    owner: Option<Waker>,
    /// Tasks that wait for room.
    senders: Vec<Waker>,
    partner: Option<Arc<Mailbox>>,
}

#[derive(Debug, Default)]
enum MailboxPhase {
    #[default]
    Open,
    /// Takes nothing more; the connection will be closed after its messages.
    Closing(Close),
    /// The connection is gone.
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// There is room for more.
    Accepted,
    /// Accepted, but the sender must not be read until [`Mailbox::poll_room`] is ready.
    Full,
    /// Dropped: the connection is gone or closing.
    Closed,
}

impl Mailbox {
    pub(super) fn new(mark: usize, counted: CountedUntil) -> Self {
        Self { mark, counted, state: Mutex::default() }
    }

    pub(super) fn deliver(&self, text: &str) -> Delivery {
        self.put(|queue| {
            queue.push(text);
            text.len() + OVERHEAD
        })
    }

    pub(super) fn deliver_binary<'a>(&self, messages: impl IntoIterator<Item = &'a [u8]>) -> Delivery {
        self.put(|queue| {
            let lengths = messages.into_iter().map(|message| {
                queue.push_binary(message);
                message.len() + OVERHEAD
            });
            lengths.sum()
        })
    }

    pub(super) fn deliver_owned(&self, message: OwnedMessage) -> Delivery {
        self.put(|queue| {
            let cost = message.bytes.len() + OVERHEAD;
            queue.push_owned(message);
            cost
        })
    }

    /// Delivers messages; `put` returns their cost in bytes.
    fn put(&self, put: impl FnOnce(&mut MessageQueue) -> usize) -> Delivery {
        let mut state = self.lock();
        if !matches!(state.phase, MailboxPhase::Open) {
            return Delivery::Closed;
        }
        state.data_bytes += put(&mut state.queue);
        let full = state.data_bytes + state.unwritten_bytes >= self.mark;
        wake(state, |state| &mut state.owner);
        if full { Delivery::Full } else { Delivery::Accepted }
    }

    /// Adds a message of the server itself. Dropped if the connection is gone or closing.
    pub(super) fn answer(&self, text: &str) {
        self.put_answer(text.len(), |queue| queue.push(text));
    }

    pub(super) fn answer_binary(&self, bytes: &[u8]) {
        self.put_answer(bytes.len(), |queue| queue.push_binary(bytes));
    }

    fn put_answer(&self, length: usize, put: impl FnOnce(&mut MessageQueue)) {
        let mut state = self.lock();
        if let MailboxPhase::Open = state.phase {
            state.answer_bytes += length;
            put(&mut state.queue);
            wake(state, |state| &mut state.owner);
        }
    }

    /// Adds a pushed text. If too much is unread, the connection is closed instead.
    pub(super) fn push(&self, text: &Bytes) {
        let mut state = self.lock();
        if let MailboxPhase::Open = state.phase {
            if state.data_bytes >= self.mark {
                state.phase = MailboxPhase::Closing(TOO_SLOW);
            } else {
                state.data_bytes += text.len() + SHARED_OVERHEAD;
                state.queue.push_shared(text.clone());
            }
            wake(state, |state| &mut state.owner);
        }
    }

    pub(super) fn owe(&self, bytes: usize) {
        self.lock().owed_bytes += bytes;
    }

    pub(super) fn settle(&self, bytes: usize) {
        let mut state = self.lock();
        state.owed_bytes = state.owed_bytes.saturating_sub(bytes);
        wake(state, |state| &mut state.owner);
    }

    pub(super) fn close(&self, close: Close) {
        let mut state = self.lock();
        if let MailboxPhase::Open = state.phase {
            state.phase = MailboxPhase::Closing(close);
        }
        wake_all(state);
    }

    /// The connection is gone: drops everything and releases waiting senders.
    pub(super) fn shut(&self) {
        let mut state = self.lock();
        state.phase = MailboxPhase::Closed;
        state.queue = MessageQueue::default();
        state.partner = None;
        wake_all(state);
    }

    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.data_bytes + state.unwritten_bytes < self.mark || !matches!(state.phase, MailboxPhase::Open) {
            return Poll::Ready(());
        }
        // There may be several senders, as viewers of one host. Each is woken once, and checks again.
        if !state.senders.iter().any(|sender| sender.will_wake(cx.waker())) {
            state.senders.push(cx.waker().clone());
        }
        Poll::Pending
    }

    pub(super) fn is_awaited(&self) -> bool {
        !self.lock().senders.is_empty()
    }

    /// Wakes the connection's task to check itself, since a sender waits for it.
    pub(super) fn nudge(&self) {
        wake(self.lock(), |state| &mut state.owner);
    }

    /// Whether the connection must not be read, because of unread answers or because it is closing.
    pub(super) fn is_choked(&self) -> bool {
        let state = self.lock();
        state.answer_bytes + state.owed_bytes >= ANSWERS_MARK || !matches!(state.phase, MailboxPhase::Open)
    }

    /// Moves all messages to the task if its queue is empty, and registers it for wake-ups. Returns how to close the connection, if so; then
    /// these messages are the last.
    pub(super) fn collect(&self, cx: &Context<'_>, into: &mut MessageQueue) -> Option<Close> {
        let mut state = self.lock();
        if let MailboxPhase::Closing(close) = state.phase {
            state.queue.append_to(into);
            return Some(close);
        }
        if !state.owner.as_ref().is_some_and(|owner| owner.will_wake(cx.waker())) {
            state.owner = Some(cx.waker().clone());
        }
        if into.is_empty() && !state.queue.is_empty() {
            mem::swap(into, &mut state.queue);
            if self.counted == CountedUntil::Written {
                state.unwritten_bytes += state.data_bytes;
            }
            (state.data_bytes, state.answer_bytes) = (0, 0);
            wake_senders(state);
        }
        None
    }

    pub(super) fn written(&self) {
        if self.counted == CountedUntil::Written {
            let mut state = self.lock();
            state.unwritten_bytes = 0;
            wake_senders(state);
        }
    }

    pub(super) fn collect_last(&self, into: &mut MessageQueue) {
        self.lock().queue.append_to(into);
    }

    pub(super) fn partner(&self) -> Option<Arc<Mailbox>> {
        self.lock().partner.clone()
    }

    pub(super) fn set_partner(&self, partner: Option<Arc<Mailbox>>) {
        self.lock().partner = partner;
    }

    pub(super) fn trim(&self) {
        self.lock().queue.trim();
    }

    fn lock(&self) -> MutexGuard<'_, MailboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(mut state: MutexGuard<'_, MailboxState>, who: fn(&mut MailboxState) -> &mut Option<Waker>) {
    let waker = who(&mut state).take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn wake_senders(mut state: MutexGuard<'_, MailboxState>) {
    let senders = mem::take(&mut state.senders);
    drop(state);
    senders.into_iter().for_each(Waker::wake);
}

fn wake_all(mut state: MutexGuard<'_, MailboxState>) {
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
    struct WakeCounter(AtomicUsize);

    impl Wake for WakeCounter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn count(queue: &mut MessageQueue) -> usize {
        std::iter::from_fn(|| queue.pop()).count()
    }

    #[test]
    fn a_full_mailbox_blocks_its_sender_until_collected() {
        let (mailbox, wakes) = (Mailbox::new(MARK, CountedUntil::Taken), Arc::new(WakeCounter::default()));
        let waker = Waker::from(Arc::clone(&wakes));
        let cx = Context::from_waker(&waker);
        let text = "x".repeat(1000);
        let fill =
            || 1 + std::iter::repeat_with(|| mailbox.deliver(&text)).take_while(|d| *d == Delivery::Accepted).count();
        let mut queue = MessageQueue::default();
        let filling = fill();
        assert_eq!(filling, MARK.div_ceil(text.len() + OVERHEAD));
        assert!(mailbox.poll_room(&cx).is_pending());
        assert!(mailbox.collect(&cx, &mut queue).is_none());
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1, "the sender was not woken");
        assert!(mailbox.poll_room(&cx).is_ready());

        assert_eq!(fill(), filling);
        assert!(mailbox.collect(&cx, &mut queue).is_none());
        assert_eq!(count(&mut queue), filling, "more was collected while something was left");
        assert!(mailbox.poll_room(&cx).is_pending());
        mailbox.shut();
        assert!(mailbox.poll_room(&cx).is_ready(), "a sender waits for a connection that is gone");
        assert_eq!(mailbox.deliver(""), Delivery::Closed);
    }

    #[test]
    fn a_peer_with_too_many_unread_pushes_is_closed() {
        let mailbox = Mailbox::new(MARK, CountedUntil::Taken);
        let cx = Context::from_waker(Waker::noop());
        let text = Bytes::from("x".repeat(1000));
        let mut queue = MessageQueue::default();
        (0..1_000_000).for_each(|_| mailbox.push(&text));
        assert_eq!(mailbox.collect(&cx, &mut queue).map(|close| close.code), Some(1013));
        assert_eq!(count(&mut queue), MARK.div_ceil(text.len() + SHARED_OVERHEAD));
    }

    #[test]
    fn a_peer_that_is_owed_much_is_not_read() {
        let mailbox = Mailbox::new(MARK, CountedUntil::Taken);
        mailbox.owe(ANSWERS_MARK);
        assert!(mailbox.is_choked());
        mailbox.settle(1);
        assert!(!mailbox.is_choked());
        mailbox.answer("x");
        assert!(mailbox.is_choked(), "present and future answers count together");
    }

    #[test]
    fn messages_counted_until_written_make_room_then() {
        let mailbox = Mailbox::new(MARK, CountedUntil::Written);
        let cx = Context::from_waker(Waker::noop());
        let mut queue = MessageQueue::default();
        assert_eq!(
            mailbox.deliver_owned(OwnedMessage { bytes: vec![0; MARK].into(), is_binary: true }),
            Delivery::Full
        );
        assert!(mailbox.collect(&cx, &mut queue).is_none());
        assert_eq!(count(&mut queue), 1);
        assert!(mailbox.poll_room(&cx).is_pending(), "it is not written");
        mailbox.written();
        assert!(mailbox.poll_room(&cx).is_ready());
    }

    #[test]
    fn collects_what_came_before_the_close_and_nothing_after() {
        let mailbox = Mailbox::new(MARK, CountedUntil::Taken);
        let cx = Context::from_waker(Waker::noop());
        mailbox.answer("last");
        mailbox.close(Close { code: 1001, reason: "" });
        mailbox.answer("late");
        assert_eq!(mailbox.deliver("late"), Delivery::Closed);
        let mut queue = MessageQueue::default();
        queue.push("left");
        assert_eq!(mailbox.collect(&cx, &mut queue).map(|close| close.code), Some(1001));
        assert_eq!(count(&mut queue), 2);
        assert!(mailbox.is_choked());
    }
}
