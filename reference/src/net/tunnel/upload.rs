//! Reads the body of a public request (TUN-24).

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, timeout, timeout_at};

use crate::net::bodies::{BodyBudget, BodyBuffer, BodyPermit, TooLarge};

/// How much longer an upload may take than an answer.
const PATIENCE: u32 = 10;
/// How long it may wait for room.
const WAIT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UploadError {
    TooLarge,
    TooSlow,
    /// The budget is used up.
    NoRoom,
    /// It is incomplete or malformed.
    Broken,
}

impl From<TooLarge> for UploadError {
    fn from(TooLarge: TooLarge) -> Self {
        Self::TooLarge
    }
}

/// Reads a body, and returns it with its permit. `pause` is the longest pause between pieces.
pub(super) async fn collect(
    mut body: Incoming,
    limit: usize,
    pause: Duration,
    budget: &BodyBudget,
) -> Result<(Vec<u8>, BodyPermit), UploadError> {
    let mut gathered = BodyBuffer::of(&body, limit)?;
    if body.is_end_stream() {
        return Ok(gathered.done());
    }
    let need = gathered.first_need();
    take_room(&mut gathered, budget, need).await?;
    let end = Instant::now() + pause * PATIENCE;
    loop {
        let next = timeout_at(end.min(Instant::now() + pause), body.frame()).await.map_err(|_| UploadError::TooSlow)?;
        let Some(frame) = next else { return Ok(gathered.done()) };
        let Ok(piece) = frame.map_err(|_| UploadError::Broken)?.into_data() else { continue }; // Trailers are dropped.
        match gathered.need(&piece)? {
            0 => {}
            more => take_room(&mut gathered, budget, more).await?,
        }
        gathered.add(&piece);
    }
}

async fn take_room(gathered: &mut BodyBuffer, budget: &BodyBudget, need: usize) -> Result<(), UploadError> {
    let room = timeout(WAIT, budget.wait_for(need)).await.map_err(|_| UploadError::NoRoom)?;
    gathered.take(need, room);
    Ok(())
}
