//! How fast a message reaches a thousand subscribers of a chat, and what a push costs the server.
//!
//! `cargo bench -p relayspec-reference --bench sync [-- --quick]`. The server is a process of its own (this binary again) on loopback, with
//! its database in a file. A round is one message, from before it is sent until the last subscriber has read its push, including the
//! subscribers' own reading. The processor time is the server's only. Latencies are printed, never asserted; a lost or wrong push aborts
//! the bench.
#![expect(clippy::print_stdout, reason = "a bench prints its results")]

#[path = "shared/files.rs"]
mod files;
#[path = "shared/mod.rs"]
mod shared;

use std::fs;
use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use relayspec::sync::Pin;
use relayspec::timing::{Parameter, Timing};
use relayspec_reference::{Options, SyncOptions, SyncServer};
use serde_json::{Value, json};
use shared::{MachineLoad, median};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

/// The argument that makes this binary the server.
const SERVE: &str = "serve-sync";
const SUBSCRIBERS: usize = 1000;
const ROUNDS: usize = 100;
const QUICK_ROUNDS: usize = 20;
/// The target, in ms.
const TARGET_MS: f64 = 50.0;
/// The pause between rounds, so that each starts at rest.
const PAUSE: Duration = Duration::from_millis(20);

type SyncSocket = WebSocketStream<TcpStream>;

fn main() {
    let runtime = shared::runtime();
    files::raise_file_limit();
    if shared::arguments_after(SERVE).is_some() {
        return runtime.block_on(serve());
    }
    let before = MachineLoad::now();
    runtime.block_on(measure(if shared::is_quick() { QUICK_ROUNDS } else { ROUNDS }));
    before.report_others(" (the server is one of them)");
}

async fn serve() {
    let mut timing = Timing::default();
    // No Pings among the measured pushes.
    timing.declare(Parameter::HeartbeatInterval, Duration::from_secs(3600));
    let file = std::env::temp_dir().join(format!("sync-bench-{}.db", std::process::id()));
    let own = SyncOptions { pin: Pin::new("000042"), database: Some(file.clone()), control: None };
    let server = SyncServer::bind(Options { timing, ..Options::default() }, own).await.expect("a free port");
    println!("{}", server.local_addr());
    let stop = async { _ = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0])).await };
    server.serve(stop).await;
    _ = fs::remove_file(file);
}

async fn measure(rounds: usize) {
    let (mut child, address) = start().await;
    let id = child.id().expect("a process");
    let (read, mut pushes) = mpsc::unbounded_channel();
    for _ in 0..SUBSCRIBERS {
        let mut socket = client(&address).await;
        ask(&mut socket, json!({ "id": "s", "type": "subscribe", "resource": "chat", "resourceId": "roses" })).await;
        let read = read.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                let at = Instant::now();
                if let Message::Text(text) = message
                    && read.send((at, text)).is_err()
                {
                    return;
                }
            }
        });
    }
    let mut writer = client(&address).await;
    let (mut latencies, mut last) = (Vec::with_capacity(rounds * SUBSCRIBERS), Vec::with_capacity(rounds));
    let before = processor_time(id);
    for round in 0..rounds {
        tokio::time::sleep(PAUSE).await;
        let marker = format!("round {round}, with a few more words, as people write them");
        let message = json!({ "id": "m", "type": "send", "resourceId": "roses", "message": marker });
        let sent = Instant::now();
        ask(&mut writer, message).await;
        let mut slowest = Duration::ZERO;
        for _ in 0..SUBSCRIBERS {
            let (at, text) = pushes.recv().await.expect("a push");
            assert!(text.contains(&marker), "another push came: {text}");
            let latency = at.duration_since(sent);
            slowest = slowest.max(latency);
            latencies.push(latency);
        }
        last.push(slowest.as_secs_f64() * 1e3);
    }
    let used = processor_time(id) - before;
    drop(child.stdin.take());
    _ = child.wait().await;
    latencies.sort_unstable();
    let part = |part: f64| latencies[((latencies.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    println!("one message to {SUBSCRIBERS} subscribers, {rounds} rounds");
    println!(
        "  a push arrives after {:.1} ms at the median, {:.1} ms at p99, {:.1} ms at most",
        part(0.5),
        part(0.99),
        part(1.0)
    );
    println!("  the last subscriber has it after {:.1} ms at the median", median(last));
    println!("  p99 within {TARGET_MS} ms: {}", if part(0.99) <= TARGET_MS { "yes" } else { "no" });
    let pushes = (rounds * SUBSCRIBERS) as f64;
    println!("  processor time of the server: {:.1} µs per push", used.as_secs_f64() * 1e6 / pushes);
}

async fn start() -> (Child, String) {
    let program = std::env::current_exe().expect("this binary");
    let mut child = Command::new(program)
        .arg(SERVE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a process");
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    output.read_line(&mut line).await.expect("an address");
    (child, line.trim().to_owned())
}

async fn client(address: &str) -> SyncSocket {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("set");
    let head = format!(
        "GET /sync HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.expect("an answer"));
    }
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    ask(&mut socket, json!({ "id": "a", "type": "auth", "pin": "000042" })).await;
    socket
}

async fn ask(socket: &mut SyncSocket, request: Value) {
    socket.send(Message::text(request.to_string())).await.expect("sent");
    let answer = socket.next().await.expect("an answer").expect("a message").into_text().expect("text");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert!(answer["id"] == request["id"] && answer["type"] != "error", "{answer}");
}

fn processor_time(id: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let behind_name = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks: u64 = behind_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
}
