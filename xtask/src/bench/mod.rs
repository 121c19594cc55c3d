//! `bench`: the figures that the project cares for, next to their targets. It measures and prints; it judges nothing, as a
//! figure depends on the machine.

mod measure;
mod self_test;
mod table;

use std::time::Duration;

use anyhow::Result;

use crate::{cargo, runner};
use measure::median;
use table::{Figure, Target};

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Fewer runs, for a first impression
    #[arg(long)]
    quick: bool,
}

/// Measures and prints.
///
/// # Errors
/// Where the judge cannot be built.
pub(crate) fn run(options: &Options) -> Result<()> {
    let busy = measure::busy();
    let judge = runner::release()?;

    // These print tables of their own.
    let benches = [
        ("relayspec-reference", "pairing_relay"),
        ("relayspec-reference", "terminal"),
        ("relayspec-reference", "tunnel"),
        ("relayspec-reference", "sync"),
        ("relayspec-reference", "rpc"),
        ("relayspec-conformance", "timing"),
        ("relayspec-conformance", "proxy"),
    ];
    for (package, bench) in benches {
        if let Err(error) = own(package, bench, options) {
            println!("the bench `{bench}` of {package} did not come to its end: {error:#}");
        }
    }
    let mut figures = vec![start(&judge, options)];
    figures.extend(self_test::figures(&judge, if options.quick { 1 } else { 3 }));
    println!("\n{}", table::shown(&figures));
    if let Some(busy) = busy {
        println!("{busy}: expect worse figures than the programs deserve");
    }
    Ok(())
}

fn own(package: &str, bench: &str, options: &Options) -> Result<()> {
    let mut bench = cargo::cargo(["bench", "--package", package, "--bench", bench]);
    if options.quick {
        bench.args(["--", "--quick"]);
    }
    cargo::run(&mut bench)
}

/// How long the judge takes to start and to list its scenarios.
fn start(judge: &std::path::Path, options: &Options) -> Figure {
    let runs = if options.quick { 11 } else { 51 };
    let walls: Result<Vec<_>> = (0..runs).map(|_| measure::wall(judge, &["list"])).collect();
    let wall = walls.map(|walls| median(walls.iter().map(Duration::as_secs_f64)) * 1000.0);
    Figure::new("start and `conformance list`", "ms", wall, Target::Below(20.0))
}
