//! Captures the output of a subject: its end is kept for the report.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{Semaphore, mpsc};

use crate::clock::Clock;
use crate::engine::{OutputLine, OutputLineError};

/// The end of what was printed. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct CapturedOutput {
    kept: Arc<Mutex<VecDeque<u8>>>,
    open: Arc<AtomicUsize>,
}

/// How much is kept, in bytes.
const KEPT: usize = 32 << 10;

impl CapturedOutput {
    /// Reads a stream to its end, in a task of its own.
    pub(super) fn collect(&self, stream: Option<impl AsyncRead + Unpin + Send + 'static>) {
        let Some(mut stream) = stream else { return };
        let output = self.clone();
        output.open.fetch_add(1, Ordering::AcqRel);
        tokio::spawn(async move {
            let mut buffer = vec![0; 4096];
            while let Ok(count) = stream.read(&mut buffer).await
                && count > 0
            {
                output.keep(&buffer[..count]);
            }
            output.open.fetch_sub(1, Ordering::AcqRel);
        });
    }

    /// Reads a stream line by line to its end, in a task of its own, and forwards each line.
    pub(super) fn collect_lines(
        &self,
        stream: Option<impl AsyncRead + Unpin + Send + 'static>,
        clock: Clock,
        lines: LineSender,
    ) {
        let Some(mut stream) = stream else { return };
        let output = self.clone();
        output.open.fetch_add(1, Ordering::AcqRel);
        tokio::spawn(async move {
            let mut buffer = vec![0; 16 << 10];
            let mut splitter = LineSplitter::default();
            while let Ok(count) = stream.read(&mut buffer).await
                && count > 0
            {
                let at = clock.now();
                output.keep(&buffer[..count]);
                let mut whole = Vec::new();
                splitter.feed(&buffer[..count], &mut |text| whole.push(OutputLine { at, text }));
                for line in whole {
                    lines.send(line).await;
                }
            }
            if let Some(text) = splitter.rest() {
                lines.send(OutputLine { at: clock.now(), text }).await;
            }
            output.open.fetch_sub(1, Ordering::AcqRel);
        });
    }

    fn keep(&self, bytes: &[u8]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }

    /// Whether all streams have ended.
    pub(super) fn is_complete(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0
    }

    /// The text that is kept.
    pub(super) fn text(&self) -> String {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(kept.make_contiguous()).into_owned()
    }
}

/// Forwards lines. If too many are unread it blocks, and so does the client that prints them.
#[derive(Debug)]
pub(super) struct LineSender {
    sender: mpsc::UnboundedSender<OutputLine>,
    room: Arc<Semaphore>,
}

/// The other end of [`LineSender`].
#[derive(Debug)]
pub(super) struct LineReceiver {
    receiver: mpsc::UnboundedReceiver<OutputLine>,
    room: Arc<Semaphore>,
}

/// How much may be unread, in KiB; each line counts for one more than it has.
const ROOM: usize = 64 << 10;

/// Both ends.
pub(super) fn lines() -> (LineSender, LineReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(ROOM));
    (LineSender { sender, room: Arc::clone(&room) }, LineReceiver { receiver, room })
}

fn cost(line: &OutputLine) -> u32 {
    1 + line.text.as_ref().map_or(0, |text| u32::try_from(text.len() >> 10).unwrap_or(u32::MAX))
}

impl LineSender {
    async fn send(&self, line: OutputLine) {
        // The output is read even if the receiver is gone, so that the client does not block.
        if self.sender.is_closed() {
            return;
        }
        if let Ok(room) = self.room.acquire_many(cost(&line)).await {
            room.forget();
            let _ = self.sender.send(line);
        }
    }
}

impl LineReceiver {
    /// The next line; `None` after the last. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<OutputLine> {
        let line = self.receiver.recv().await?;
        self.room.add_permits(cost(&line) as usize);
        Some(line)
    }
}

impl Drop for LineReceiver {
    fn drop(&mut self) {
        self.room.close();
    }
}

/// The longest line that is kept, in bytes: enough for a `data` event of 1 MiB with every character escaped.
const LONGEST_LINE: usize = 16 << 20;

/// Splits bytes into lines.
#[derive(Debug, Default)]
struct LineSplitter {
    partial: Vec<u8>,
    /// The length of a line that is too long to be kept.
    dropped: usize,
}

impl LineSplitter {
    fn feed(&mut self, bytes: &[u8], see: &mut dyn FnMut(Result<String, OutputLineError>)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(end) => {
                    self.add(end);
                    see(self.take());
                }
                None => self.add(piece),
            }
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.dropped > 0 || self.partial.len() + bytes.len() > LONGEST_LINE {
            self.dropped += self.partial.len() + bytes.len();
            self.partial = Vec::new();
        } else {
            self.partial.extend_from_slice(bytes);
        }
    }

    fn take(&mut self) -> Result<String, OutputLineError> {
        let bytes = std::mem::take(&mut self.dropped);
        if bytes > 0 {
            return Err(OutputLineError::TooLong { bytes, limit: LONGEST_LINE });
        }
        let line = std::mem::take(&mut self.partial);
        String::from_utf8(line).map_err(|error| OutputLineError::NotUtf8(error.utf8_error()))
    }

    /// What follows the last line feed.
    fn rest(&mut self) -> Option<Result<String, OutputLineError>> {
        if self.partial.is_empty() && self.dropped == 0 {
            return None;
        }
        let rest = self.take();
        // Log output need not end in a line feed; an event has to.
        Some(rest.and_then(|text| match text.trim_start().starts_with('{') {
            true => Err(OutputLineError::Unfinished(text)),
            false => Ok(text),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(chunks: &[&[u8]]) -> Vec<Result<String, OutputLineError>> {
        let mut splitter = LineSplitter::default();
        let mut seen = Vec::new();
        chunks.iter().for_each(|chunk| splitter.feed(chunk, &mut |line| seen.push(line)));
        seen.extend(splitter.rest());
        seen
    }

    #[test]
    fn forwards_whole_lines_only() {
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(split(&[b"a\nb", b"c\n", b"\n"]), [ok("a"), ok("bc"), ok("")]);
        assert_eq!(split(&[b"log"]), [ok("log")]);
        assert_eq!(split(&[b"{\"event\":\"jo"]), [Err(OutputLineError::Unfinished("{\"event\":\"jo".to_owned()))]);
        assert!(matches!(&split(&[b"\xff\n", b"b\n"])[..], [Err(_), Ok(b)] if b == "b"));
        let long = vec![b'x'; LONGEST_LINE + 1];
        let lines = split(&[&long, b"y\nz\n"]);
        assert!(
            matches!(&lines[..], [Err(why), Ok(z)] if z == "z" && why.to_string().contains("16777218")),
            "{:?}",
            lines[0]
        );
    }
}
