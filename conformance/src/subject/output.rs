//! What a subject prints: the last of it is kept, for the report.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

/// The end of what was printed; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Output {
    kept: Arc<Mutex<VecDeque<u8>>>,
    open: Arc<AtomicUsize>,
}

/// How much is kept, in bytes.
const KEPT: usize = 32 << 10;

impl Output {
    /// Reads a stream to its end, in a task of its own.
    pub(super) fn collect(&self, stream: Option<impl AsyncRead + Unpin + Send + 'static>) {
        let Some(mut stream) = stream else { return };
        let Self { kept, open } = self.clone();
        open.fetch_add(1, Ordering::AcqRel);
        tokio::spawn(async move {
            let mut buffer = vec![0; 4096];
            while let Ok(count) = stream.read(&mut buffer).await
                && count > 0
            {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend(&buffer[..count]);
                let surplus = kept.len().saturating_sub(KEPT);
                kept.drain(..surplus);
            }
            open.fetch_sub(1, Ordering::AcqRel);
        });
    }

    /// Whether all streams have come to their end.
    pub(super) fn is_complete(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0
    }

    /// The text that is kept.
    pub(super) fn text(&self) -> String {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(kept.make_contiguous()).into_owned()
    }
}
