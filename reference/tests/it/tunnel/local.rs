//! A local server under the test's control: it receives each request, and supplies the bytes of the answer.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use crate::soon;

#[derive(Debug)]
pub(super) struct ReceivedRequest {
    pub(super) line: String,
    pub(super) lines: Vec<String>,
    pub(super) body: Vec<u8>,
    answer: oneshot::Sender<Vec<u8>>,
    /// Closed with the connection.
    gone: oneshot::Receiver<()>,
}

impl ReceivedRequest {
    pub(super) fn answer(self, bytes: impl Into<Vec<u8>>) {
        _ = self.answer.send(bytes.into());
    }

    pub(super) fn answer_text(self, text: &str) {
        self.answer(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()));
    }

    pub(super) async fn cancelled(mut self) {
        _ = soon("the end of the local request", &mut self.gone).await;
    }
}

pub(super) struct LocalServer {
    pub(super) address: SocketAddr,
    requests: mpsc::UnboundedReceiver<ReceivedRequest>,
}

impl LocalServer {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (sender, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(serve(tcp, sender.clone()));
            }
        });
        Self { address, requests }
    }

    pub(super) async fn saying(text: &'static str) -> SocketAddr {
        let mut local = Self::start().await;
        let address = local.address;
        tokio::spawn(async move {
            while let Some(request) = local.requests.recv().await {
                request.answer_text(text);
            }
        });
        address
    }

    pub(super) async fn next(&mut self) -> ReceivedRequest {
        soon("a local request", self.requests.recv()).await.expect("it runs")
    }
}

/// Serves requests one after another, as long as the answers permit.
async fn serve(mut tcp: TcpStream, sender: mpsc::UnboundedSender<ReceivedRequest>) {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            match buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break end,
                None if matches!(tcp.read_buf(&mut buffer).await, Ok(1..)) => {}
                None => return,
            }
        };
        let head = str::from_utf8(&buffer[..end]).expect("a head in ASCII").to_owned();
        let (line, lines) = head.split_once("\r\n").unwrap_or((&head, ""));
        let lines: Vec<_> = lines.lines().map(str::to_owned).collect();
        let length = lines.iter().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().expect("a number"));
        buffer.drain(..end + 4);
        while buffer.len() < length {
            if !matches!(tcp.read_buf(&mut buffer).await, Ok(1..)) {
                return;
            }
        }
        let body = buffer.drain(..length).collect();
        let (answer, answered) = oneshot::channel();
        let (present, gone) = oneshot::channel::<()>();
        _ = sender.send(ReceivedRequest { line: line.to_owned(), lines, body, answer, gone });
        let mut more = [0];
        let answer = tokio::select! {
            answer = answered => answer,
            _ = tcp.peek(&mut more) => return, // The agent sends nothing unasked, so it is gone.
        };
        drop(present);
        let Ok(answer) = answer else { return };
        if tcp.write_all(&answer).await.is_err() || !is_framed(&answer) {
            return;
        }
    }
}

/// Whether the answer ends without closing the connection.
fn is_framed(answer: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&answer[..answer.len().min(2000)]).to_ascii_lowercase();
    ["content-length: ", "chunked", " 204 ", " 304 "].iter().any(|sign| head.contains(sign)) && !head.contains("broken")
}
