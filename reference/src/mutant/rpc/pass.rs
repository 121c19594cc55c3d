//! Passing frames between two Unix sockets, but for what a mutant makes of them.

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

use crate::mutant::link::Way;

/// What is read at once.
const PIECE: usize = 64 << 10;
/// What was said last is still on its way for so long.
const LINGER: Duration = Duration::from_millis(50);
/// How often a connection hears that time goes by.
const TICK: Duration = Duration::from_millis(10);
/// The longest frame that a faithful middleman passes on.
const LONGEST: usize = 16 << 20;

/// What comes of a piece.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) onward: Vec<u8>,
    pub(super) back: Vec<u8>,
    pub(super) ends: bool,
    pub(super) delay: Duration,
}

/// A connection with a mutant.
pub(super) trait Talk: Send {
    /// What is said first, before anybody has said anything, to who is behind.
    fn opens(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Frames go by; the last may be incomplete, and stays where it is.
    fn says(&mut self, way: Way, frames: &mut Frames) -> Said;

    /// What is still said behind the end of one side.
    fn ends(&mut self, _way: Way) -> Vec<u8> {
        Vec::new()
    }

    /// Time goes by.
    fn ticks(&mut self) -> Said {
        Said::default()
    }

    /// Whether the other side is not told of an end.
    fn hides_end(&self, _way: Way) -> bool {
        false
    }
}

/// How connections with a mutant come to be.
pub(super) trait Talks: Send + Sync + 'static {
    /// A connection, the so-and-so-many; nothing where nobody hears of it.
    fn talk(&self, number: usize) -> Option<Box<dyn Talk>>;

    /// The longest frame that is passed on, in bytes.
    fn limit(&self, _way: Way) -> usize {
        LONGEST
    }

    /// Whether there is one connection at a time.
    fn is_single(&self) -> bool {
        false
    }

    /// How many connections are made at the same time as the so-and-so-many, that nobody uses.
    fn beside(&self, _number: usize) -> usize {
        0
    }
}

pub(super) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Passes on what goes between whoever connects and the socket behind, as long as something else is done.
pub(super) async fn serve<T>(
    listener: std::os::unix::net::UnixListener,
    behind: PathBuf,
    talks: impl Talks,
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
            // Out of descriptors: somebody has to leave first.
            sleep(LINGER).await;
            continue;
        };
        number += 1;
        let (behind, talks, single) = (Arc::clone(&behind), Arc::clone(&talks), Arc::clone(&single));
        connections.spawn(async move {
            let _turn = if talks.is_single() { Some(single.lock().await) } else { None };
            // Whoever goes away in the midst of it is no mutant of ours.
            _ = pass(near, &behind, &*talks, number).await;
        });
    };
    drop(listener);
    _ = timeout(2 * LINGER, async { while connections.join_next().await.is_some() {} }).await;
    done
}

async fn pass(near: UnixStream, behind: &PathBuf, talks: &dyn Talks, number: usize) -> Result<()> {
    let Some(talk) = talks.talk(number) else {
        // Nobody is told that somebody tries again.
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
    let inward = listen(near, Way::In, Frames::new(talks.limit(Way::In)), &talk, [&to_far, &to_near]);
    let outward = listen(far, Way::Out, Frames::new(talks.limit(Way::Out)), &talk, [&to_near, &to_far]);
    tokio::select! {
        _ = inward => {}
        _ = outward => {}
        _ = tick(&talk, &to_far) => {}
    }
    drop(beside);
    Ok(())
}

/// Lets a connection know that time goes by.
async fn tick(talk: &Mutex<Box<dyn Talk>>, onward: &Turn<OwnedWriteHalf>) -> Result<()> {
    loop {
        sleep(TICK).await;
        let said = locked(talk).ticks();
        onward.lock().await.write_all(&said.onward).await?;
        if said.ends {
            return Ok(());
        }
    }
}

/// Passes on what one side says, until it ends.
async fn listen(
    mut from: OwnedReadHalf,
    way: Way,
    mut frames: Frames,
    talk: &Mutex<Box<dyn Talk>>,
    [onward, back]: [&Turn<OwnedWriteHalf>; 2],
) -> Result<()> {
    let mut piece = vec![0; PIECE];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        frames.buffer().extend_from_slice(&piece[..count]);
        let said = locked(talk).says(way, &mut frames);
        sleep(said.delay).await;
        back.lock().await.write_all(&said.back).await?;
        onward.lock().await.write_all(&said.onward).await?;
        if said.ends {
            return Ok(());
        }
    }
    let last = locked(talk).ends(way);
    onward.lock().await.write_all(&last).await?;
    if locked(talk).hides_end(way) {
        pending::<()>().await;
    }
    Ok(())
}
