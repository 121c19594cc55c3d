//! One request and its answer, seen from the side that the runner takes. A task of its own owns the stream; the script writes to it, waits for
//! what comes, or breaks it.

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::read::{HttpError, Reader};
use super::{HttpMessage, StartLine};
use crate::clock::{Clock, Moment};
use crate::transport::handshake::{Dial, connect};
use crate::transport::{Link, OpenError, WebAddress};

/// What a script does to a stream.
#[derive(Debug)]
pub(super) enum ExchangeCommand {
    /// Writes bytes.
    Write(Vec<u8>),
    /// The answer is complete: the connection may carry another request.
    Done,
    /// Ends it by a reset.
    Reset,
    /// Ends it in an orderly way.
    Fin,
}

/// A request and its answer. Dropping it ends the connection.
#[derive(Debug)]
pub struct Exchange {
    /// The method of the request; empty where the script wrote it by hand.
    pub method: String,
    pub(super) orders: mpsc::UnboundedSender<ExchangeCommand>,
    answers: Option<mpsc::Receiver<(Moment, Result<HttpMessage, HttpError>)>>,
}

impl Exchange {
    /// One that the runner answers.
    pub(super) fn to_answer(method: String, orders: mpsc::UnboundedSender<ExchangeCommand>) -> Self {
        Self { method, orders, answers: None }
    }

    /// Writes bytes as they are.
    pub fn write(&self, bytes: Vec<u8>) {
        let _ = self.orders.send(ExchangeCommand::Write(bytes));
    }

    /// The answer is complete.
    pub fn done(&self) {
        let _ = self.orders.send(ExchangeCommand::Done);
    }

    /// Ends the connection by a reset.
    pub fn reset(&self) {
        let _ = self.orders.send(ExchangeCommand::Reset);
    }

    /// Ends the connection in an orderly way.
    pub fn fin(&self) {
        let _ = self.orders.send(ExchangeCommand::Fin);
    }

    /// Waits for the answer, and when it was complete; never done where there is none to wait for. May be dropped and called again.
    pub async fn answer(&mut self) -> (Moment, Result<HttpMessage, HttpError>) {
        match &mut self.answers {
            Some(answers) => match answers.recv().await {
                Some(answer) => answer,
                None => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }
}

/// Sends a request to an address on a connection of its own.
///
/// # Errors
/// Where the address cannot be reached.
pub async fn fetch(
    address: WebAddress,
    tls: Option<Arc<ClientConfig>>,
    method: &str,
    bytes: Vec<u8>,
    clock: Clock,
) -> Result<Exchange, OpenError> {
    let link = connect(tls.as_ref(), &address, Dial::default()).await?;
    let (orders, mut inbox) = mpsc::unbounded_channel();
    let (sender, answers) = mpsc::channel(1);
    let exchange = Exchange { method: method.to_owned(), orders, answers: Some(answers) };
    exchange.write(bytes);
    let method = method.to_owned();
    tokio::spawn(async move {
        let (read, mut write) = tokio::io::split(link);
        let mut reader = Reader::new(read);
        let reading = async {
            let answer = reader.answer(&method).await;
            let _ = sender.send((clock.now(), answer)).await;
            // What comes behind it is of no interest, but the connection stays until the script lets go of it.
            std::future::pending::<()>().await;
        };
        let writing = async {
            let mut next = None;
            loop {
                let order = match next.take() {
                    Some(order) => order,
                    None => inbox.recv().await,
                };
                match order {
                    Some(ExchangeCommand::Write(bytes)) => {
                        let writing = write.write_all(&bytes);
                        tokio::pin!(writing);
                        tokio::select! {
                            biased;
                            _ = &mut writing => {}
                            // Who does not read is not waited for, when the script has done with it.
                            order = inbox.recv() => match order {
                                Some(ExchangeCommand::Reset) | None => return true,
                                order => {
                                    let _ = writing.await;
                                    next = Some(order);
                                }
                            },
                        }
                    }
                    Some(ExchangeCommand::Done) => {}
                    Some(ExchangeCommand::Reset) => return true,
                    Some(ExchangeCommand::Fin) | None => return false,
                }
            }
        };
        let is_reset = {
            tokio::pin!(reading, writing);
            tokio::select! {
                () = &mut reading => false,
                is_reset = &mut writing => is_reset,
            }
        };
        end(reader.into_inner().unsplit(write), is_reset).await;
    });
    Ok(exchange)
}

/// Ends a stream.
pub(super) async fn end(mut link: Link, is_reset: bool) {
    if is_reset {
        link.reset();
    } else {
        let _: io::Result<()> = link.shutdown().await;
    }
}

impl StartLine {
    /// The method of a request.
    pub(super) fn method(&self) -> &str {
        match self {
            Self::Request { method, .. } => method,
            Self::Answer { .. } => "",
        }
    }
}
