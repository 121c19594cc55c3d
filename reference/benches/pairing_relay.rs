//! How fast and how small the pairing relay is, beside a bare forwarder in the same run.
//!
//! `cargo bench -p relayspec-reference --bench pairing_relay [-- --quick]`. The relay and the forwarder take turns for some
//! rounds, and the medians are reported. Each runs as a process of its own (this binary again) with one thread, on another core
//! than the load. Targets are printed, never asserted: a bench on a busy machine must not fail anybody's build.
#![expect(clippy::print_stdout, reason = "a bench reports to whoever runs it")]

#[path = "pairing_relay/forwarder.rs"]
mod forwarder;
#[path = "pairing_relay/load.rs"]
mod load;
#[path = "pairing_relay/process.rs"]
mod process;

use std::time::{Duration, Instant};

use load::Traffic;
use process::{Kind, Server};

/// Small messages, as keystrokes and lines of a terminal are.
const SMALL: Traffic = Traffic { payload: 64, burst: 128 };
/// Large messages, as screens are.
const LARGE: Traffic = Traffic { payload: 4096, burst: 16 };

struct Plan {
    rounds: usize,
    pairs: usize,
    idle_pairs: usize,
    measured: Duration,
}

/// What one server did in one round.
#[derive(Default)]
struct Figures {
    small_per_second: f64,
    large_per_second: f64,
    setups_per_second: f64,
    bytes_per_idle_pair: f64,
    /// How much of its core the server had at the least while it was under load, from 0 to 1.
    busy: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if let Some(kind) = arguments.iter().find_map(|argument| Kind::named(argument)) {
        return runtime.block_on(process::serve(kind));
    }
    let quick = arguments.iter().any(|argument| argument == "--quick") || std::env::var_os("QUICK").is_some();
    let plan = if quick {
        Plan { rounds: 1, pairs: 500, idle_pairs: 1000, measured: Duration::from_millis(500) }
    } else {
        Plan { rounds: 5, pairs: 500, idle_pairs: 2000, measured: Duration::from_millis(1200) }
    };
    process::allow_many_files();
    if !process::pin_load() {
        println!("note: the processes are not pinned to cores of their own (no `taskset`, or one core)");
    }
    let (mut relay, mut forwarder) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        // Each goes first in turn.
        for turn in 0..2 {
            let (kind, rounds) =
                if (round + turn) % 2 == 0 { (Kind::Relay, &mut relay) } else { (Kind::Forwarder, &mut forwarder) };
            rounds.push(runtime.block_on(measure(kind, &plan)));
        }
    }
    report(&plan, &relay, &forwarder);
}

async fn measure(kind: Kind, plan: &Plan) -> Figures {
    let mut figures = Figures { busy: 1.0, ..Figures::default() };
    for (traffic, rate) in [(SMALL, &mut figures.small_per_second), (LARGE, &mut figures.large_per_second)] {
        let server = Server::start(kind).await;
        let busy;
        (*rate, busy) = load::throughput(&server, plan.pairs, traffic, plan.measured).await;
        figures.busy = figures.busy.min(busy);
    }
    let server = Server::start(kind).await;
    drop(load::Pair::connect(&server)); // What is only needed once is not counted for the first pair.
    let empty = server.resident_bytes();
    let cpu = server.processor_seconds();
    let started = Instant::now();
    let mut pairs = Vec::new();
    for _ in 0..plan.idle_pairs {
        pairs.push(load::Pair::connect(&server));
    }
    let count = plan.idle_pairs as f64;
    figures.setups_per_second = count / started.elapsed().as_secs_f64();
    eprintln!(
        "{kind:?} setup {:.1} us wall, server {:.1} us cpu",
        started.elapsed().as_secs_f64() * 1e6 / count,
        (server.processor_seconds() - cpu) * 1e6 / count
    );
    figures.bytes_per_idle_pair = (server.resident_bytes() - empty) / count;
    figures
}

fn median(rounds: &[Figures], of: fn(&Figures) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn report(plan: &Plan, relay: &[Figures], forwarder: &[Figures]) {
    let Plan { rounds, pairs, idle_pairs, .. } = plan;
    println!("pairing relay, one core, medians of {rounds} rounds; {pairs} pairs under load, {idle_pairs} idle\n");
    println!("{:34} {:>12} {:>12} {:>7}  {}", "", "relay", "forwarder", "ratio", "target");
    let row = |what: &str, of: fn(&Figures) -> f64, target: &str, met: fn(f64, f64) -> bool| {
        let (ours, bare) = (median(relay, of), median(forwarder, of));
        let verdict = if met(ours, ours / bare) { "met" } else { "NOT MET" };
        println!("{what:34} {ours:12.0} {bare:12.0} {:7.2}  {target}: {verdict}", ours / bare);
    };
    row("messages/s, 64-byte payload", |f| f.small_per_second, "ratio >= 0.4", |_, ratio| ratio >= 0.4);
    row("messages/s, 4 KiB payload", |f| f.large_per_second, "ratio >= 0.6", |_, ratio| ratio >= 0.6);
    row("pairs set up/s, one after another", |f| f.setups_per_second, "relay >= 3000", |relay, _| relay >= 3000.0);
    row("bytes resident/idle pair", |f| f.bytes_per_idle_pair, "relay <= 16384", |relay, _| relay <= 16384.0);
    println!("\nmessages go to and fro in bursts of {} (64 bytes) and {} (4 KiB)", SMALL.burst, LARGE.burst);
    for (name, rounds) in [("relay", relay), ("forwarder", forwarder)] {
        let busy = median(rounds, |figures| figures.busy);
        let limit = if busy < 0.9 { "; so the load or the machine was the limit, not the server" } else { "" };
        println!("the {name} had {:.0} % of its core under load{limit}", busy * 100.0);
    }
}
