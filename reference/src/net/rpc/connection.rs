//! One connection of the daemon: frames in, answers out. While its answers are not read, it is not read either.

use std::io;
use std::sync::{Arc, PoisonError};

use relayspec::rpc::{Frame, Frames};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tracing::{debug, error};

use super::Shared;

/// What is read at once, in bytes.
const READ: usize = 64 << 10;
/// With so many bytes of answers they are written before more frames are looked at.
const ANSWERS: usize = 256 << 10;
/// An empty buffer keeps so much of its room.
const KEPT: usize = 1 << 20;

/// Serves a connection to its end.
pub(super) async fn serve(mut stream: UnixStream, shared: Arc<Shared>) {
    let mut frames = Frames::new(shared.max_frame);
    let mut answers = Vec::new();
    loop {
        let buffer = frames.buffer();
        buffer.reserve(READ);
        match (&mut stream).take(READ as u64).read_buf(buffer).await {
            Ok(1..) => {}
            Ok(0) => return,
            Err(error) => return debug!(%error, "the connection broke"),
        }
        loop {
            let next = shared.answer(&mut frames, &mut answers);
            if stream.write_all(&answers).await.is_err() {
                return;
            }
            answers.clear();
            answers.shrink_to(KEPT);
            match next {
                Next::More => {}
                Next::Read => break,
                Next::Close => return,
            }
        }
    }
}

/// How it goes on when the answers are written.
enum Next {
    /// There are more whole frames.
    More,
    /// More has to come first.
    Read,
    /// Not at all.
    Close,
}

impl Shared {
    /// Answers the frames that are whole, or some of them. What they changed is written before.
    fn answer(&self, frames: &mut Frames, answers: &mut Vec<u8>) -> Next {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let next = loop {
            if answers.len() >= ANSWERS {
                break Next::More;
            }
            match frames.next_frame() {
                Ok(Some(frame)) => match Frame::decode(frame) {
                    Ok(frame) => state.daemon.answer(frame, answers),
                    Err(error) => debug!(%error, "a frame is dropped"), // RPC-04
                },
                Ok(None) => break Next::Read,
                Err(error) => {
                    debug!(%error, "the connection is closed"); // RPC-05
                    break Next::Close;
                }
            }
        };
        match state.write() {
            Ok(()) => next,
            Err(error) => {
                // What cannot be kept must not be acknowledged, now or later.
                error!(%error, "the journal cannot be written");
                answers.clear();
                self.fail(error);
                Next::Close
            }
        }
    }

    fn fail(&self, error: io::Error) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.failure.notify_one();
    }
}
