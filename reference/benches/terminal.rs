//! Throughput of a shell's output through terminal relay, host and viewer, next to an upper bound and a baseline in the same run.
//!
//! `cargo bench -p relayspec-reference --bench terminal [-- --quick]`. Relay, host and viewer are processes of their own (this binary again)
//! on loopback. The host's shell runs `yes | head -c`, and every byte that the viewer writes is compared. The upper bound is the same bytes
//! directly from a pseudo terminal, the baseline three processes that forward over plain TCP. All alternate for several rounds, and the
//! medians are reported. Then a viewer reads slowly: nothing may be lost, and no process may grow. Rates are printed, never asserted; a
//! lost or wrong byte aborts the bench.
#![expect(clippy::print_stdout, reason = "a bench prints its results")]

#[path = "terminal/chain.rs"]
mod chain;
#[path = "terminal/plain.rs"]
mod plain;
#[path = "terminal/process.rs"]
mod process;
#[path = "terminal/screen.rs"]
mod screen;
#[path = "shared/mod.rs"]
mod shared;

use chain::{Chain, ChainKind, ProcessUsage};
use screen::Pace;
use shared::{MachineLoad, median};

/// Bytes of a round.
const WHOLE: usize = 100_000_000;
const QUICK: usize = 10_000_000;
/// The bytes and pace of a slow viewer, in bytes and bytes per second: more than all buffers on the way together.
const SLOW: usize = 40_000_000;
const SLOW_PACE: f64 = 8e6;

struct Round {
    megabytes_per_second: f64,
    used: Vec<ProcessUsage>,
}

fn main() {
    let runtime = shared::runtime();
    if let Some(arguments) = shared::arguments_after(process::FLAG) {
        return runtime.block_on(process::run(&arguments));
    }
    let quick = shared::is_quick();
    let (rounds, bytes) = if quick { (1, QUICK) } else { (5, WHOLE) };
    let before = MachineLoad::now();
    let mut measured: Vec<(ChainKind, Vec<Round>)> = ChainKind::ALL.map(|kind| (kind, Vec::new())).into();
    for _ in 0..rounds {
        for (kind, done) in &mut measured {
            done.push(runtime.block_on(round(*kind, bytes, Pace::Fast)));
        }
        measured.rotate_left(1); // They take turns at going first.
    }
    measured.sort_by_key(|(kind, _)| *kind);
    report(bytes, &measured);
    let slow = runtime.block_on(round(ChainKind::Relay, if quick { SLOW / 4 } else { SLOW }, Pace::Slow(SLOW_PACE)));
    println!(
        "\na viewer that reads {} MB/s and pauses for 2 s: complete, {:.1} MB/s",
        SLOW_PACE / 1e6,
        slow.megabytes_per_second
    );
    memory(&[slow]);
    before.report_others(" (not counting shells and `yes`)");
}

async fn round(kind: ChainKind, bytes: usize, pace: Pace) -> Round {
    let mut chain = Chain::start(kind).await;
    chain.settle().await;
    let before = chain.used();
    let taken = chain.pour(bytes, pace).await;
    let used = chain.used().iter().zip(before).map(|(after, before)| after.since(&before)).collect();
    chain.stop().await;
    Round { megabytes_per_second: bytes as f64 / 1e6 / taken.as_secs_f64(), used }
}

fn report(bytes: usize, measured: &[(ChainKind, Vec<Round>)]) {
    let rounds = measured.iter().map(|(_, rounds)| rounds.len()).max().unwrap_or(0);
    println!("`yes | head -c {bytes}` in a shell, every byte compared at the end: medians of {rounds} rounds\n");
    let speed = |rounds: &[Round]| median(rounds.iter().map(|round| round.megabytes_per_second));
    let ours =
        measured.iter().find(|(kind, _)| *kind == ChainKind::Relay).map_or(f64::NAN, |(_, rounds)| speed(rounds));
    println!("{:52} {:>8} {:>16}", "", "MB/s", "relay / this");
    for (kind, rounds) in measured {
        let (name, speed) = (kind.name(), speed(rounds));
        println!("{name:52} {speed:8.1} {:16.2}", ours / speed);
    }
    println!("\n{:52} {:>8} {:>8} {:>8} {:>8}", "processor time, in ms/MB", "host", "relay", "viewer", "all");
    for (kind, rounds) in measured.iter().filter(|(kind, _)| *kind != ChainKind::Direct) {
        let of = |name: &str| {
            let used = rounds.iter().flat_map(|round| &round.used).filter(|used| used.name == name);
            median(used.map(|used| used.processor_seconds)) * 1e3 / (bytes as f64 / 1e6)
        };
        let each = ["host", "relay", "viewer"].map(of);
        let all: f64 = each.iter().sum();
        println!("{:52} {:8.2} {:8.2} {:8.2} {all:8.2}", kind.name(), each[0], each[1], each[2]);
    }
    println!();
    if let Some((_, rounds)) = measured.iter().find(|(kind, _)| *kind == ChainKind::Relay) {
        memory(rounds);
    }
}

fn memory(rounds: &[Round]) {
    for part in 0..rounds.first().map_or(0, |round| round.used.len()) {
        let name = rounds[0].used[part].name;
        let of = |which: fn(&ProcessUsage) -> f64| {
            median(rounds.iter().map(|round| which(&round.used[part]))) / f64::from(1 << 20)
        };
        let (before, peak) = (of(|used| used.resident_before), of(|used| used.resident_peak));
        println!("{name:6}: resident memory {before:5.1} MiB before, at most {peak:5.1} MiB during the round");
    }
}
