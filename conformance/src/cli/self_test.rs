//! `conformance self-test`: judges the built-in reference implementations, started as processes of this very binary.

use std::env;

use clap::Args;
use conformance::subject::{ClientTemplate, Driver, Manifest, Template};
use relayspec::family::Family;
use relayspec::timing::{Parameter, Written};
use relayspec::{pairing, sync, terminal};

use super::exit::{Exit, Failure};
use super::judge;
use super::options::{JudgeOptions, ServerOptions, SubjectOptions};
use super::setup::{Seat, Setup, Whence, Where};

/// Judge the built-in reference implementations, with no server or client at hand
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Judge this role alone, as pairing.relay; may be given often.
    #[arg(long, value_name = "ROLE", help_heading = "Selection")]
    role: Vec<String>,

    #[command(flatten)]
    judge: JudgeOptions,
}

/// A server that is judged.
struct Server {
    family: &'static Family,
    /// The subcommand that runs it.
    name: &'static str,
    /// The timing parameters that it runs with: short, so that a run takes seconds.
    timing: &'static [(Parameter, &'static str)],
    /// What else it is told and declares: flags with their values, which are params of the same names.
    params: &'static [(&'static str, &'static str)],
}

const SERVERS: [Server; 3] = [
    Server {
        family: &pairing::FAMILY,
        name: "pairing-relay",
        timing: &[
            (Parameter::CodeLifetime, "1500ms"),
            (Parameter::HeartbeatInterval, "300ms"),
            (Parameter::HeartbeatTimeout, "100ms"),
        ],
        params: &[],
    },
    Server {
        family: &terminal::FAMILY,
        name: "terminal-relay",
        timing: &[
            (Parameter::AuthTimeout, "300ms"),
            (Parameter::HeartbeatInterval, "400ms"),
            // The relay reads a Pong behind the floods of the scrollback scenarios.
            (Parameter::HeartbeatTimeout, "300ms"),
        ],
        params: &[],
    },
    Server {
        family: &sync::FAMILY,
        name: "sync-server",
        timing: &[],
        params: &[("pin", "000042"), ("control", "127.0.0.1:{side_port}")],
    },
];

/// A client that is judged: its role, the subcommand that runs it, and its policy.
type Client = (&'static str, &'static str, &'static str);

const CLIENTS: [Client; 5] = [
    ("pairing.host", "pairing-host", "base=100ms,factor=2,cap=400ms"),
    ("pairing.viewer", "pairing-viewer", "base=100ms,factor=2,cap=400ms,jitter=0.3"),
    ("terminal.host", "terminal-host", "base=100ms,factor=2,cap=400ms,jitter=0.3"),
    ("terminal.viewer", "terminal-viewer", "base=100ms,factor=2,cap=400ms"),
    ("sync.client", "sync-client", "base=100ms,factor=2,cap=400ms,jitter=0.3"),
];

/// The timing parameters of clients.
const CLIENT_TIMING: [(Parameter, &str); 3] = [
    (Parameter::ConnectTimeout, "500ms"),
    (Parameter::SubscribeTimeout, "400ms"),
    (Parameter::RequestTimeout, "500ms"),
];

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let program =
        env::current_exe().map_err(|error| Failure::harness(format!("this program cannot find itself: {error}")))?;
    let program = program.display().to_string();
    // Accelerated, all run with the default values of their chapters.
    let real = arguments.judge.speed <= 1.0;
    let mut seats = Vec::new();
    for one in &SERVERS {
        seats.push(server(&program, one, if real { one.timing } else { &[] })?);
    }
    for (role, name, policy) in CLIENTS {
        seats.push(client(&program, role, name, real.then_some(policy))?);
    }
    let judged = |seat: &Seat| format!("{}.{}", seat.family.name, seat.role);
    let known: Vec<_> = seats.iter().map(judged).collect();
    if let Some(unknown) = arguments.role.iter().find(|role| !known.contains(role)) {
        return Err(Failure::usage(format!("no reference plays `{unknown}`; there are {}", known.join(", "))));
    }
    seats.retain(|seat| arguments.role.is_empty() || arguments.role.contains(&judged(seat)));
    judge::judge(&Setup::new(seats, None, &arguments.judge)?)
}

fn server(program: &str, server: &Server, timing: &[(Parameter, &str)]) -> Result<Seat, Failure> {
    let mut words: Vec<_> = [program, "reference", server.name, "--port", "{port}"].map(str::to_owned).into();
    for (parameter, value) in timing {
        words.extend([format!("--{}", parameter.name().replace('_', "-")), (*value).to_owned()]);
    }
    let mut params = Vec::new();
    for (name, value) in server.params {
        words.extend([format!("--{name}"), (*value).to_owned()]);
        params.push(((*name).to_owned(), (*value).to_owned()));
    }
    let subject = SubjectOptions { settings: settings(timing)?, params, ..SubjectOptions::default() };
    let options = ServerOptions { ready_within: written("10s")?, ..ServerOptions::default() };
    let template = Template::of_words(words, None).map_err(Failure::harness)?;
    Seat::server(Where::Command(template), server.family, &Manifest::default(), &subject, &options)
}

fn client(program: &str, role: &str, name: &str, policy: Option<&str>) -> Result<Seat, Failure> {
    let words = [program, "reference", name, "--driver"].map(str::to_owned).into();
    let timing: &[_] = if policy.is_some() { &CLIENT_TIMING } else { &[] };
    let subject = SubjectOptions { settings: settings(timing)?, ..SubjectOptions::default() };
    let template = ClientTemplate::of_words(words).map_err(Failure::harness)?;
    Seat::client(Whence::Each(template), Driver::Spoken, role, policy, &Manifest::default(), &subject)
}

fn settings(timing: &[(Parameter, &str)]) -> Result<Vec<(Parameter, Written)>, Failure> {
    timing.iter().map(|(parameter, value)| Ok((*parameter, written(value)?))).collect()
}

fn written(text: &str) -> Result<Written, Failure> {
    text.parse().map_err(|error: relayspec::timing::NoDuration| Failure::harness(error.to_string()))
}
