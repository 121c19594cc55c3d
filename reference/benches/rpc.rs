//! How many calls a second the rpc daemon acknowledges, beside a bare echo server with the same framing in the same run.
//!
//! `cargo bench -p relayspec-reference --bench rpc [-- --quick]`. Daemon and echo server are processes of their own (this binary again). On
//! one connection 64 calls are under way: `IoData` with 64 bytes, which the daemon need not keep, and `CommandComplete`, which it writes to
//! its journal before it answers. They take turns for some rounds, and the medians are reported. Every answer is counted and its request
//! id compared. Speed is printed, never asserted; a wrong answer ends the bench.
#![expect(clippy::print_stdout, reason = "a bench reports to whoever runs it")]

#[path = "shared/machine.rs"]
mod machine;
#[path = "rpc/part.rs"]
mod part;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use machine::Machine;
use part::{Kind, Part};
use relayspec::rpc::{CommandComplete, CommandRecord, Direction, Frame, Frames, IoData, Message, SMALLEST_LIMIT};

/// Calls under way at once.
const UNDER_WAY: u64 = 64;
/// How long a round lasts.
const WHOLE: Duration = Duration::from_millis(1500);
const QUICK: Duration = Duration::from_millis(300);

/// What is measured: who answers, and what is asked.
#[derive(Debug, Clone, Copy)]
struct Case {
    name: &'static str,
    kind: Kind,
    message: fn(u64) -> Message,
}

const CASES: [Case; 3] = [
    Case { name: "echo server, IoData", kind: Kind::Echo, message: data },
    Case { name: "daemon, IoData", kind: Kind::Daemon, message: data },
    Case { name: "daemon, CommandComplete (journal)", kind: Kind::Daemon, message: command },
];

fn data(_: u64) -> Message {
    let (session_id, direction) = ("s-1".to_owned(), Direction::Output);
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
    Message::CommandComplete(CommandComplete { session_id: part::SESSION.to_owned(), record })
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == part::FLAG) {
        return part::run(&arguments[at + 1..]);
    }
    let quick = arguments.iter().any(|argument| argument == "--quick") || std::env::var_os("QUICK").is_some();
    let (rounds, length) = if quick { (1, QUICK) } else { (5, WHOLE) };
    let before = Machine::now();
    let mut measured = CASES.map(|case| (case, Vec::new()));
    for _ in 0..rounds {
        measured.iter_mut().for_each(|(case, rates)| rates.push(round(*case, length)));
        measured.rotate_left(1); // Each goes first in turn.
    }
    let of = |case: Case| {
        let rates = measured.iter().find(|(measured, _)| measured.name == case.name).map(|(_, rates)| rates.clone());
        median(rates.unwrap_or_default())
    };
    let ours = of(CASES[1]);
    println!("{UNDER_WAY} calls under way on one connection: medians of {rounds} rounds\n");
    println!("{:40} {:>12} {:>22}", "", "calls/s", "daemon, IoData by this");
    for case in CASES {
        println!("{:40} {:12.0} {:22.2}", case.name, of(case), ours / of(case));
    }
    println!("\ntargets: 100000 calls/s of IoData, and 0.70 by the echo server");
    let others = Machine::now().used_by_others_since(&before);
    println!("other processes had {:.0} % of the machine meanwhile", others * 100.0);
}

/// Calls a second.
fn round(case: Case, length: Duration) -> f64 {
    let part = Part::start(case.kind);
    let mut stream = UnixStream::connect(part.socket()).expect("somebody who listens");
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
        stream.write_all(&calls).expect("somebody who reads");
        let count = stream.read(&mut piece).expect("somebody who answers");
        assert!(count > 0, "the connection has ended");
        frames.buffer().extend_from_slice(&piece[..count]);
        while let Some(frame) = frames.next_frame().expect("a short frame") {
            answered += 1;
            // Both answer in the order of the calls.
            assert_eq!(frame[4..12], u64::to_be_bytes(answered), "another request id");
            assert!(case.kind == Kind::Echo || frame[18] == 7, "no Ack");
        }
    }
    answered as f64 / start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
