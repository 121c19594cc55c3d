//! `conformance self-test`: judges the built-in reference, started as a process of this very binary.

use std::env;

use clap::Args;
use conformance::subject::{Manifest, Template};
use relayspec::timing::{Parameter, Written};

use super::exit::{Exit, Failure};
use super::judge;
use super::options::{JudgeOptions, ServerOptions, SubjectOptions};
use super::setup::{Seat, Setup, Where};

/// Judge the built-in reference relay, with no server at hand
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    judge: JudgeOptions,
}

/// The timing parameters that the reference runs with: short, so that a run takes seconds.
const TIMING: [(Parameter, &str); 3] = [
    (Parameter::CodeLifetime, "1500ms"),
    (Parameter::HeartbeatInterval, "300ms"),
    (Parameter::HeartbeatTimeout, "100ms"),
];

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let program =
        env::current_exe().map_err(|error| Failure::harness(format!("this program cannot find itself: {error}")))?;
    let mut words = vec![program.display().to_string()];
    words.extend(["reference", "pairing-relay", "--port", "{port}"].map(str::to_owned));
    let mut settings = Vec::new();
    for (parameter, value) in TIMING {
        words.extend([format!("--{}", parameter.name().replace('_', "-")), value.to_owned()]);
        let value: Written =
            value.parse().map_err(|error: relayspec::timing::NoDuration| Failure::harness(error.to_string()))?;
        settings.push((parameter, value));
    }
    let ready_within =
        "10s".parse().map_err(|error: relayspec::timing::NoDuration| Failure::harness(error.to_string()))?;
    let subject = SubjectOptions { settings, ..SubjectOptions::default() };
    let server = ServerOptions { ready_within, ..ServerOptions::default() };
    let template = Template::of_words(words, None).map_err(Failure::harness)?;
    let relay = Seat::server(Where::Command(template), None, &Manifest::default(), &subject, &server)?;
    judge::judge(&Setup::new(vec![relay], None, &arguments.judge)?)
}
