//! Calls per second of the rpc daemon, next to a bare echo server with the same framing in the same run.
//!
//! `cargo bench -p relayspec-reference --bench rpc [-- --quick]`. Daemon and echo server are processes of their own (this binary again). One
//! connection has 64 calls in flight: `IoData` with 64 bytes, which the daemon need not store, and `CommandComplete`, which it writes to its
//! journal before the answer. They alternate for several rounds, and the medians are reported. Every answer is counted and its request id
//! checked. Rates are printed, never asserted; a wrong answer aborts the bench.
#![expect(clippy::print_stdout, reason = "a bench prints its results")]

#[path = "rpc/process.rs"]
mod process;
#[path = "shared/mod.rs"]
mod shared;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use process::{RpcProcess, ServiceKind};
use relayspec::rpc::{CommandComplete, CommandRecord, Frame, Frames, IoData, IoDirection, Message, SMALLEST_LIMIT};
use shared::{MachineLoad, median};

/// Calls in flight.
const UNDER_WAY: u64 = 64;
/// The duration of a round.
const WHOLE: Duration = Duration::from_millis(1500);
const QUICK: Duration = Duration::from_millis(300);

#[derive(Debug, Clone, Copy)]
struct RpcCase {
    name: &'static str,
    kind: ServiceKind,
    message: fn(u64) -> Message,
}

const CASES: [RpcCase; 3] = [
    RpcCase { name: "echo server, IoData", kind: ServiceKind::Echo, message: data },
    RpcCase { name: "daemon, IoData", kind: ServiceKind::Daemon, message: data },
    RpcCase { name: "daemon, CommandComplete (journal)", kind: ServiceKind::Daemon, message: command },
];

fn data(_: u64) -> Message {
    let (session_id, direction) = ("s-1".to_owned(), IoDirection::Output);
    Message::IoData(IoData { session_id, direction, timestamp_ms: 1_760_000_000_000, data: vec![b'x'; 64] })
}

fn command(number: u64) -> Message {
    let record = CommandRecord {
        command_id: number.to_string(),
        session_id: "s-1".to_owned(),
        command_line: Some("cargo build --release".to_owned()),
        cwd: Some("/tmp".to_owned()),
        started_at: 1_760_000_000_000,
        ended_at: Some(1_760_000_000_100),
        output_summary: "Finished".to_owned(),
        stream_offset: 0,
        stream_length: 100,
        exit_code: Some(0),
    };
    Message::CommandComplete(CommandComplete { session_id: process::SESSION.to_owned(), record })
}

fn main() {
    if let Some(arguments) = shared::arguments_after(process::FLAG) {
        return process::run(&arguments);
    }
    let (rounds, length) = if shared::is_quick() { (1, QUICK) } else { (5, WHOLE) };
    let before = MachineLoad::now();
    let mut measured = CASES.map(|case| (case, Vec::new()));
    for _ in 0..rounds {
        measured.iter_mut().for_each(|(case, rates)| rates.push(round(*case, length)));
        measured.rotate_left(1); // They take turns at going first.
    }
    let of = |case: RpcCase| {
        let rates = measured.iter().find(|(measured, _)| measured.name == case.name).map(|(_, rates)| rates.clone());
        median(rates.unwrap_or_default())
    };
    let ours = of(CASES[1]);
    println!("{UNDER_WAY} calls in flight on one connection: medians of {rounds} rounds\n");
    println!("{:40} {:>12} {:>22}", "", "calls/s", "daemon, IoData / this");
    for case in CASES {
        println!("{:40} {:12.0} {:22.2}", case.name, of(case), ours / of(case));
    }
    println!("\ntargets: 100000 calls/s of IoData, and 0.70 of the echo server");
    before.report_others("");
}

fn round(case: RpcCase, length: Duration) -> f64 {
    let process = RpcProcess::start(case.kind);
    let mut stream = UnixStream::connect(process.socket()).expect("a listening service");
    let mut frames = Frames::new(SMALLEST_LIMIT);
    let (mut asked, mut answered) = (0, 0);
    let (mut calls, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    let start = Instant::now();
    while start.elapsed() < length {
        calls.clear();
        while asked < answered + UNDER_WAY {
            asked += 1;
            Frame { id: asked, message: (case.message)(asked) }.encode_to(&mut calls);
        }
        stream.write_all(&calls).expect("a service that reads");
        let count = stream.read(&mut piece).expect("a service that answers");
        assert!(count > 0, "the connection has ended");
        frames.buffer().extend_from_slice(&piece[..count]);
        while let Some(frame) = frames.next_frame().expect("a short frame") {
            answered += 1;
            // Both answer in the order of the calls.
            assert_eq!(frame[4..12], u64::to_be_bytes(answered), "another request id");
            assert!(case.kind == ServiceKind::Echo || frame[18] == 7, "no Ack");
        }
    }
    answered as f64 / start.elapsed().as_secs_f64()
}
