//! The body of a public request (TUN-24).

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, timeout, timeout_at};

use crate::net::bodies::{Budget, Gathered, Room, TooLarge};

/// An upload may take so many times as long as an answer.
const PATIENCE: u32 = 10;
/// How long it waits for room.
const WAIT: Duration = Duration::from_secs(5);

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoBody {
    /// It is larger than the limit.
    TooLarge,
    /// It came too slowly.
    TooSlow,
    /// There is no room for it.
    NoRoom,
    /// It broke off, or is no HTTP.
    Broken,
}

impl From<TooLarge> for NoBody {
    fn from(TooLarge: TooLarge) -> Self {
        Self::TooLarge
    }
}

/// Reads a body, and gives the room that it takes. `pause` is how long nothing may come.
pub(super) async fn collect(
    mut body: Incoming,
    limit: usize,
    pause: Duration,
    budget: &Budget,
) -> Result<(Vec<u8>, Room), NoBody> {
    let mut gathered = Gathered::of(&body, limit)?;
    if body.is_end_stream() {
        return Ok(gathered.done());
    }
    let need = gathered.first_need();
    take_room(&mut gathered, budget, need).await?;
    let end = Instant::now() + pause * PATIENCE;
    loop {
        let next = timeout_at(end.min(Instant::now() + pause), body.frame()).await.map_err(|_| NoBody::TooSlow)?;
        let Some(frame) = next else { return Ok(gathered.done()) };
        let Ok(piece) = frame.map_err(|_| NoBody::Broken)?.into_data() else { continue }; // Trailers end here.
        match gathered.need(&piece)? {
            0 => {}
            more => take_room(&mut gathered, budget, more).await?,
        }
        gathered.add(&piece);
    }
}

async fn take_room(gathered: &mut Gathered, budget: &Budget, need: usize) -> Result<(), NoBody> {
    let room = timeout(WAIT, budget.wait_for(need)).await.map_err(|_| NoBody::NoRoom)?;
    gathered.take(need, room);
    Ok(())
}
