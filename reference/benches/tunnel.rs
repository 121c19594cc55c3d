//! How fast requests pass through the tunnel's cloud and agent, beside the local server alone and beside nginx in the same run.
//!
//! `cargo bench -p relayspec-reference --bench tunnel [-- --quick]`. Cloud, agent and local server are processes of their own (this
//! binary again), nginx runs in the foreground with a configuration of its own, and all share the machine with the load, which is the
//! same for all: keep-alive connections of which each sends a request as soon as the answer before is read. All take turns for some rounds,
//! and the medians are reported. Speed is printed, never asserted; an answer that is lost or wrong ends the bench.
#![expect(clippy::print_stdout, reason = "a bench reports to whoever runs it")]

#[path = "tunnel/load.rs"]
mod load;
#[path = "tunnel/local.rs"]
mod local;
#[path = "shared/machine.rs"]
mod machine;
#[path = "tunnel/nginx.rs"]
mod nginx;
#[path = "tunnel/part.rs"]
mod part;
#[path = "tunnel/route.rs"]
mod route;

use std::time::Duration;

use load::Taken;
use machine::Machine;
use route::{Kind, Route};

/// The bodies of answers, in bytes, and what they are called.
const BODIES: [(usize, &str); 2] = [(1 << 10, "1 KiB"), (1 << 20, "1 MiB")];
/// Requests under way at once.
const CONCURRENT: [usize; 3] = [1, 16, 128];

/// What is to be measured, and what the rounds came to.
struct Case {
    body: usize,
    name: &'static str,
    concurrent: usize,
    measured: Vec<(Kind, Vec<Taken>)>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if let Some(at) = arguments.iter().position(|argument| argument == part::FLAG) {
        return runtime.block_on(part::run(&arguments[at + 1..]));
    }
    let quick = arguments.iter().any(|argument| argument == "--quick") || std::env::var_os("QUICK").is_some();
    let (rounds, length) = if quick { (1, 500) } else { (5, 1000) };
    runtime.block_on(bench(rounds, Duration::from_millis(length)));
}

async fn bench(rounds: usize, length: Duration) {
    let before = Machine::now();
    let local = part::Part::start(&["local"]).await;
    let mut routes = Vec::new();
    for kind in Kind::ALL {
        match Route::open(kind, &local).await {
            Ok(route) => routes.push(route),
            Err(why) => println!("{}: not measured: {why}", kind.name()),
        }
    }
    let mut cases = Vec::new();
    for (body, name) in BODIES {
        for concurrent in CONCURRENT {
            let mut case = Case { body, name, concurrent, measured: Vec::new() };
            for round in 0..rounds {
                for at in 0..routes.len() {
                    let route = &routes[(at + round) % routes.len()]; // Each goes first in turn.
                    case.add(route.kind, load::run(route.address, body, concurrent, length).await);
                }
            }
            cases.push(case);
        }
    }
    println!("answers read in full, {rounds} rounds of {length:?}: medians\n");
    cases.iter().for_each(Case::report);
    for route in routes {
        route.close().await;
    }
    let others = Machine::now().used_by_others_since(&before);
    println!("other processes had {:.0} % of the machine meanwhile (nginx is one of them)", others * 100.0);
}

impl Case {
    fn add(&mut self, kind: Kind, taken: Taken) {
        match self.measured.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, rounds)) => rounds.push(taken),
            None => self.measured.push((kind, vec![taken])),
        }
    }

    fn report(&self) {
        let of = |rounds: &[Taken], what: fn(&Taken) -> f64| median(rounds.iter().map(what));
        let nginx = self.measured.iter().find(|(kind, _)| *kind == Kind::Nginx);
        let nginx = nginx.map_or(f64::NAN, |(_, rounds)| of(rounds, |taken| taken.per_second));
        println!("{}, {} at once", self.name, self.concurrent);
        println!("  {:28} {:>10} {:>9} {:>9} {:>9} {:>9}", "", "requests/s", "MB/s", "by nginx", "p50 ms", "p99 ms");
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

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
