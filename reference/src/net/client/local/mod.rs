//! The local server's side of an agent: a console for its user, and the requests that it makes, all at once.

mod exchange;
mod pool;

use std::sync::Arc;
use std::time::Duration;

use relayspec::driver::Event;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::front::{Console, Done, Front, Pace, Said};
use super::output::Output;
use crate::client::tunnel::{Failure, Fetch, Fetched, LocalOrigin};
use crate::net::bodies::{Budget, Room};
use pool::Pool;

/// How many bytes of bodies are kept, of requests and answers together. Requests that find no room are answered at once, with code 503;
/// answers wait for some.
const MOST_KEPT: usize = 256 << 20;
/// From so many bytes of answers on, no more are told at once.
const TOGETHER: usize = 1 << 20;

/// A console, and local requests.
#[derive(Debug)]
pub(super) struct Locals {
    console: Console,
    pool: Arc<Pool>,
    budget: Budget,
    request_timeout: Duration,
    under_way: JoinSet<Done>,
    pace: Pace,
    /// Ends with this.
    _sweeper: JoinSet<()>,
}

impl Locals {
    pub(super) fn start(console: Console, origin: LocalOrigin, request_timeout: Duration) -> Self {
        let pool = Arc::new(Pool::new(origin));
        let mut sweeper = JoinSet::new();
        sweeper.spawn(pool::sweep(Arc::clone(&pool)));
        Self {
            console,
            pool,
            budget: Budget::new(MOST_KEPT),
            request_timeout,
            under_way: JoinSet::new(),
            pace: Pace::Free,
            _sweeper: sweeper,
        }
    }

    /// This one, and what else is done by now.
    fn gather(&mut self, first: Done) -> Vec<Done> {
        let mut bytes = length(&first);
        let mut all = vec![first];
        while bytes < TOGETHER
            && let Some(Ok(done)) = self.under_way.try_join_next()
        {
            bytes += length(&done);
            all.push(done);
        }
        all
    }
}

fn length(done: &Done) -> usize {
    match &done.fetched {
        Fetched::Answer { body, .. } => body.len(),
        Fetched::Nothing(_) => 0,
    }
}

impl Front for Locals {
    async fn next(&mut self) -> Said {
        loop {
            tokio::select! {
                said = self.console.next() => return said,
                Some(done) = self.under_way.join_next(), if self.pace == Pace::Free => {
                    // A task that was given up is nobody's any more.
                    if let Ok(done) = done {
                        return Said::Fetched(self.gather(done));
                    }
                }
            }
        }
    }

    fn tell(&mut self, event: Event) {
        self.console.tell(event);
    }

    fn show(&mut self, session_id: &str, bytes: Vec<u8>) {
        self.console.show(session_id, bytes);
    }

    fn fetch(&mut self, fetch: Fetch) {
        let Fetch { key, request } = fetch;
        let nothing = move |failure, room| Done { key, fetched: Fetched::Nothing(failure), room };
        let Some(room) = self.budget.take(request.body.len()) else {
            self.under_way.spawn(async move { nothing(Failure::Busy, Room::default()) });
            return;
        };
        let (pool, budget, limit) = (Arc::clone(&self.pool), self.budget.clone(), self.request_timeout);
        self.under_way.spawn(async move {
            match timeout(limit, exchange::exchange(&pool, request, &budget)).await {
                Ok(Ok((fetched, room))) => Done { key, fetched, room },
                Ok(Err(failure)) => nothing(failure, room),
                Err(_) => nothing(Failure::TimedOut, room),
            }
        });
    }

    fn forget_fetches(&mut self) {
        self.under_way = JoinSet::new();
    }

    fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    fn output(&self) -> &Output {
        self.console.output()
    }

    fn can_wait(&self) -> bool {
        false
    }
}
