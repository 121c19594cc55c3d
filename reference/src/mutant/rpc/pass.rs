//! A proxy for frames between two Unix sockets.

use std::future::pending;
use std::io::Result;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use relayspec::rpc::Frames;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Mutex as Turn;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::mutant::link::Flow;

const PIECE: usize = 64 << 10;
/// The time for the last bytes to arrive.
const LINGER: Duration = Duration::from_millis(50);
const TICK: Duration = Duration::from_millis(10);
/// The longest frame that is forwarded without a mutant.
const LONGEST: usize = 16 << 20;

/// What happens instead of forwarding bytes.
#[derive(Debug, Default)]
pub(super) struct RpcAction {
    pub(super) onward: Vec<u8>,
    pub(super) back: Vec<u8>,
    pub(super) ends: bool,
    pub(super) delay: Duration,
}

pub(super) trait RpcLink: Send {
    /// Bytes to send to the daemon first.
    fn opens(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Handles frames; the last may be incomplete, and stays in the buffer.
    fn on_frame(&mut self, flow: Flow, frames: &mut Frames) -> RpcAction;

    /// Bytes to send after the end of one side.
    fn ends(&mut self, _way: Flow) -> Vec<u8> {
        Vec::new()
    }

    fn ticks(&mut self) -> RpcAction {
        RpcAction::default()
    }

    /// Whether the end of one side is hidden from the other.
    fn hides_end(&self, _way: Flow) -> bool {
        false
    }
}

/// Creates the connections of a mutant.
pub(super) trait RpcMutant: Send + Sync + 'static {
    /// The n-th connection; `None` if it is ignored.
    fn talk(&self, number: usize) -> Option<Box<dyn RpcLink>>;

    /// The longest frame that is forwarded, in bytes.
    fn limit(&self, _way: Flow) -> usize {
        LONGEST
    }

    /// Whether connections are served one at a time.
    fn is_single(&self) -> bool {
        false
    }

    /// The number of unused connections to open with the n-th.
    fn beside(&self, _number: usize) -> usize {
        0
    }
}

pub(super) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forwards between clients and a socket until the given future completes.
pub(super) async fn serve<T>(
    listener: std::os::unix::net::UnixListener,
    behind: PathBuf,
    talks: impl RpcMutant,
    meanwhile: impl Future<Output = T>,
) -> T {
    let (behind, talks) = (Arc::new(behind), Arc::new(talks));
    let single = Arc::new(Turn::new(()));
    let (mut connections, mut meanwhile, mut number) = (JoinSet::new(), pin!(meanwhile), 0);
    let Ok(listener) = UnixListener::from_std(listener) else { return meanwhile.await };
    let done = loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            done = &mut meanwhile => break done,
            accepted = listener.accept() => accepted,
        };
        let Ok((near, _)) = accepted else {
            // Out of descriptors: wait until a connection ends.
            sleep(LINGER).await;
            continue;
        };
        number += 1;
        let (behind, talks, single) = (Arc::clone(&behind), Arc::clone(&talks), Arc::clone(&single));
        connections.spawn(async move {
            let _turn = if talks.is_single() { Some(single.lock().await) } else { None };
            // Errors of single connections are not reported.
            _ = pass(near, &behind, &*talks, number).await;
        });
    };
    drop(listener);
    _ = timeout(2 * LINGER, async { while connections.join_next().await.is_some() {} }).await;
    done
}

async fn pass(near: UnixStream, behind: &PathBuf, talks: &dyn RpcMutant, number: usize) -> Result<()> {
    let Some(talk) = talks.talk(number) else {
        let mut near = near;
        let mut piece = [0; 1024];
        while near.read(&mut piece).await? > 0 {}
        return Ok(());
    };
    let far = UnixStream::connect(behind).await?;
    let mut beside = Vec::new();
    for _ in 0..talks.beside(number) {
        beside.push(UnixStream::connect(behind).await?);
    }
    let talk = Mutex::new(talk);
    let ((near, to_near), (far, to_far)) = (near.into_split(), far.into_split());
    let (to_near, to_far) = (Turn::new(to_near), Turn::new(to_far));
    let opening = locked(&talk).opens();
    to_far.lock().await.write_all(&opening).await?;
    let inward = listen(near, Flow::In, Frames::new(talks.limit(Flow::In)), &talk, [&to_far, &to_near]);
    let outward = listen(far, Flow::Out, Frames::new(talks.limit(Flow::Out)), &talk, [&to_near, &to_far]);
    tokio::select! {
        _ = inward => {}
        _ = outward => {}
        _ = tick(&talk, &to_far) => {}
    }
    drop(beside);
    Ok(())
}

async fn tick(talk: &Mutex<Box<dyn RpcLink>>, onward: &Turn<OwnedWriteHalf>) -> Result<()> {
    loop {
        sleep(TICK).await;
        let action = locked(talk).ticks();
        onward.lock().await.write_all(&action.onward).await?;
        if action.ends {
            return Ok(());
        }
    }
}

async fn listen(
    mut from: OwnedReadHalf,
    flow: Flow,
    mut frames: Frames,
    talk: &Mutex<Box<dyn RpcLink>>,
    [onward, back]: [&Turn<OwnedWriteHalf>; 2],
) -> Result<()> {
    let mut piece = vec![0; PIECE];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        frames.buffer().extend_from_slice(&piece[..count]);
        let action = locked(talk).on_frame(flow, &mut frames);
        sleep(action.delay).await;
        back.lock().await.write_all(&action.back).await?;
        onward.lock().await.write_all(&action.onward).await?;
        if action.ends {
            return Ok(());
        }
    }
    let last = locked(talk).ends(flow);
    onward.lock().await.write_all(&last).await?;
    if locked(talk).hides_end(flow) {
        pending::<()>().await;
    }
    Ok(())
}
