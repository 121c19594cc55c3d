//! `cargo xtask bench`: performance figures next to their targets. It passes no verdict, since figures depend on the machine.

mod measure;
mod self_test;
mod table;

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::suite::median;
use crate::{cargo, runner};
use table::{Figure, FigureTarget};

/// Options of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchOptions {
    /// Run less often, for a first impression
    #[arg(long)]
    quick: bool,
}

/// Benches that print tables of their own, with their packages.
const BENCHES: [(&str, &str); 7] = [
    ("relayspec-reference", "pairing_relay"),
    ("relayspec-reference", "terminal"),
    ("relayspec-reference", "tunnel"),
    ("relayspec-reference", "sync"),
    ("relayspec-reference", "rpc"),
    ("relayspec-conformance", "timing"),
    ("relayspec-conformance", "proxy"),
];

/// Measures and prints.
///
/// # Errors
/// If the runner cannot be built.
pub(crate) fn run(options: &BenchOptions) -> Result<()> {
    let busy = measure::busy();
    let runner = runner::release()?;
    for (package, bench) in BENCHES {
        let mut command = cargo::cargo(["bench", "--package", package, "--bench", bench]);
        if options.quick {
            command.args(["--", "--quick"]);
        }
        if let Err(error) = cargo::run(&mut command) {
            println!("the bench `{bench}` of {package} failed: {error:#}");
        }
    }
    let mut figures = vec![start(&runner, if options.quick { 11 } else { 51 })];
    figures.extend(self_test::figures(&runner, if options.quick { 1 } else { 3 }));
    println!("\n{}", table::shown(&figures));
    if let Some(busy) = busy {
        println!("{busy}: the figures are worse than on a quiet machine");
    }
    Ok(())
}

/// How long the runner takes to start and to list its scenarios.
fn start(runner: &Path, runs: usize) -> Figure {
    let walls: Result<Vec<_>> = (0..runs).map(|_| measure::wall(runner, &["list"])).collect();
    let wall = walls.map(|walls| median(walls.iter().map(Duration::as_secs_f64)) * 1000.0);
    Figure::new("start and `conformance list`", "ms", wall, FigureTarget::Below(20.0))
}
