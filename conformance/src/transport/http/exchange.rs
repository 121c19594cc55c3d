//! One request and its response, from the runner's side. A task owns the stream; the script writes to it, waits for the response, or breaks
//! the connection.

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::message::HttpMessage;
use super::read::{HttpError, Reader};
use crate::clock::{Clock, Moment};
use crate::transport::address::WebAddress;
use crate::transport::handshake::{Dial, OpenError, connect};
use crate::transport::link::Link;

/// What a script asks of the task that owns the stream.
#[derive(Debug)]
pub(super) enum ExchangeCommand {
    /// Write bytes.
    Write(Vec<u8>),
    /// The response is complete: the connection may carry another request.
    Done,
    /// End by a reset.
    Reset,
    /// End in an orderly way.
    Fin,
}

/// A request and its response. Dropping it ends the connection.
#[derive(Debug)]
pub struct Exchange {
    /// The method of the request; empty if the script wrote raw bytes.
    pub method: String,
    pub(super) commands: mpsc::UnboundedSender<ExchangeCommand>,
    answers: Option<mpsc::Receiver<(Moment, Result<HttpMessage, HttpError>)>>,
}

impl Exchange {
    /// A request that the runner answers.
    pub(super) fn to_answer(method: String, commands: mpsc::UnboundedSender<ExchangeCommand>) -> Self {
        Self { method, commands, answers: None }
    }

    /// Writes raw bytes.
    pub fn write(&self, bytes: Vec<u8>) {
        let _ = self.commands.send(ExchangeCommand::Write(bytes));
    }

    /// Marks the response as complete.
    pub fn done(&self) {
        let _ = self.commands.send(ExchangeCommand::Done);
    }

    /// Ends the connection by a reset.
    pub fn reset(&self) {
        let _ = self.commands.send(ExchangeCommand::Reset);
    }

    /// Ends the connection in an orderly way.
    pub fn fin(&self) {
        let _ = self.commands.send(ExchangeCommand::Fin);
    }

    /// Waits for the response, and when it was complete; pends forever if there is none to wait for. Cancel-safe.
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

/// Sends a request on a new connection.
///
/// # Errors
/// If the connection cannot be opened.
pub async fn fetch(
    address: WebAddress,
    tls: Option<Arc<ClientConfig>>,
    method: &str,
    bytes: Vec<u8>,
    clock: Clock,
) -> Result<Exchange, OpenError> {
    let link = connect(tls.as_ref(), &address, Dial::default()).await?;
    let (commands, mut inbox) = mpsc::unbounded_channel();
    let (sender, answers) = mpsc::channel(1);
    let exchange = Exchange { method: method.to_owned(), commands, answers: Some(answers) };
    exchange.write(bytes);
    let method = method.to_owned();
    tokio::spawn(async move {
        let (read, mut write) = tokio::io::split(link);
        let mut reader = Reader::new(read);
        let reading = async {
            let answer = reader.answer(&method).await;
            let _ = sender.send((clock.now(), answer)).await;
            // Further bytes are ignored, but the connection stays open until the script drops the exchange.
            std::future::pending::<()>().await;
        };
        let writing = async {
            let mut next = None;
            loop {
                let command = match next.take() {
                    Some(command) => command,
                    None => inbox.recv().await,
                };
                match command {
                    Some(ExchangeCommand::Write(bytes)) => {
                        let writing = write.write_all(&bytes);
                        tokio::pin!(writing);
                        tokio::select! {
                            biased;
                            _ = &mut writing => {}
                            // A peer that does not read must not delay a reset or the end of the script.
                            command = inbox.recv() => match command {
                                Some(ExchangeCommand::Reset) | None => return true,
                                command => {
                                    let _ = writing.await;
                                    next = Some(command);
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
