//! What a mutant does with a public HTTP request and its response. Only the heads are decoded.

use std::io::{ErrorKind, Result};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy, copy_buf, sink};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::sleep;

use super::flow::LINGER;
use super::link::Admission;
use super::wire;

pub(super) trait Visit: Send {
    /// Handles a request, whose head may be altered; `behind` are the bytes received after it.
    fn comes(&mut self, head: &mut Head, behind: &[u8]) -> Admission;

    /// Handles the response, whose head may be altered.
    fn goes(&mut self, head: &mut Head) -> VisitReply;

    /// The client left before its response.
    fn is_given_up(&mut self) {}
}

/// What happens to a response.
#[derive(Debug)]
pub(super) enum VisitReply {
    Back,
    Late(Duration),
    Instead(&'static str),
    /// Nothing is returned, and the client waits.
    Never,
}

/// The head of a request or a response, one character for each byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head(pub(super) String);

impl Head {
    fn read(bytes: &[u8]) -> Self {
        Self(bytes.iter().copied().map(char::from).collect())
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect()
    }

    fn word(&self, number: usize) -> &str {
        self.0.lines().next().and_then(|line| line.split(' ').nth(number)).unwrap_or_default()
    }

    pub(super) fn method(&self) -> &str {
        self.word(0)
    }

    pub(super) fn target(&self) -> &str {
        self.word(1)
    }

    pub(super) fn status(&self) -> u16 {
        self.word(1).parse().unwrap_or_default()
    }

    /// The value of the first line with this name, in lower case.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(super) fn set_status(&mut self, status: u16) {
        let old = self.word(1).to_owned();
        self.replace(&format!(" {old}"), &format!(" {status}"));
    }

    pub(super) fn replace(&mut self, old: &str, new: &str) {
        self.0 = self.0.replacen(old, new, 1);
    }

    /// Drops the lines whose name starts with this.
    pub(super) fn drop_lines(&mut self, beginning: &str) {
        let lines = self.0.split_inclusive("\r\n");
        self.0 = lines.filter(|line| !line.to_ascii_lowercase().starts_with(beginning)).collect();
    }

    pub(super) fn add(&mut self, line: &str) {
        self.replace("\r\n", &format!("\r\n{line}\r\n"));
    }
}

/// Forwards a request and its response, and everything after them unchanged.
pub(super) async fn pass(
    mut guest: BufReader<OwnedReadHalf>,
    to_guest: &mut OwnedWriteHalf,
    request: &[u8],
    visit: &mut dyn Visit,
    dial: impl Future<Output = Result<TcpStream>>,
) -> Result<()> {
    let mut head = Head::read(request);
    match visit.comes(&mut head, guest.buffer()) {
        Admission::Onward => {}
        Admission::Answered(answer) => {
            to_guest.write_all(answer.as_bytes()).await?;
            _ = tokio::time::timeout(LINGER, copy(&mut guest, &mut sink())).await;
            return Ok(());
        }
        Admission::Ignored => return copy(&mut guest, &mut sink()).await.map(drop),
    }
    let (reader, mut to_behind) = dial.await?.into_split();
    if guest.buffer().is_empty() && has_gone(&mut guest) {
        return Ok(());
    }
    let mut behind = BufReader::with_capacity(64 << 10, reader);
    to_behind.write_all(&head.bytes()).await?;
    let asking = async {
        let asked = copy_buf(&mut guest, &mut to_behind).await;
        asked.and(Err::<(), _>(ErrorKind::UnexpectedEof.into()))
    };
    let mut asking = std::pin::pin!(asking);
    let answer = tokio::select! {
        answer = wire::head(&mut behind) => answer?,
        gone = &mut asking => {
            visit.is_given_up();
            return gone;
        }
    };
    let mut head = Head::read(&answer);
    match visit.goes(&mut head) {
        VisitReply::Back => {}
        VisitReply::Late(delay) => sleep(delay).await,
        VisitReply::Instead(answer) => {
            to_guest.write_all(answer.as_bytes()).await?;
            sleep(LINGER).await;
            return Ok(());
        }
        VisitReply::Never => return asking.await,
    }
    let written = to_guest.write_all(&head.bytes()).await;
    if written.is_err() {
        visit.is_given_up();
        return written;
    }
    tokio::select! {
        _ = asking => {}
        _ = copy_buf(&mut behind, to_guest) => {}
    }
    Ok(())
}

fn has_gone(guest: &mut BufReader<OwnedReadHalf>) -> bool {
    guest.fill_buf().now_or_never().is_some_and(|read| !read.is_ok_and(|bytes| !bytes.is_empty()))
}
