//! A public client that sends given bytes.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::soon;

#[derive(Debug)]
pub(super) struct PublicAnswer {
    pub(super) status: u16,
    pub(super) reason: String,
    /// The header lines, as `name: value`.
    pub(super) lines: Vec<String>,
    pub(super) body: Vec<u8>,
}

impl PublicAnswer {
    pub(super) fn of(&self, name: &str) -> Vec<&str> {
        let start = format!("{name}: ");
        self.lines.iter().filter_map(|line| line.strip_prefix(&start)).collect()
    }

    pub(super) fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("UTF-8")
    }
}

pub(super) async fn get(address: SocketAddr, target: &str) -> PublicAnswer {
    send(address, &format!("GET {target} HTTP/1.1\r\nHost: demo.example\r\n"), None).await
}

/// Sends a request, given its head without the empty line, and its body. Closes the connection afterwards.
pub(super) async fn send(address: SocketAddr, head: &str, body: Option<&[u8]>) -> PublicAnswer {
    let length = body.map(|body| format!("Content-Length: {}\r\n", body.len())).unwrap_or_default();
    let head = format!("{head}{length}Connection: close\r\n\r\n");
    exchange(address, [head.as_bytes(), body.unwrap_or_default()].concat()).await
}

/// Sends bytes, and reads the answer to the end of the connection.
pub(super) async fn exchange(address: SocketAddr, bytes: Vec<u8>) -> PublicAnswer {
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (mut read, mut write) = stream.into_split();
    // A server that answers early does not read everything.
    let writing = tokio::spawn(async move {
        _ = write.write_all(&bytes).await;
        write
    });
    let mut answer = Vec::new();
    soon("the end of the answer", read.read_to_end(&mut answer)).await.expect("no reset");
    drop(writing);
    parsed(&answer)
}

fn parsed(bytes: &[u8]) -> PublicAnswer {
    // An interim answer.
    let bytes = bytes.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(bytes);
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let head = str::from_utf8(&bytes[..end]).expect("a head in ASCII");
    let (first, lines) = head.split_once("\r\n").unwrap_or((head, ""));
    let (_, status) = first.split_once(' ').expect("a status");
    let (status, reason) = status.split_once(' ').expect("a reason");
    let lines = lines.lines().map(|line| line.to_owned()).collect();
    let body = bytes[end + 4..].to_vec();
    PublicAnswer { status: status.parse().expect("a number"), reason: reason.to_owned(), lines, body }
}
