//! Throughput and memory of the pairing relay, next to a bare forwarder in the same run.
//!
//! `cargo bench -p relayspec-reference --bench pairing_relay [-- --quick]`. Relay and forwarder alternate for several rounds, and the medians
//! are reported. Each is a process of its own (this binary again) with one thread, on another core than the load. Results are printed
//! next to their targets but never asserted: a busy machine must not break a build.
#![expect(clippy::print_stdout, reason = "a bench prints its results")]

#[path = "shared/files.rs"]
mod files;
#[path = "pairing_relay/forwarder.rs"]
mod forwarder;
#[path = "pairing_relay/load.rs"]
mod load;
#[path = "pairing_relay/process.rs"]
mod process;
#[path = "shared/mod.rs"]
mod shared;

use std::time::{Duration, Instant};

use files::raise_file_limit;
use load::Traffic;
use process::{ServerKind, ServerProcess};
use shared::MachineLoad;

/// Small messages, like keystrokes and lines of a terminal.
const SMALL: Traffic = Traffic { payload: 64, burst: 128 };
/// Large messages, like screens.
const LARGE: Traffic = Traffic { payload: 4096, burst: 16 };

struct Plan {
    rounds: usize,
    pairs: usize,
    idle_pairs: usize,
    measured: Duration,
}

#[derive(Default)]
struct Figures {
    small: Rate,
    large: Rate,
    setups_per_second: f64,
    processor_seconds_per_setup: f64,
    bytes_per_idle_pair: f64,
}

#[derive(Default)]
struct Rate {
    per_second: f64,
    /// The server's use of its core, from 0 to 1.
    busy: f64,
}

impl Rate {
    /// The rate if the server had its core to itself.
    fn per_processor_second(&self) -> f64 {
        self.per_second / self.busy
    }
}

fn main() {
    let runtime = shared::runtime();
    if let Some(arguments) = shared::arguments_after(process::FLAG) {
        return runtime.block_on(process::serve(ServerKind::named(&arguments[0])));
    }
    let plan = if shared::is_quick() {
        Plan { rounds: 1, pairs: 500, idle_pairs: 1000, measured: Duration::from_millis(500) }
    } else {
        Plan { rounds: 5, pairs: 500, idle_pairs: 2000, measured: Duration::from_millis(700) }
    };
    raise_file_limit();
    if !process::pin_load() {
        println!("note: the processes are not pinned to separate cores (no `taskset`, or only one core)");
    }
    let before = MachineLoad::now();
    let (mut relay, mut forwarder) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        // They take turns at going first.
        for turn in 0..2 {
            let (kind, rounds) = if (round + turn) % 2 == 0 {
                (ServerKind::Relay, &mut relay)
            } else {
                (ServerKind::Forwarder, &mut forwarder)
            };
            rounds.push(runtime.block_on(measure(kind, &plan)));
        }
    }
    report(&plan, &relay, &forwarder);
    before.report_others("");
}

async fn measure(kind: ServerKind, plan: &Plan) -> Figures {
    let mut figures = Figures::default();
    for (traffic, rate) in [(SMALL, &mut figures.small), (LARGE, &mut figures.large)] {
        let server = ServerProcess::start(kind).await;
        let (per_second, busy) = load::throughput(&server, plan.pairs, traffic, plan.measured).await;
        *rate = Rate { per_second, busy };
        server.stop().await;
    }
    let server = ServerProcess::start(kind).await;
    drop(load::LoadPair::connect(&server)); // Do not attribute one-time costs to the first pair.
    let (resident, used, started) = (server.resident_bytes(), server.processor_seconds(), Instant::now());
    let pairs: Vec<_> = (0..plan.idle_pairs).map(|_| load::LoadPair::connect(&server)).collect();
    let count = pairs.len() as f64;
    figures.setups_per_second = count / started.elapsed().as_secs_f64();
    figures.processor_seconds_per_setup = (server.processor_seconds() - used) / count;
    figures.bytes_per_idle_pair = (server.resident_bytes() - resident) / count;
    drop(pairs);
    server.stop().await;
    figures
}

fn median(rounds: &[Figures], of: fn(&Figures) -> f64) -> f64 {
    shared::median(rounds.iter().map(of))
}

enum Target {
    None,
    Ratio(f64),
    AtLeast(f64),
    AtMost(f64),
}

fn report(plan: &Plan, relay: &[Figures], forwarder: &[Figures]) {
    let Plan { rounds, pairs, idle_pairs, .. } = plan;
    println!("pairing relay on one core: medians of {rounds} rounds; {pairs} pairs under load, {idle_pairs} idle");
    println!("bursts of {} messages (64 bytes) and {} (4 KiB), to and fro\n", SMALL.burst, LARGE.burst);
    println!("{:42} {:>10} {:>10} {:>6}  target", "", "relay", "forwarder", "ratio");
    let row = |what: &str, of: fn(&Figures) -> f64, target: Target| {
        let (ours, bare) = (median(relay, of), median(forwarder, of));
        let ratio = ours / bare;
        let verdict = |met| if met { "met" } else { "NOT MET" };
        let target = match target {
            Target::None => String::new(),
            Target::Ratio(least) => format!("ratio >= {least}: {}", verdict(ratio >= least)),
            Target::AtLeast(least) => format!("relay >= {least}: {}", verdict(ours >= least)),
            Target::AtMost(most) => format!("relay <= {most}: {}", verdict(ours <= most)),
        };
        println!("{what:42} {ours:10.0} {bare:10.0} {ratio:6.2}  {target}");
    };
    row("64 bytes: messages/s", |f| f.small.per_second, Target::None);
    row("64 bytes: messages/s of processor time", |f| f.small.per_processor_second(), Target::Ratio(0.4));
    row("4 KiB: messages/s", |f| f.large.per_second, Target::None);
    row("4 KiB: messages/s of processor time", |f| f.large.per_processor_second(), Target::Ratio(0.6));
    row("pairs set up/s, one after another", |f| f.setups_per_second, Target::AtLeast(3000.0));
    row("processor time/pair set up, in µs", |f| f.processor_seconds_per_setup * 1e6, Target::None);
    row("resident memory/idle pair, in bytes", |f| f.bytes_per_idle_pair, Target::AtMost(16384.0));
    println!();
    for (name, rounds) in [("relay", relay), ("forwarder", forwarder)] {
        let shares = [("64 bytes", median(rounds, |f| f.small.busy)), ("4 KiB", median(rounds, |f| f.large.busy))];
        for (traffic, busy) in shares.into_iter().filter(|(_, busy)| *busy < 0.9) {
            let share = busy * 100.0;
            println!("{traffic}: the {name} used {share:.0} % of its core; the limit was the load or another process");
        }
    }
}
