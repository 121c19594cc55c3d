//! One connection of the daemon: frames in, answers out. It is not read while its answers are not.

use std::io;
use std::sync::{Arc, PoisonError};

use relayspec::rpc::{Frame, Frames};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tracing::{debug, error};

use super::DaemonShared;

/// The most bytes of one read.
const READ: usize = 64 << 10;
/// From this many bytes on, answers are written before further frames are processed.
const ANSWERS: usize = 256 << 10;
/// The capacity that an empty buffer keeps.
const KEPT: usize = 1 << 20;

pub(super) async fn serve(mut stream: UnixStream, shared: Arc<DaemonShared>) {
    let mut frames = Frames::new(shared.max_frame);
    let mut answers = Vec::new();
    loop {
        let buffer = frames.buffer();
        buffer.reserve(READ);
        match (&mut stream).take(READ as u64).read_buf(buffer).await {
            Ok(1..) => {}
            Ok(0) => return,
            Err(error) => return debug!(%error, "the connection was lost"),
        }
        loop {
            let next = shared.answer(&mut frames, &mut answers);
            if stream.write_all(&answers).await.is_err() {
                return;
            }
            answers.clear();
            answers.shrink_to(KEPT);
            match next {
                Progress::More => {}
                Progress::Read => break,
                Progress::Close => return,
            }
        }
    }
}

enum Progress {
    /// There are more whole frames.
    More,
    /// More must be read.
    Read,
    Close,
}

impl DaemonShared {
    /// Answers whole frames, all or some. Their changes are in the journal when this returns.
    fn answer(&self, frames: &mut Frames, answers: &mut Vec<u8>) -> Progress {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let next = loop {
            if answers.len() >= ANSWERS {
                break Progress::More;
            }
            match frames.next_frame() {
                Ok(Some(frame)) => match Frame::decode(frame) {
                    Ok(frame) => state.daemon.answer(frame, answers),
                    Err(error) => debug!(%error, "a frame is dropped"), // RPC-04
                },
                Ok(None) => break Progress::Read,
                Err(error) => {
                    debug!(%error, "the connection is closed"); // RPC-05
                    break Progress::Close;
                }
            }
        };
        match state.write() {
            Ok(()) => next,
            Err(error) => {
                // What is not stored must never be acknowledged.
                error!(%error, "cannot write the journal");
                answers.clear();
                self.fail(error);
                Progress::Close
            }
        }
    }

    fn fail(&self, error: io::Error) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.failure.notify_one();
    }
}
