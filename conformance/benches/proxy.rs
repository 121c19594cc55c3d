//! The cost of the proxy: the latency that it adds to a message, and the throughput of messages of 1 KiB, compared with a bare forwarder on
//! the same machine in the same run.
//!
//! `cargo bench -p relayspec-conformance --bench proxy [-- --quick]`

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a bench takes times and starts programs")]

use std::env;
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

/// What a server appends to the client's key (RFC 6455, section 1.3).
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA==";
const REGISTERED: &str = r#"{"type":"registered","code":"K7QX4M","expiresAt":1760000300000}"#;
/// The size of a message, in bytes.
const SIZE: usize = 1024;

fn main() {
    let quick = env::args().any(|argument| argument == "--quick");
    let (rounds, trips, count) = if quick { (3, 500, 40_000) } else { (7, 2000, 200_000) };
    let relay = relay(count).expect("a relay");
    let forwarder = forwarder(relay).expect("a forwarder");
    let (proxy, child, output) = proxy(relay).expect("a proxy");
    let routes = [("direct", relay), ("bare forwarder", forwarder), ("proxy", proxy)];
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); routes.len()];
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); routes.len()];
    for _ in 0..rounds {
        for (index, (_, address)) in routes.iter().enumerate() {
            times[index].extend(round_trips(*address, trips).expect("round trips"));
            rates[index].push(pour(*address, count).expect("a stream"));
        }
    }
    let checked = checked(child, output).expect("a summary");
    println!("messages of {SIZE} B, {rounds} rounds of {trips} round trips and {count} messages one way\n");
    println!("{:<16} {:>12} {:>12} {:>14}", "", "p50 (µs)", "p99 (µs)", "messages/s");
    for ((name, _), (times, rates)) in routes.iter().zip(times.iter_mut().zip(&mut rates)) {
        println!(
            "{name:<16} {:>12.1} {:>12.1} {:>14.0}",
            quantile(times, 0.5),
            quantile(times, 0.99),
            quantile(rates, 0.5)
        );
    }
    // A round trip passes the proxy twice.
    let added = (quantile(&mut times[2], 0.99) - quantile(&mut times[0], 0.99)) / 2.0;
    let ratio = quantile(&mut rates[2], 0.5) / quantile(&mut rates[1], 0.5);
    println!("\nadded to a message, p99: {added:.1} µs (goal: below 200)");
    println!("throughput: {ratio:.2} x the bare forwarder (goal: 0.6)");
    // Each connection starts with one more, and each stream is answered by one more.
    println!("checked: {checked} of {} messages", rounds * (1 + 2 * trips + 1 + count + 1));
}

/// Ends the proxy; returns how many messages it has checked.
fn checked(mut child: Child, output: JoinHandle<String>) -> Option<usize> {
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM).ok()?;
    let output = output.join().ok()?;
    child.wait().ok()?;
    let (_, summary) = output.split_once(" connections, ")?;
    summary.split(' ').next()?.parse().ok()
}

fn quantile(values: &mut [f64], at: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(((values.len() - 1) as f64 * at) as usize).copied().unwrap_or_default()
}

/// A text frame.
fn frame(text: &str, is_masked: bool) -> Vec<u8> {
    let (mask, length) = (if is_masked { 0x80 } else { 0 }, text.len());
    let mut bytes = vec![0x81];
    match u8::try_from(length) {
        Ok(short @ 0..=125) => bytes.push(mask | short),
        _ => {
            bytes.push(mask | 126);
            bytes.extend(u16::try_from(length).expect("a short text").to_be_bytes());
        }
    }
    bytes.extend_from_slice(if is_masked { &[0; 4] } else { &[] });
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// A `data` message of this size.
fn data() -> String {
    let frame = r#"{"type":"data","payload":""}"#;
    format!(r#"{{"type":"data","payload":"{}"}}"#, "x".repeat(SIZE - frame.len()))
}

/// A minimal relay: at `/mac` it answers each message, at `/mac?pour` all of them together.
fn relay(count: usize) -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(stream, count));
        }
    });
    Ok(address)
}

fn serve(stream: TcpStream, count: usize) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 << 10, stream.try_clone()?);
    let head = head(&mut reader)?;
    let mut stream = stream;
    let accept = STANDARD.encode(Sha1::new().chain_update(KEY).chain_update(KEY_SUFFIX).finalize());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes())?;
    stream.write_all(&frame(REGISTERED, false))?;
    let answer = frame(&data(), false);
    let mut received = vec![0; frame(&data(), true).len()];
    let together = if head.contains("?pour") { count } else { 1 };
    loop {
        for _ in 0..together {
            reader.read_exact(&mut received)?;
        }
        stream.write_all(&answer)?;
    }
}

fn head(reader: &mut impl BufRead) -> Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
    Ok(head)
}

/// Copies bytes in both directions.
fn forwarder(to: SocketAddr) -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            loop {
                let (mut near, _) = listener.accept().await?;
                tokio::spawn(async move {
                    let mut far = tokio::net::TcpStream::connect(to).await?;
                    near.set_nodelay(true)?;
                    far.set_nodelay(true)?;
                    tokio::io::copy_bidirectional(&mut near, &mut far).await
                });
            }
            #[expect(unreachable_code, reason = "states the type of the block")]
            Result::<()>::Ok(())
        })
    });
    Ok(address)
}

/// The proxy, as a process.
fn proxy(upstream: SocketAddr) -> Result<(SocketAddr, Child, JoinHandle<String>)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
    command.args(["proxy", "--family", "pairing", "--upstream", &format!("ws://{upstream}")]);
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    let address = loop {
        line.clear();
        assert!(output.read_line(&mut line)? > 0, "the proxy prints its address");
        let word = line.split([' ', ',']).find_map(|word| word.trim().strip_prefix("ws://"));
        if let Some(address) = word.and_then(|word| word.trim_end_matches('/').parse().ok()) {
            break address;
        }
    };
    let rest = thread::spawn(move || {
        let mut rest = String::new();
        _ = output.read_to_string(&mut rest);
        rest
    });
    Ok((address, child, rest))
}

/// A host that has registered.
fn host(address: SocketAddr, path: &str) -> Result<(TcpStream, BufReader<TcpStream>)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut reader = BufReader::with_capacity(64 << 10, stream.try_clone()?);
    let answer = head(&mut reader)?;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    reader.read_exact(&mut vec![0; frame(REGISTERED, false).len()])?;
    Ok((stream, reader))
}

/// The round-trip times of messages, in µs.
fn round_trips(address: SocketAddr, trips: usize) -> Result<Vec<f64>> {
    let (mut stream, mut reader) = host(address, "/mac")?;
    let (message, mut received) = (frame(&data(), true), vec![0; frame(&data(), false).len()]);
    let mut times = Vec::with_capacity(trips);
    for _ in 0..trips {
        let start = Instant::now();
        stream.write_all(&message)?;
        reader.read_exact(&mut received)?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
        // Each on an idle connection.
        thread::sleep(Duration::from_micros(100));
    }
    Ok(times)
}

/// The messages per second when sending as fast as possible.
fn pour(address: SocketAddr, count: usize) -> Result<f64> {
    let (mut stream, mut reader) = host(address, "/mac?pour")?;
    let (messages, mut received) = (frame(&data(), true).repeat(64), vec![0; frame(&data(), false).len()]);
    let one = messages.len() / 64;
    let start = Instant::now();
    let mut left = count;
    while left > 0 {
        let now = left.min(64);
        stream.write_all(&messages[..now * one])?;
        left -= now;
    }
    reader.read_exact(&mut received)?;
    Ok(count as f64 / start.elapsed().as_secs_f64())
}
