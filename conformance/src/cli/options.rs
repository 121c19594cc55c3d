//! The options that every judging command has.

use std::path::PathBuf;

use clap::Args;
use conformance::scenario::Size;
use conformance::subject::Param;
use relayspec::timing::{Parameter, Written};

#[derive(Debug, Clone, Args)]
pub(super) struct RunOptions {
    /// Play these alone: a scenario's id or a glob over ids (`pairing/expir*`), or a requirement's id (`PAIR-30`). May be given often.
    #[arg(long, value_name = "WHICH", help_heading = "Selection")]
    pub(super) only: Vec<String>,

    /// Leave these out; as --only.
    #[arg(long, value_name = "WHICH", help_heading = "Selection")]
    pub(super) skip: Vec<String>,

    /// Skip scenarios that wait for longer than this.
    #[arg(long, value_name = "DURATION", help_heading = "Selection")]
    pub(super) max_wait: Option<Written>,

    /// Play this scenario file too; may be given often. With it, the built-in scenarios are played only where --only selects them.
    #[arg(long, value_name = "FILE", help_heading = "Selection")]
    pub(super) scenario: Vec<PathBuf>,

    /// Failures that are expected, each with a reason (TOML). An entry that passes or matches nothing fails the run.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) baseline: Option<PathBuf>,

    /// Write the report as JSON.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) report_json: Option<PathBuf>,

    /// Write the report as JUnit XML.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) report_junit: Option<PathBuf>,

    /// Show every scenario, also where a terminal would show progress only.
    #[arg(long, short, help_heading = "Reports")]
    pub(super) verbose: bool,

    /// How many scenarios run at once at most.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Limits")]
    pub(super) jobs: u16,

    #[command(flatten)]
    pub(super) play: ExecutionOptions,

    /// How long the whole run may take.
    #[arg(long, value_name = "DURATION", default_value = "1h", help_heading = "Limits")]
    pub(super) run_deadline: Written,
}

/// How scenarios are played.
#[derive(Debug, Clone, Args)]
pub(super) struct ExecutionOptions {
    /// Let time pass so many times as fast for a subject that the runner starts, by libfaketime; real time where that cannot be done.
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed, help_heading = "Time")]
    pub(super) speed: f64,

    /// How long a handshake may take.
    #[arg(long, value_name = "DURATION", default_value = "10s", help_heading = "Limits")]
    pub(super) handshake_deadline: Written,

    /// How long a step of a scenario may take beyond what the scenario waits for.
    #[arg(long, value_name = "DURATION", default_value = "30s", help_heading = "Limits")]
    pub(super) step_deadline: Written,

    /// How long a scenario may take beyond what it waits for.
    #[arg(long, value_name = "DURATION", default_value = "60s", help_heading = "Limits")]
    pub(super) scenario_deadline: Written,
}

/// What a subject declares of itself on the command line.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct SubjectOptions {
    /// Declare a timing parameter that the subject runs with, as `code_lifetime=90s`. May be given often.
    #[arg(long = "set", value_name = "NAME=DURATION", value_parser = setting, help_heading = "Subject")]
    pub(super) settings: Vec<(Parameter, Written)>,

    /// Declare what scenarios need to know of a server, as `token=abc` or `public_url=http://127.0.0.1:{public_port}`, where the placeholder
    /// stands in the command too. May be given often.
    #[arg(long = "param", value_name = "NAME=VALUE", help_heading = "Subject")]
    pub(super) params: Vec<Param>,

    /// The largest message that the subject accepts, as `2MiB`; scenarios that would have to send more are then skipped.
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Subject")]
    pub(super) max_message: Option<Size>,
}

/// What a server declares of itself on the command line.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ServerOptions {
    /// Trust the certificates of this PEM file, and no others (wss).
    #[arg(long, value_name = "FILE", conflicts_with = "insecure", help_heading = "Subject")]
    pub(super) ca_file: Option<PathBuf>,

    /// Trust any certificate (wss).
    #[arg(long, help_heading = "Subject")]
    pub(super) insecure: bool,

    /// How long a started subject has to begin to listen.
    #[arg(long, value_name = "DURATION", default_value = "10s", help_heading = "Subject")]
    pub(super) ready_within: Written,
}

fn setting(text: &str) -> Result<(Parameter, Written), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=DURATION, as code_lifetime=90s")?;
    let parameter = Parameter::named(name).ok_or_else(|| {
        let names: Vec<_> = Parameter::ALL.iter().map(|parameter| parameter.name()).collect();
        format!("`{name}` is no timing parameter; there are {}", names.join(", "))
    })?;
    value.parse().map(|value| (parameter, value)).map_err(|error: relayspec::timing::NoDuration| error.to_string())
}

fn speed(text: &str) -> Result<f64, String> {
    const FASTEST: f64 = 100.0;
    let speed = text.parse().ok().filter(|speed| (1.0..=FASTEST).contains(speed));
    speed.ok_or_else(|| format!("write a number from 1 to {FASTEST}: how many seconds pass for the subject in one"))
}

fn size(text: &str) -> Result<Size, String> {
    text.parse()
}
