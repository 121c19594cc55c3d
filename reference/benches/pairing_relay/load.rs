//! The load: pairs that send prepared bytes and count what arrives.
//!
//! It neither parses nor masks while measuring, so it costs far less than the server.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::process::{ServerKind, ServerProcess};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The answer to [`KEY`] (RFC 6455, section 1.3).
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
const WARM_UP: Duration = Duration::from_millis(300);

#[derive(Clone, Copy)]
pub(crate) struct Traffic {
    /// The size of each message, in bytes.
    pub(crate) payload: usize,
    /// Messages sent before the other end's turn.
    pub(crate) burst: usize,
}

pub(crate) struct LoadPair {
    ends: [TcpStream; 2],
}

impl LoadPair {
    /// Connects one after the other, as one person would. Busy-waits for answers, to measure the server rather than the wake-up of this
    /// process.
    pub(crate) fn connect(server: &ServerProcess) -> Self {
        let mut host = SetupConnection::connect(server, "/mac");
        let mut viewer;
        if server.kind == ServerKind::Relay {
            let registered = host.read_frame();
            let (_, code) = registered.split_once(r#""code":""#).expect("a code");
            viewer = SetupConnection::connect(server, "/browser");
            let join = frame(format!(r#"{{"type":"join","code":"{}"}}"#, &code[..6]).as_bytes());
            viewer.stream.write_all(&join).expect("written");
            assert!(viewer.read_frame().contains("joined"));
        } else {
            viewer = SetupConnection::connect(server, "/browser");
        }
        Self { ends: [host, viewer].map(|end| TcpStream::from_std(end.stream).expect("a socket")) }
    }
}

impl Drop for LoadPair {
    fn drop(&mut self) {
        for end in &self.ends {
            _ = end.set_zero_linger(); // Leaves no port behind in TIME-WAIT.
        }
    }
}

/// The messages per second that pass the server, and its use of its core.
pub(crate) async fn throughput(
    server: &ServerProcess,
    pairs: usize,
    traffic: Traffic,
    measured: Duration,
) -> (f64, f64) {
    let text = format!(r#"{{"type":"data","payload":"{}"}}"#, "x".repeat(traffic.payload));
    let burst = Rc::new(frame(text.as_bytes()).repeat(traffic.burst));
    let expected = (text.len() + if text.len() < 126 { 2 } else { 4 }) * traffic.burst;
    let bursts = Rc::new(Cell::new(0_u64));
    let buffer = Rc::new(RefCell::new(vec![0; 256 << 10]));
    let tasks = LocalSet::new();
    for _ in 0..pairs {
        let pair = LoadPair::connect(server);
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

struct SetupConnection {
    stream: std::net::TcpStream,
    /// Unread bytes.
    bytes: Vec<u8>,
}

impl SetupConnection {
    fn connect(server: &ServerProcess, path: &str) -> Self {
        let mut stream = std::net::TcpStream::connect(server.address).expect("a connection");
        stream.set_nodelay(true).expect("set");
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("written");
        stream.set_nonblocking(true).expect("set");
        let mut dialled = Self { stream, bytes: Vec::with_capacity(512) };
        loop {
            if let Some(end) = dialled.bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                assert!(dialled.bytes.starts_with(b"HTTP/1.1 101 "), "no handshake");
                dialled.bytes.drain(..end + 4);
                return dialled;
            }
            dialled.read();
        }
    }

    fn read_frame(&mut self) -> String {
        loop {
            if let [_, length @ 0..=125, rest @ ..] = &self.bytes[..]
                && let Some(text) = rest.get(..usize::from(*length))
            {
                let text = String::from_utf8(text.to_vec()).expect("text");
                self.bytes.drain(..text.len() + 2);
                return text;
            }
            self.read();
        }
    }

    fn read(&mut self) {
        let mut buffer = [0; 512];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(read @ 1..) => return self.bytes.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::hint::spin_loop(),
                other => panic!("lost during setup: {other:?}"),
            }
        }
    }
}

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
