//! Writes the output in a thread.
//!
//! A thread, since writing blocks while the output is not read, and the client must keep its timers and be able to end meanwhile. Producers
//! that can wait check for room.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use tokio::sync::Notify;

/// From this many unwritten bytes on, the server is not read.
const MARK: usize = 1 << 20;
/// From this many on, the user's input is not read either, since it would need answers.
const HIGH_MARK: usize = 8 << 20;

/// Pieces are combined up to this many bytes.
const BATCH: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct OutputWriter {
    pieces: mpsc::Sender<Vec<u8>>,
    shared: Arc<OutputState>,
}

#[derive(Debug, Default)]
struct OutputState {
    waiting: AtomicUsize,
    written: Notify,
}

impl OutputWriter {
    pub(super) fn start(mut output: impl Write + Send + 'static) -> Self {
        let (pieces, receiver) = mpsc::channel::<Vec<u8>>();
        let shared = Arc::new(OutputState::default());
        let of_thread = Arc::clone(&shared);
        let writing = move || {
            let mut is_open = true;
            while let Ok(mut piece) = receiver.recv() {
                while piece.len() < BATCH
                    && let Ok(next) = receiver.try_recv()
                {
                    piece.extend(next);
                }
                // If the reader is gone, the rest is discarded; that does not end the client.
                is_open = is_open && output.write_all(&piece).and_then(|()| output.flush()).is_ok();
                of_thread.waiting.fetch_sub(piece.len(), Ordering::Release);
                of_thread.written.notify_one();
            }
        };
        _ = thread::Builder::new().name("output".to_owned()).spawn(writing);
        Self { pieces, shared }
    }

    pub(super) fn write(&self, piece: Vec<u8>) {
        let length = piece.len();
        self.shared.waiting.fetch_add(length, Ordering::Release);
        if self.pieces.send(piece).is_err() {
            self.shared.waiting.fetch_sub(length, Ordering::Release);
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.waiting() < MARK
    }

    pub(super) fn has_room_for_answers(&self) -> bool {
        self.waiting() < HIGH_MARK
    }

    pub(super) fn written(&self) -> impl Future<Output = ()> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        async move { shared.written.notified().await }
    }

    pub(super) async fn drained(&self) {
        while self.waiting() > 0 {
            self.written().await;
        }
    }

    fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::Acquire)
    }
}
