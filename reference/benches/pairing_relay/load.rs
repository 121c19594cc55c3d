//! The load: pairs that send prepared bytes and count what comes.
//!
//! It neither parses nor masks while it measures, so that it costs far less than what it measures.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::process::{Kind, Server};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The answer to [`KEY`] (RFC 6455, section 1.3).
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
const WARM_UP: Duration = Duration::from_millis(300);

/// What each pair sends.
#[derive(Clone, Copy)]
pub(crate) struct Traffic {
    /// Of each message, in bytes.
    pub(crate) payload: usize,
    /// Messages that are sent before the other end has its turn.
    pub(crate) burst: usize,
}

/// Two connections that the server has paired.
pub(crate) struct Pair {
    ends: [TcpStream; 2],
}

impl Pair {
    pub(crate) async fn connect(server: &Server) -> Self {
        let mut host = connect(server, "/mac").await;
        let mut viewer;
        if server.kind == Kind::Relay {
            let registered = read_frame(&mut host).await;
            let (_, code) = registered.split_once(r#""code":""#).expect("a code");
            viewer = connect(server, "/browser").await;
            let join = frame(format!(r#"{{"type":"join","code":"{}"}}"#, &code[..6]).as_bytes());
            viewer.write_all(&join).await.expect("written");
            assert!(read_frame(&mut viewer).await.contains("joined"));
        } else {
            viewer = connect(server, "/browser").await;
        }
        Self { ends: [host, viewer] }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for end in &self.ends {
            _ = end.set_zero_linger(); // Leaves no port behind in TIME-WAIT.
        }
    }
}

/// Messages per second that pass through the server, and how much of its core it had.
pub(crate) async fn throughput(server: &Server, pairs: usize, traffic: Traffic, measured: Duration) -> (f64, f64) {
    let text = format!(r#"{{"type":"data","payload":"{}"}}"#, "x".repeat(traffic.payload));
    let burst = Rc::new(frame(text.as_bytes()).repeat(traffic.burst));
    let expected = (text.len() + if text.len() < 126 { 2 } else { 4 }) * traffic.burst;
    let bursts = Rc::new(Cell::new(0_u64));
    let buffer = Rc::new(RefCell::new(vec![0; 256 << 10]));
    let tasks = LocalSet::new();
    for _ in 0..pairs {
        let pair = Pair::connect(server).await;
        let (burst, bursts, buffer) = (Rc::clone(&burst), Rc::clone(&bursts), Rc::clone(&buffer));
        tasks.spawn_local(async move {
            for turn in 0.. {
                let (from, to) = (&pair.ends[turn % 2], &pair.ends[(turn + 1) % 2]);
                pass(from, to, &burst, expected, &buffer).await.expect("a burst that passes");
                bursts.set(bursts.get() + 1);
            }
        });
    }
    tasks
        .run_until(async {
            tokio::time::sleep(WARM_UP).await;
            let (started, passed, busy) = (Instant::now(), bursts.get(), server.processor_seconds());
            tokio::time::sleep(measured).await;
            let seconds = started.elapsed().as_secs_f64();
            let messages = (bursts.get() - passed) as f64 * traffic.burst as f64;
            (messages / seconds, (server.processor_seconds() - busy) / seconds)
        })
        .await
}

/// Sends a burst, and reads until all of it has come out at the other end.
async fn pass(
    from: &TcpStream,
    to: &TcpStream,
    burst: &[u8],
    expected: usize,
    buffer: &RefCell<Vec<u8>>,
) -> io::Result<()> {
    let (mut sent, mut received) = (0, 0);
    while received < expected {
        while sent < burst.len() {
            match from.try_write(&burst[sent..]) {
                Ok(written) => sent += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        match to.try_read(&mut buffer.borrow_mut()) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                received += read;
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if sent < burst.len() {
            tokio::select! {
                ready = from.writable() => ready?,
                ready = to.readable() => ready?,
            }
        } else {
            to.readable().await?;
        }
    }
    Ok(())
}

async fn connect(server: &Server, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.set_nodelay(true).expect("set");
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("written");
    // To its end and no further: a message may follow.
    let mut answer = Vec::with_capacity(512);
    let mut peeked = [0; 512];
    loop {
        let length = stream.peek(&mut peeked).await.expect("read");
        let end = peeked[..length].windows(4).position(|window| window == b"\r\n\r\n").map_or(length, |at| at + 4);
        stream.read_exact(&mut peeked[..end]).await.expect("read");
        answer.extend_from_slice(&peeked[..end]);
        if answer.ends_with(b"\r\n\r\n") {
            assert!(answer.starts_with(b"HTTP/1.1 101 "), "no handshake");
            return stream;
        }
    }
}

/// The text of one short frame of the server.
async fn read_frame(stream: &mut TcpStream) -> String {
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.expect("read");
    assert!(head[1] < 126, "a short frame was expected");
    let mut text = vec![0; head[1].into()];
    stream.read_exact(&mut text).await.expect("read");
    String::from_utf8(text).expect("text")
}

/// A masked text frame.
fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(long).expect("below 64 KiB").to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
