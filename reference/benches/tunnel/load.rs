//! The load: requests over keep-alive connections, and the latencies of their answers.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The read buffer, in bytes; larger than any answer head.
const BUFFER: usize = 256 << 10;
/// The part of the duration that precedes the measurement.
const WARM_UP: u32 = 5;

pub(crate) struct RoundResult {
    pub(crate) per_second: f64,
    /// Latencies in seconds: the median and p99.
    pub(crate) half_within: f64,
    pub(crate) most_within: f64,
}

pub(crate) async fn run(address: SocketAddr, body: usize, concurrent: usize, length: Duration) -> RoundResult {
    let counted_from = Instant::now() + length / WARM_UP;
    let end = counted_from + length;
    let mut clients = JoinSet::new();
    for _ in 0..concurrent {
        clients.spawn(client(address, body, counted_from, end));
    }
    let mut times = Vec::new();
    while let Some(taken) = clients.join_next().await {
        times.extend(taken.expect("no panic"));
    }
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64();
    RoundResult { per_second: times.len() as f64 / length.as_secs_f64(), half_within: at(0.5), most_within: at(0.99) }
}

async fn client(address: SocketAddr, body: usize, counted_from: Instant, end: Instant) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("set");
    let request =
        format!("GET /{body}?x=1 HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n");
    let mut buffer = vec![0; BUFFER];
    let mut times = Vec::new();
    loop {
        let start = Instant::now();
        if start >= end {
            return times;
        }
        stream.write_all(request.as_bytes()).await.expect("written");
        answer(&mut stream, &mut buffer, body).await;
        let now = Instant::now();
        if now >= counted_from && now <= end {
            times.push(now - start);
        }
    }
}

async fn answer(stream: &mut TcpStream, buffer: &mut [u8], body: usize) {
    let mut filled = 0;
    let mut left = loop {
        let read = stream.read(&mut buffer[filled..]).await.expect("read");
        assert!(read > 0, "the connection was closed");
        filled += read;
        let Some(end) = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = str::from_utf8(&buffer[..end]).expect("ASCII");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let length = format!("content-length: {body}");
        assert!(head.lines().any(|line| line.eq_ignore_ascii_case(&length)), "{head}");
        break (end + 4 + body).checked_sub(filled).expect("no more than the body");
    };
    while left > 0 {
        let read = stream.read(buffer).await.expect("read");
        assert!(read > 0, "the connection was closed within a body");
        left = left.checked_sub(read).expect("no more than the body");
    }
}
