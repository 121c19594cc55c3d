//! The agent's frontend: a console for its user, and concurrent requests to the local server.

mod exchange;
mod pool;

use std::sync::Arc;
use std::time::Duration;

use relayspec::driver::Event;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::frontend::{CompletedFetch, Console, FetchDelivery, Frontend, FrontendEvent};
use super::output::OutputWriter;
use crate::client::tunnel::{Fetch, FetchFailure, Fetched, LocalOrigin};
use crate::net::bodies::{BodyBudget, BodyPermit};
use pool::Pool;

/// The most bytes of bodies, of requests and answers together. Requests that find no room get code 503 at once; answers wait.
const MOST_KEPT: usize = 256 << 20;
/// The bytes of answers that are delivered in one event.
const BATCH: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct AgentFrontend {
    console: Console,
    pool: Arc<Pool>,
    budget: BodyBudget,
    request_timeout: Duration,
    under_way: JoinSet<CompletedFetch>,
    delivery: FetchDelivery,
    /// Aborted on drop.
    _sweeper: JoinSet<()>,
}

impl AgentFrontend {
    pub(super) fn start(console: Console, origin: LocalOrigin, request_timeout: Duration) -> Self {
        let pool = Arc::new(Pool::new(origin));
        let mut sweeper = JoinSet::new();
        sweeper.spawn(pool::sweep(Arc::clone(&pool)));
        Self {
            console,
            pool,
            budget: BodyBudget::new(MOST_KEPT),
            request_timeout,
            under_way: JoinSet::new(),
            delivery: FetchDelivery::Immediate,
            _sweeper: sweeper,
        }
    }

    fn gather(&mut self, first: CompletedFetch) -> Vec<CompletedFetch> {
        let mut bytes = length(&first);
        let mut all = vec![first];
        while bytes < BATCH
            && let Some(Ok(done)) = self.under_way.try_join_next()
        {
            bytes += length(&done);
            all.push(done);
        }
        all
    }
}

fn length(done: &CompletedFetch) -> usize {
    match &done.fetched {
        Fetched::Answer { body, .. } => body.len(),
        Fetched::Nothing(_) => 0,
    }
}

impl Frontend for AgentFrontend {
    async fn next(&mut self) -> FrontendEvent {
        loop {
            tokio::select! {
                event = self.console.next() => return event,
                Some(done) = self.under_way.join_next(), if self.delivery == FetchDelivery::Immediate => {
                    // A cancelled task has no result.
                    if let Ok(done) = done {
                        return FrontendEvent::Fetched(self.gather(done));
                    }
                }
            }
        }
    }

    fn report(&mut self, event: Event) {
        self.console.report(event);
    }

    fn show(&mut self, session_id: &str, bytes: Vec<u8>) {
        self.console.show(session_id, bytes);
    }

    fn fetch(&mut self, fetch: Fetch) {
        let Fetch { key, request } = fetch;
        let nothing = move |failure, permit| CompletedFetch { key, fetched: Fetched::Nothing(failure), permit };
        let Some(permit) = self.budget.take(request.body.len()) else {
            self.under_way.spawn(async move { nothing(FetchFailure::Busy, BodyPermit::default()) });
            return;
        };
        let (pool, budget, limit) = (Arc::clone(&self.pool), self.budget.clone(), self.request_timeout);
        self.under_way.spawn(async move {
            match timeout(limit, exchange::exchange(&pool, request, &budget)).await {
                Ok(Ok((fetched, permit))) => CompletedFetch { key, fetched, permit },
                Ok(Err(failure)) => nothing(failure, permit),
                Err(_) => nothing(FetchFailure::TimedOut, permit),
            }
        });
    }

    fn forget_fetches(&mut self) {
        self.under_way = JoinSet::new();
    }

    fn set_delivery(&mut self, delivery: FetchDelivery) {
        self.delivery = delivery;
    }

    fn output(&self) -> &OutputWriter {
        self.console.output()
    }

    fn can_wait(&self) -> bool {
        false
    }
}
