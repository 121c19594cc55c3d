//! Request rates and latencies through the tunnel's cloud and agent, next to the local server alone and nginx in the same run.
//!
//! `cargo bench -p relayspec-reference --bench tunnel [-- --quick]`. Cloud, agent and local server are processes of their own (this binary
//! again), nginx runs in the foreground with its own configuration, and all share the machine with the same load: keep-alive connections
//! that each send a request as soon as the last answer is read. All alternate for several rounds, and the medians are reported. Rates are
//! printed, never asserted; a lost or wrong answer aborts the bench.
#![expect(clippy::print_stdout, reason = "a bench prints its results")]

#[path = "tunnel/load.rs"]
mod load;
#[path = "tunnel/local.rs"]
mod local;
#[path = "tunnel/nginx.rs"]
mod nginx;
#[path = "tunnel/process.rs"]
mod process;
#[path = "tunnel/route.rs"]
mod route;
#[path = "shared/mod.rs"]
mod shared;

use std::time::Duration;

use load::RoundResult;
use route::{Route, RouteKind};
use shared::{MachineLoad, median};

/// The sizes of answers, in bytes, and their names.
const BODIES: [(usize, &str); 2] = [(1 << 10, "1 KiB"), (1 << 20, "1 MiB")];
/// Requests in flight.
const CONCURRENT: [usize; 3] = [1, 16, 128];

struct TunnelCase {
    body: usize,
    name: &'static str,
    concurrent: usize,
    measured: Vec<(RouteKind, Vec<RoundResult>)>,
}

fn main() {
    let runtime = shared::runtime();
    if let Some(arguments) = shared::arguments_after(process::FLAG) {
        return runtime.block_on(process::run(&arguments));
    }
    let (rounds, length) = if shared::is_quick() { (1, 500) } else { (5, 1000) };
    runtime.block_on(bench(rounds, Duration::from_millis(length)));
}

async fn bench(rounds: usize, length: Duration) {
    let before = MachineLoad::now();
    let local = process::TunnelProcess::start(&["local"]).await;
    let mut routes = Vec::new();
    for kind in RouteKind::ALL {
        match Route::open(kind, &local).await {
            Ok(route) => routes.push(route),
            Err(why) => println!("{}: not measured: {why}", kind.name()),
        }
    }
    let mut cases = Vec::new();
    for (body, name) in BODIES {
        for concurrent in CONCURRENT {
            let mut case = TunnelCase { body, name, concurrent, measured: Vec::new() };
            for round in 0..rounds {
                for at in 0..routes.len() {
                    let route = &routes[(at + round) % routes.len()]; // They take turns at going first.
                    case.add(route.kind, load::run(route.address, body, concurrent, length).await);
                }
            }
            cases.push(case);
        }
    }
    println!("{rounds} rounds of {length:?}, answers read in full: medians\n");
    cases.iter().for_each(TunnelCase::report);
    for route in routes {
        route.close().await;
    }
    before.report_others(" (nginx is one of them)");
}

impl TunnelCase {
    fn add(&mut self, kind: RouteKind, taken: RoundResult) {
        match self.measured.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, rounds)) => rounds.push(taken),
            None => self.measured.push((kind, vec![taken])),
        }
    }

    fn report(&self) {
        let of = |rounds: &[RoundResult], what: fn(&RoundResult) -> f64| median(rounds.iter().map(what));
        let nginx = self.measured.iter().find(|(kind, _)| *kind == RouteKind::Nginx);
        let nginx = nginx.map_or(f64::NAN, |(_, rounds)| of(rounds, |taken| taken.per_second));
        println!("{}, {} in flight", self.name, self.concurrent);
        println!("  {:28} {:>10} {:>9} {:>9} {:>9} {:>9}", "", "requests/s", "MB/s", "/ nginx", "p50 ms", "p99 ms");
        for (kind, rounds) in &self.measured {
            let rate = of(rounds, |taken| taken.per_second);
            println!(
                "  {:28} {rate:10.0} {:9.1} {:9.2} {:9.3} {:9.3}",
                kind.name(),
                rate * self.body as f64 / 1e6,
                rate / nginx,
                of(rounds, |taken| taken.half_within) * 1e3,
                of(rounds, |taken| taken.most_within) * 1e3,
            );
        }
        println!();
    }
}
