//! A server that the script answers for: it listens on loopback, and keeps every request until the script takes it.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;

use super::HttpMessage;
use super::exchange::{Exchange, ExchangeCommand, end};
use super::read::{HttpError, Reader};
use crate::clock::{Clock, Moment};
use crate::transport::{Link, accept};

/// More requests than this are not kept.
const MOST_WAITING: usize = 10_000;

/// A server, and who came. Dropping it ends it with its connections.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    waiting: Arc<RequestQueue>,
    accepting: AbortHandle,
}

/// A request that came.
#[derive(Debug)]
pub struct IncomingRequest {
    /// When its last byte was read.
    pub at: Moment,
    /// The request, or what is wrong with it.
    pub request: Result<HttpMessage, String>,
    /// Where it is answered.
    pub exchange: Exchange,
}

#[derive(Debug, Default)]
struct RequestQueue {
    visits: Mutex<VecDeque<IncomingRequest>>,
    came: Notify,
    connections: AtomicUsize,
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl HttpServer {
    /// Listens at an address; port 0 stands for a free one.
    ///
    /// # Errors
    /// Where the system does not allow it.
    pub async fn open(address: SocketAddr, clock: Clock) -> io::Result<Self> {
        let listener = accept::listener(address)?;
        let address = listener.local_addr()?;
        let waiting = Arc::new(RequestQueue::default());
        let keeper = Arc::clone(&waiting);
        let accepting = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            loop {
                let stream = accept::next(&clock, || listener.accept()).await;
                keeper.connections.fetch_add(1, Ordering::Relaxed);
                let _ = stream.set_nodelay(true);
                serving.spawn(serve(stream, Arc::clone(&keeper), clock.clone()));
                while serving.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, waiting, accepting: accepting.abort_handle() })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections have come so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.waiting.connections.load(Ordering::Relaxed)
    }

    /// Takes the first request that is chosen, where it is there already.
    pub fn take(&self, chosen: impl Fn(&IncomingRequest) -> bool) -> Option<IncomingRequest> {
        let mut visits = self.waiting.visits.lock().unwrap_or_else(PoisonError::into_inner);
        let at = visits.iter().position(chosen)?;
        visits.remove(at)
    }

    /// The requests that nobody has taken, in a few words.
    #[must_use]
    pub fn untaken(&self) -> Option<String> {
        const SHOWN: usize = 3;
        let visits = self.waiting.visits.lock().unwrap_or_else(PoisonError::into_inner);
        let told = |visit: &IncomingRequest| visit.request.as_ref().map_or_else(String::clone, HttpMessage::summary);
        let shown: Vec<_> = visits.iter().take(SHOWN).map(told).collect();
        let more = visits.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        (!visits.is_empty()).then(|| format!("{}{more}", shown.join("; ")))
    }

    /// Waits for the first request that is chosen. May be dropped and called again without loss.
    pub async fn next(&self, chosen: impl Fn(&IncomingRequest) -> bool) -> IncomingRequest {
        loop {
            let came = self.waiting.came.notified();
            tokio::pin!(came);
            came.as_mut().enable();
            if let Some(visit) = self.take(&chosen) {
                return visit;
            }
            came.await;
        }
    }
}

/// Reads the requests of one connection, one after the other, and does to it what the script says.
async fn serve(stream: TcpStream, waiting: Arc<RequestQueue>, clock: Clock) {
    let (read, mut write) = tokio::io::split(Link::Tcp(stream));
    let mut reader = Reader::new(read);
    let is_reset = loop {
        let proceed = async || drop(write.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await);
        let request = match reader.request(proceed).await {
            Err(HttpError::Ended) => break false,
            other => other.map_err(|error| error.to_string()),
        };
        let is_wrong = request.is_err();
        let method = request.as_ref().map(|request| request.start.method().to_owned()).unwrap_or_default();
        let (orders, inbox) = mpsc::unbounded_channel();
        let exchange = Exchange::to_answer(method, orders);
        {
            let mut visits = waiting.visits.lock().unwrap_or_else(PoisonError::into_inner);
            if visits.len() == MOST_WAITING {
                break true;
            }
            visits.push_back(IncomingRequest { at: clock.now(), request, exchange });
        }
        waiting.came.notify_waiters();
        match obey(inbox, &mut write).await {
            ExchangeEnd::Open if !is_wrong => {}
            ExchangeEnd::Open | ExchangeEnd::Fin => break false,
            ExchangeEnd::Reset => break true,
        }
    };
    end(reader.into_inner().unsplit(write), is_reset).await;
}

/// How a script leaves a connection.
enum ExchangeEnd {
    Open,
    Fin,
    Reset,
}

async fn obey(mut inbox: mpsc::UnboundedReceiver<ExchangeCommand>, write: &mut (impl AsyncWrite + Unpin)) -> ExchangeEnd {
    while let Some(order) = inbox.recv().await {
        match order {
            ExchangeCommand::Write(bytes) => {
                if write.write_all(&bytes).await.is_err() {
                    return ExchangeEnd::Fin;
                }
            }
            ExchangeCommand::Done => return ExchangeEnd::Open,
            ExchangeCommand::Reset => return ExchangeEnd::Reset,
            ExchangeCommand::Fin => return ExchangeEnd::Fin,
        }
    }
    ExchangeEnd::Fin
}
