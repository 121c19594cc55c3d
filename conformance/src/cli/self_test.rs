//! `conformance self-test`: judges the built-in reference relays, started as processes of this very binary.

use std::env;
use std::path::Path;

use clap::Args;
use conformance::subject::{Manifest, Template};
use relayspec::family::Family;
use relayspec::timing::{Parameter, Written};
use relayspec::{pairing, terminal};

use super::exit::{Exit, Failure};
use super::judge;
use super::options::{JudgeOptions, ServerOptions, SubjectOptions};
use super::setup::{Seat, Setup, Where};

/// Judge the built-in reference relays, with no server at hand
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    judge: JudgeOptions,
}

/// A reference relay: its family, its name, and the timing parameters that it runs with: short, so that a run takes seconds.
struct Relay {
    family: &'static Family,
    name: &'static str,
    timing: &'static [(Parameter, &'static str)],
}

const RELAYS: [Relay; 2] = [
    Relay {
        family: &pairing::FAMILY,
        name: "pairing-relay",
        timing: &[
            (Parameter::CodeLifetime, "1500ms"),
            (Parameter::HeartbeatInterval, "300ms"),
            (Parameter::HeartbeatTimeout, "100ms"),
        ],
    },
    Relay {
        family: &terminal::FAMILY,
        name: "terminal-relay",
        timing: &[
            (Parameter::AuthTimeout, "300ms"),
            (Parameter::HeartbeatInterval, "300ms"),
            (Parameter::HeartbeatTimeout, "100ms"),
        ],
    },
];

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let program =
        env::current_exe().map_err(|error| Failure::harness(format!("this program cannot find itself: {error}")))?;
    let seats = RELAYS.iter().map(|relay| seat(&program, relay)).collect::<Result<_, _>>()?;
    judge::judge(&Setup::new(seats, None, &arguments.judge)?)
}

fn seat(program: &Path, relay: &Relay) -> Result<Seat, Failure> {
    let mut words = vec![program.display().to_string()];
    words.extend(["reference", relay.name, "--port", "{port}"].map(str::to_owned));
    let mut settings = Vec::new();
    for (parameter, value) in relay.timing.iter().copied() {
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
    Seat::server(Where::Command(template), relay.family, &Manifest::default(), &subject, &server)
}
