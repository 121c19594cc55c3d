//! What the user is told: written by a thread of its own, at once.
//!
//! A thread, since writing blocks while nobody reads, and must not keep the client from its timers or the process from ending. Those who
//! can wait ask whether there is room.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use tokio::sync::Notify;

/// From so many bytes on, the server is not read.
const MARK: usize = 1 << 20;
/// From so many bytes on, the user is not read either: whatever they ask for would have to be answered.
const HIGH_MARK: usize = 8 << 20;

/// Pieces that have come meanwhile are written together, up to so many bytes.
const TOGETHER: usize = 64 << 10;

/// Where to write.
#[derive(Debug)]
pub(super) struct Output {
    pieces: mpsc::Sender<Vec<u8>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: AtomicUsize,
    written: Notify,
}

impl Output {
    /// Starts to write.
    pub(super) fn start(mut output: impl Write + Send + 'static) -> Self {
        let (pieces, receiver) = mpsc::channel::<Vec<u8>>();
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let writing = move || {
            let mut is_open = true;
            while let Ok(mut piece) = receiver.recv() {
                while piece.len() < TOGETHER
                    && let Ok(next) = receiver.try_recv()
                {
                    piece.extend(next);
                }
                // A reader that is gone misses the rest; that is no reason to end.
                is_open = is_open && output.write_all(&piece).and_then(|()| output.flush()).is_ok();
                of_thread.waiting.fetch_sub(piece.len(), Ordering::Release);
                of_thread.written.notify_one();
            }
        };
        _ = thread::Builder::new().name("output".to_owned()).spawn(writing);
        Self { pieces, shared }
    }

    /// Has a piece written behind the others.
    pub(super) fn write(&self, piece: Vec<u8>) {
        let length = piece.len();
        self.shared.waiting.fetch_add(length, Ordering::Release);
        if self.pieces.send(piece).is_err() {
            self.shared.waiting.fetch_sub(length, Ordering::Release);
        }
    }

    /// Whether there is room for what the server has to say.
    pub(super) fn has_room(&self) -> bool {
        self.waiting() < MARK
    }

    /// Whether there is room for answers to the user.
    pub(super) fn has_room_for_answers(&self) -> bool {
        self.waiting() < HIGH_MARK
    }

    /// Is done when something was written.
    pub(super) fn written(&self) -> impl Future<Output = ()> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        async move { shared.written.notified().await }
    }

    /// Is done when all is written.
    pub(super) async fn drained(&self) {
        while self.waiting() > 0 {
            self.written().await;
        }
    }

    fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::Acquire)
    }
}
