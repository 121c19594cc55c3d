//! What outlives a server that was told to end, where its fault is to live on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::{Digest, Sha1};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::wire;

/// What a handshake's key is hashed with (RFC 6455, section 1.3).
const SALT: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// How many connections are kept.
const MOST: usize = 100;

/// Takes new connections, and says nothing on them.
pub(super) async fn listen(listener: TcpListener) {
    let mut taken = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        taken.extend(welcome(stream).await.ok());
        taken.truncate(MOST);
    }
}

/// Answers a handshake.
async fn welcome(stream: TcpStream) -> std::io::Result<TcpStream> {
    let mut stream = BufReader::new(stream);
    let head = wire::head(&mut stream).await?;
    let head = String::from_utf8_lossy(&head);
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let key = lines.clone().find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")).map_or("", |(_, key)| key);
    let accept = BASE64.encode(Sha1::digest(format!("{key}{SALT}")));
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    let mut stream = stream.into_inner();
    stream.write_all(answer.as_bytes()).await?;
    Ok(stream)
}
