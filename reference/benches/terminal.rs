//! How fast the output of a shell passes through terminal relay, host and viewer, whole, beside a ceiling and a yardstick in the same run.
//!
//! `cargo bench -p relayspec-reference --bench terminal [-- --quick]`. Relay, host and viewer are processes of their own (this
//! binary again) on loopback. In the host's shell `yes | head -c` is run, and every byte that the viewer writes is compared. The
//! ceiling is the same bytes straight from a pseudo terminal, a yardstick three processes that forward over plain TCP. All take
//! turns for some rounds, and the medians are reported. Then a viewer reads slowly: nothing may be lost, and nobody may grow.
//! Speed is printed, never asserted; a byte that is lost or wrong ends the bench.
#![expect(clippy::print_stdout, reason = "a bench reports to whoever runs it")]

#[path = "terminal/chain.rs"]
mod chain;
#[path = "shared/machine.rs"]
mod machine;
#[path = "terminal/part.rs"]
mod part;
#[path = "terminal/plain.rs"]
mod plain;
#[path = "terminal/screen.rs"]
mod screen;

use chain::{Chain, Kind, Used};
use machine::Machine;
use screen::Pace;

/// Bytes of a round.
const WHOLE: usize = 100_000_000;
const QUICK: usize = 10_000_000;
/// What a slow viewer reads, in bytes and in bytes per second: more than all buffers on the way together.
const SLOW: usize = 40_000_000;
const SLOW_PACE: f64 = 8e6;

/// What one round came to.
struct Round {
    megabytes_per_second: f64,
    used: Vec<Used>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if let Some(at) = arguments.iter().position(|argument| argument == part::FLAG) {
        return runtime.block_on(part::run(&arguments[at + 1..]));
    }
    let quick = arguments.iter().any(|argument| argument == "--quick") || std::env::var_os("QUICK").is_some();
    let (rounds, bytes) = if quick { (1, QUICK) } else { (5, WHOLE) };
    let before = Machine::now();
    let mut measured: Vec<(Kind, Vec<Round>)> = Kind::ALL.map(|kind| (kind, Vec::new())).into();
    for _ in 0..rounds {
        for (kind, done) in &mut measured {
            done.push(runtime.block_on(round(*kind, bytes, Pace::Fast)));
        }
        measured.rotate_left(1); // Each goes first in turn.
    }
    measured.sort_by_key(|(kind, _)| *kind);
    report(bytes, &measured);
    let slow = runtime.block_on(round(Kind::Relay, if quick { SLOW / 4 } else { SLOW }, Pace::Slow(SLOW_PACE)));
    println!(
        "\na viewer that reads {} MB/s, and pauses for 2 s: whole, {:.1} MB/s",
        SLOW_PACE / 1e6,
        slow.megabytes_per_second
    );
    memory(&[slow]);
    let others = Machine::now().used_by_others_since(&before);
    println!(
        "\nother processes had {:.0} % of the machine meanwhile (shells and `yes` are none of them)",
        others * 100.0
    );
}

async fn round(kind: Kind, bytes: usize, pace: Pace) -> Round {
    let mut chain = Chain::start(kind).await;
    chain.settle().await;
    let before = chain.used();
    let taken = chain.pour(bytes, pace).await;
    let used = chain.used().iter().zip(before).map(|(after, before)| after.since(&before)).collect();
    chain.stop().await;
    Round { megabytes_per_second: bytes as f64 / 1e6 / taken.as_secs_f64(), used }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn report(bytes: usize, measured: &[(Kind, Vec<Round>)]) {
    let rounds = measured.iter().map(|(_, rounds)| rounds.len()).max().unwrap_or(0);
    println!("`yes | head -c {bytes}` in a shell, every byte compared at the end: medians of {rounds} rounds\n");
    let speed = |rounds: &[Round]| median(rounds.iter().map(|round| round.megabytes_per_second));
    let ours = measured.iter().find(|(kind, _)| *kind == Kind::Relay).map_or(f64::NAN, |(_, rounds)| speed(rounds));
    println!("{:52} {:>8} {:>16}", "", "MB/s", "relay by this");
    for (kind, rounds) in measured {
        let (name, speed) = (kind.name(), speed(rounds));
        println!("{name:52} {speed:8.1} {:16.2}", ours / speed);
    }
    println!("\n{:52} {:>8} {:>8} {:>8} {:>8}", "processor time, in ms/MB", "host", "relay", "viewer", "all");
    for (kind, rounds) in measured.iter().filter(|(kind, _)| *kind != Kind::Direct) {
        let of = |name: &str| {
            let used = rounds.iter().flat_map(|round| &round.used).filter(|used| used.name == name);
            median(used.map(|used| used.processor_seconds)) * 1e3 / (bytes as f64 / 1e6)
        };
        let each = ["host", "relay", "viewer"].map(of);
        let all: f64 = each.iter().sum();
        println!("{:52} {:8.2} {:8.2} {:8.2} {all:8.2}", kind.name(), each[0], each[1], each[2]);
    }
    println!();
    if let Some((_, rounds)) = measured.iter().find(|(kind, _)| *kind == Kind::Relay) {
        memory(rounds);
    }
}

fn memory(rounds: &[Round]) {
    for part in 0..rounds.first().map_or(0, |round| round.used.len()) {
        let name = rounds[0].used[part].name;
        let of =
            |which: fn(&Used) -> f64| median(rounds.iter().map(|round| which(&round.used[part]))) / f64::from(1 << 20);
        let (before, peak) = (of(|used| used.resident_before), of(|used| used.resident_peak));
        println!("{name:6}: resident memory {before:5.1} MiB before, at most {peak:5.1} MiB meanwhile");
    }
}
