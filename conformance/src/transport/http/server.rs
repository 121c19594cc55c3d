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

use super::exchange::{Exchange, ExchangeCommand, end};
use super::message::HttpMessage;
use super::read::{HttpError, Reader};
use crate::clock::{Clock, Moment};
use crate::transport::accept;
use crate::transport::link::Link;

/// How many requests are kept.
const MOST_WAITING: usize = 10_000;

/// A server and its pending requests. Dropping it ends it with its connections.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    queue: Arc<RequestQueue>,
    accepting: AbortHandle,
}

/// A request that was received.
#[derive(Debug)]
pub struct IncomingRequest {
    /// When its last byte was read.
    pub at: Moment,
    /// The request, or what is wrong with it.
    pub request: Result<HttpMessage, HttpError>,
    /// How it is answered.
    pub exchange: Exchange,
}

#[derive(Debug, Default)]
struct RequestQueue {
    requests: Mutex<VecDeque<IncomingRequest>>,
    added: Notify,
    connections: AtomicUsize,
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl HttpServer {
    /// Listens at an address; port 0 means any free port.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub async fn open(address: SocketAddr, clock: Clock) -> io::Result<Self> {
        let listener = accept::listener(address)?;
        let address = listener.local_addr()?;
        let queue = Arc::new(RequestQueue::default());
        let shared = Arc::clone(&queue);
        let accepting = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            loop {
                let stream = accept::next(&clock, || listener.accept()).await;
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let _ = stream.set_nodelay(true);
                serving.spawn(serve(stream, Arc::clone(&shared), clock.clone()));
                while serving.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, queue, accepting: accepting.abort_handle() })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.queue.connections.load(Ordering::Relaxed)
    }

    /// Takes the first request for which `chosen` holds, if it is there already.
    pub fn take(&self, chosen: impl Fn(&IncomingRequest) -> bool) -> Option<IncomingRequest> {
        let mut requests = self.queue.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let at = requests.iter().position(chosen)?;
        requests.remove(at)
    }

    /// A short description of the requests that the script has not taken; `None` if there are none.
    #[must_use]
    pub fn untaken(&self) -> Option<String> {
        const SHOWN: usize = 3;
        let requests = self.queue.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let summary =
            |one: &IncomingRequest| one.request.as_ref().map_or_else(ToString::to_string, HttpMessage::summary);
        let shown: Vec<_> = requests.iter().take(SHOWN).map(summary).collect();
        let more = requests.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        (!requests.is_empty()).then(|| format!("{}{more}", shown.join("; ")))
    }

    /// Waits for the first request for which `chosen` holds. Cancel-safe.
    pub async fn next(&self, chosen: impl Fn(&IncomingRequest) -> bool) -> IncomingRequest {
        loop {
            let added = self.queue.added.notified();
            tokio::pin!(added);
            added.as_mut().enable();
            if let Some(request) = self.take(&chosen) {
                return request;
            }
            added.await;
        }
    }
}

/// Reads the requests of one connection, one after the other, and executes the script's commands.
async fn serve(stream: TcpStream, queue: Arc<RequestQueue>, clock: Clock) {
    let (read, mut write) = tokio::io::split(Link::Tcp(stream));
    let mut reader = Reader::new(read);
    let is_reset = loop {
        let proceed = async || drop(write.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await);
        let request = match reader.request(proceed).await {
            Err(HttpError::Ended) => break false,
            other => other,
        };
        let is_wrong = request.is_err();
        let method = request.as_ref().map(|request| request.start.method().to_owned()).unwrap_or_default();
        let (commands, inbox) = mpsc::unbounded_channel();
        let exchange = Exchange::to_answer(method, commands);
        {
            let mut requests = queue.requests.lock().unwrap_or_else(PoisonError::into_inner);
            if requests.len() == MOST_WAITING {
                break true;
            }
            requests.push_back(IncomingRequest { at: clock.now(), request, exchange });
        }
        queue.added.notify_waiters();
        match execute(inbox, &mut write).await {
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

async fn execute(
    mut inbox: mpsc::UnboundedReceiver<ExchangeCommand>,
    write: &mut (impl AsyncWrite + Unpin),
) -> ExchangeEnd {
    while let Some(command) = inbox.recv().await {
        match command {
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
