//! How a connection flows through who stands in the middle, and how it comes to its end.

use std::future::pending;
use std::io::Result;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Mutex as Turn;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::wire::Frame;

/// The largest piece that is passed on unread.
pub(super) const PIECE: usize = 64 << 10;

/// Where one side is written to: one frame at a time.
pub(super) type Writer = Arc<Turn<OwnedWriteHalf>>;

/// One side of a connection.
pub(super) struct End {
    pub(super) reader: BufReader<OwnedReadHalf>,
    pub(super) writer: Writer,
}

impl End {
    pub(super) fn new(stream: TcpStream) -> Self {
        let (reader, writer) = stream.into_split();
        Self { reader: BufReader::with_capacity(PIECE, reader), writer: Arc::new(Turn::new(writer)) }
    }
}

/// How it came that nothing more comes from one side.
pub(super) enum Over {
    /// The other side was told.
    Told,
    /// The other side goes on as if nothing had happened.
    Hidden,
    /// The connection is over.
    All,
    /// The connection is over, and ends as it was ended.
    Reset,
}

/// How long nothing has gone by.
#[derive(Default)]
pub(super) struct Silence(Option<Instant>);

/// Nothing goes by for so long where nobody has anything to say.
const SILENCE: Duration = Duration::from_millis(10);

impl Silence {
    /// Something goes by now; how much later, when it is to be so much late behind a silence.
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

/// Is done when a guest goes away before it has said anything more.
pub(super) async fn gone(guest: &mut BufReader<OwnedReadHalf>) {
    if guest.fill_buf().await.is_ok_and(|more| !more.is_empty()) {
        pending::<()>().await;
    }
}

/// Passes on both ways what is no WebSocket, until one side ends.
pub(super) async fn mingle(mut guest: End, mut behind: End) {
    let (mut to_guest, mut to_behind) = (guest.writer.lock().await, behind.writer.lock().await);
    tokio::select! {
        _ = copy(&mut guest.reader, &mut *to_behind) => {}
        _ = copy(&mut behind.reader, &mut *to_guest) => {}
    }
}

/// Until nothing more comes from either side, or the connection is over.
pub(super) async fn until_both(
    inward: impl Future<Output = Result<Over>>,
    outward: impl Future<Output = Result<Over>>,
) -> Over {
    let (mut inward, mut outward) = (pin!(inward), pin!(outward));
    let (first, is_inward) = tokio::select! {
        over = &mut inward => (over, true),
        over = &mut outward => (over, false),
    };
    match first.unwrap_or(Over::All) {
        Over::Told | Over::Hidden if is_inward => outward.await.unwrap_or(Over::All),
        Over::Told | Over::Hidden => inward.await.unwrap_or(Over::All),
        over => over,
    }
}

pub(super) async fn write(to: &Writer, frames: &[Frame]) -> Result<()> {
    send(to, &mut frames.iter().flat_map(Frame::bytes).collect()).await
}

/// Writes what is ready, and leaves nothing of it.
pub(super) async fn send(to: &Writer, ready: &mut Vec<u8>) -> Result<()> {
    if !ready.is_empty() {
        to.lock().await.write_all(ready).await?;
        ready.clear();
    }
    Ok(())
}

/// Keeps what is to be written, however much it is; nothing is the end of it.
pub(super) fn hoard(to: Writer) -> UnboundedSender<Vec<u8>> {
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
