//! Data flow of a proxied connection, and its end.

use std::future::pending;
use std::io::Result;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Mutex as AsyncMutex;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::wire::Frame;

/// The largest piece that is forwarded without decoding.
pub(super) const PIECE: usize = 64 << 10;

/// The time for a peer to read the last bytes of a connection.
pub(super) const LINGER: Duration = Duration::from_millis(50);

/// The writer of one side, for one frame at a time.
pub(super) type FrameWriter = Arc<AsyncMutex<OwnedWriteHalf>>;

pub(super) struct BufferedStream {
    pub(super) reader: BufReader<OwnedReadHalf>,
    pub(super) writer: FrameWriter,
}

impl BufferedStream {
    pub(super) fn new(stream: TcpStream) -> Self {
        let (reader, writer) = stream.into_split();
        Self { reader: BufReader::with_capacity(PIECE, reader), writer: Arc::new(AsyncMutex::new(writer)) }
    }
}

/// How one side of a connection ended.
pub(super) enum StreamEnd {
    /// The end was forwarded to the other side.
    Forwarded,
    /// The end is hidden from the other side.
    Hidden,
    All,
    Reset,
}

/// When the last frame was forwarded.
#[derive(Default)]
pub(super) struct IdleTimer(Option<Instant>);

/// The idle time after which a frame counts as the first.
const SILENCE: Duration = Duration::from_millis(10);

impl IdleTimer {
    /// The delay of a frame that comes now, if it is the first after an idle period.
    pub(super) fn ends(&mut self, by: Duration) -> Duration {
        let now = Instant::now();
        let late = if self.0.is_none_or(|last| now > last + SILENCE) { by } else { Duration::ZERO };
        self.0 = Some(now + late);
        late
    }
}

pub(super) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Completes when a client leaves without sending anything.
pub(super) async fn gone(guest: &mut BufReader<OwnedReadHalf>) {
    if guest.fill_buf().await.is_ok_and(|more| !more.is_empty()) {
        pending::<()>().await;
    }
}

/// Forwards raw bytes both ways until one side ends.
pub(super) async fn mingle(mut guest: BufferedStream, mut behind: BufferedStream) {
    let (mut to_guest, mut to_behind) = (guest.writer.lock().await, behind.writer.lock().await);
    tokio::select! {
        _ = copy(&mut guest.reader, &mut *to_behind) => {}
        _ = copy(&mut behind.reader, &mut *to_guest) => {}
    }
}

pub(super) async fn until_both(
    inward: impl Future<Output = Result<StreamEnd>>,
    outward: impl Future<Output = Result<StreamEnd>>,
) -> StreamEnd {
    let (mut inward, mut outward) = (pin!(inward), pin!(outward));
    let (first, is_inward) = tokio::select! {
        over = &mut inward => (over, true),
        over = &mut outward => (over, false),
    };
    match first.unwrap_or(StreamEnd::All) {
        StreamEnd::Forwarded | StreamEnd::Hidden if is_inward => outward.await.unwrap_or(StreamEnd::All),
        StreamEnd::Forwarded | StreamEnd::Hidden => inward.await.unwrap_or(StreamEnd::All),
        over => over,
    }
}

pub(super) async fn write(to: &FrameWriter, frames: &[Frame]) -> Result<()> {
    send(to, &mut frames.iter().flat_map(Frame::bytes).collect()).await
}

pub(super) async fn send(to: &FrameWriter, ready: &mut Vec<u8>) -> Result<()> {
    if !ready.is_empty() {
        to.lock().await.write_all(ready).await?;
        ready.clear();
    }
    Ok(())
}

/// Buffers writes without limit; an empty write ends the stream.
pub(super) fn hoard(to: FrameWriter) -> UnboundedSender<Vec<u8>> {
    let (sender, mut receiver) = unbounded_channel::<Vec<u8>>();
    tokio::spawn(async move {
        while let Some(bytes) = receiver.recv().await {
            let mut to = to.lock().await;
            if bytes.is_empty() || to.write_all(&bytes).await.is_err() {
                _ = to.shutdown().await;
                return;
            }
        }
    });
    sender
}
