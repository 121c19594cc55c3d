//! The options that the testing commands share.

use std::path::PathBuf;

use clap::Args;
use conformance::scenario::Size;
use conformance::subject::{Param, ParameterName, ParameterNameError};
use relayspec::timing::{HumanDuration, InvalidDuration, Parameter};

/// What to run, and what to report.
#[derive(Debug, Clone, Args)]
pub(super) struct RunOptions {
    /// Run only these: a scenario's id, a glob over ids (`pairing/expir*`), or a requirement's id (`PAIR-30`). Repeatable.
    #[arg(long, value_name = "WHICH", help_heading = "Selection")]
    pub(super) only: Vec<String>,

    /// Do not run these; values as for --only. Repeatable.
    #[arg(long, value_name = "WHICH", help_heading = "Selection")]
    pub(super) skip: Vec<String>,

    /// Skip scenarios that wait longer than this.
    #[arg(long, value_name = "DURATION", help_heading = "Selection")]
    pub(super) max_wait: Option<HumanDuration>,

    /// Run this scenario file as well. Built-in scenarios then run only if --only selects them. Repeatable.
    #[arg(long, value_name = "FILE", help_heading = "Selection")]
    pub(super) scenario: Vec<PathBuf>,

    /// A TOML file of expected failures, each with a reason. An entry that passes or matches nothing fails the run.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) baseline: Option<PathBuf>,

    /// Write a JSON report.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) report_json: Option<PathBuf>,

    /// Write a JUnit XML report.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) report_junit: Option<PathBuf>,

    /// Show every scenario, even on a terminal, which otherwise shows only progress and failures.
    #[arg(long, short, help_heading = "Reports")]
    pub(super) verbose: bool,

    /// How many scenarios may run at once.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Limits")]
    pub(super) jobs: u16,

    #[command(flatten)]
    pub(super) execution: ExecutionOptions,

    /// How long the whole run may take.
    #[arg(long, value_name = "DURATION", default_value = "1h", help_heading = "Limits")]
    pub(super) run_deadline: HumanDuration,
}

/// How scenarios are run.
#[derive(Debug, Clone, Args)]
pub(super) struct ExecutionOptions {
    /// Make time pass this many times as fast for a subject that the runner starts, with libfaketime; real time if that is impossible.
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed, help_heading = "Time")]
    pub(super) speed: f64,

    /// How long a handshake may take.
    #[arg(long, value_name = "DURATION", default_value = "10s", help_heading = "Limits")]
    pub(super) handshake_deadline: HumanDuration,

    /// How long a step of a scenario may take, in addition to what the scenario waits for.
    #[arg(long, value_name = "DURATION", default_value = "30s", help_heading = "Limits")]
    pub(super) step_deadline: HumanDuration,

    /// How long a scenario may take, in addition to what it waits for.
    #[arg(long, value_name = "DURATION", default_value = "60s", help_heading = "Limits")]
    pub(super) scenario_deadline: HumanDuration,
}

/// What a subject declares on the command line.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct SubjectOptions {
    /// Declare a timing parameter of the subject, such as `code_lifetime=90s`. Repeatable.
    #[arg(long = "set", value_name = "NAME=DURATION", value_parser = setting, help_heading = "Subject")]
    pub(super) settings: Vec<(Parameter, HumanDuration)>,

    /// Declare a value that scenarios need, such as `token=abc` or `public_url=http://127.0.0.1:{public_port}`; the placeholder must be in
    /// the command as well. Repeatable.
    #[arg(long = "param", value_name = "NAME=VALUE", help_heading = "Subject")]
    pub(super) params: Vec<Param>,

    /// The largest message that the subject accepts, such as `2MiB`; scenarios that need larger ones are skipped.
    #[arg(long, value_name = "SIZE", help_heading = "Subject")]
    pub(super) max_message: Option<Size>,
}

/// Server options: trust in its certificate, and how long it may take to start.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ServerOptions {
    /// Trust only the certificates in this PEM file (wss).
    #[arg(long, value_name = "FILE", conflicts_with = "insecure", help_heading = "Subject")]
    pub(super) ca_file: Option<PathBuf>,

    /// Trust any certificate (wss).
    #[arg(long, help_heading = "Subject")]
    pub(super) insecure: bool,

    /// How long a started server may take until it listens.
    #[arg(long, value_name = "DURATION", default_value = "10s", help_heading = "Subject")]
    pub(super) ready_within: HumanDuration,
}

/// Why the value of an option is invalid.
#[derive(Debug, thiserror::Error)]
enum OptionError {
    #[error("expected NAME=DURATION, such as code_lifetime=90s")]
    NoValue,
    #[error(transparent)]
    Name(#[from] ParameterNameError),
    #[error(transparent)]
    Duration(#[from] InvalidDuration),
    #[error("expected a number from 1 to {FASTEST}: how many seconds pass for the subject in one second")]
    Speed,
}

/// The highest acceleration.
const FASTEST: f64 = 100.0;

fn setting(text: &str) -> Result<(Parameter, HumanDuration), OptionError> {
    let (name, value) = text.split_once('=').ok_or(OptionError::NoValue)?;
    Ok((name.parse::<ParameterName>()?.0, value.parse()?))
}

fn speed(text: &str) -> Result<f64, OptionError> {
    text.parse().ok().filter(|speed| (1.0..=FASTEST).contains(speed)).ok_or(OptionError::Speed)
}
