//! `conformance self-test`: judges the built-in reference implementations, started as processes of this very binary.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use clap::Args;
use conformance::subject::{ClientTemplate, Driver, Manifest, Param, Template};
use relayspec::family::Family;
use relayspec::timing::{Parameter, Written};
use relayspec::{pairing, rpc, sync, terminal, tunnel};

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

/// A server that is judged: its family, the subcommand that runs it, and the timing parameters that it runs with: short, so that a run takes
/// seconds.
type Server = (&'static Family, &'static str, &'static [(Parameter, &'static str)]);

const SERVERS: [Server; 5] = [
    (
        &pairing::FAMILY,
        "pairing-relay",
        &[
            (Parameter::CodeLifetime, "1500ms"),
            (Parameter::HeartbeatInterval, "300ms"),
            (Parameter::HeartbeatTimeout, "100ms"),
        ],
    ),
    (
        &terminal::FAMILY,
        "terminal-relay",
        &[
            (Parameter::AuthTimeout, "300ms"),
            (Parameter::HeartbeatInterval, "400ms"),
            // The relay reads a Pong behind the floods of the scrollback scenarios.
            (Parameter::HeartbeatTimeout, "300ms"),
        ],
    ),
    (&tunnel::FAMILY, "tunnel-cloud", &[(Parameter::AuthTimeout, "300ms"), (Parameter::RequestTimeout, "400ms")]),
    (&sync::FAMILY, "sync-server", &[]),
    (&rpc::FAMILY, "rpc-daemon", &[]),
];

/// A client that is judged: its role, the subcommand that runs it, its policy, and its timing parameters.
type Client = (&'static str, &'static str, &'static str, &'static [(Parameter, &'static str)]);

const CLIENTS: [Client; 7] = [
    ("pairing.host", "pairing-host", "base=100ms,factor=2,cap=400ms", &CLIENT_TIMING),
    ("pairing.viewer", "pairing-viewer", "base=100ms,factor=2,cap=400ms,jitter=0.3", &CLIENT_TIMING),
    ("terminal.host", "terminal-host", "base=100ms,factor=2,cap=400ms,jitter=0.3", &CLIENT_TIMING),
    ("terminal.viewer", "terminal-viewer", "base=100ms,factor=2,cap=400ms", &CLIENT_TIMING),
    ("tunnel.agent", "tunnel-agent", "base=100ms,factor=2,cap=400ms,jitter=0.3", &AGENT_TIMING),
    ("sync.client", "sync-client", "base=100ms,factor=2,cap=400ms,jitter=0.3", &SYNC_TIMING),
    ("rpc.client", "rpc-client", "base=100ms,factor=2,cap=400ms", &CLIENT_TIMING),
];

/// The timing parameters of most clients.
const CLIENT_TIMING: [(Parameter, &str); 1] = [(Parameter::ConnectTimeout, "500ms")];

const AGENT_TIMING: [(Parameter, &str); 4] = [
    (Parameter::ConnectTimeout, "500ms"),
    (Parameter::HeartbeatInterval, "500ms"),
    (Parameter::HeartbeatTimeout, "300ms"),
    (Parameter::RequestTimeout, "400ms"),
];

const SYNC_TIMING: [(Parameter, &str); 3] = [
    (Parameter::ConnectTimeout, "500ms"),
    (Parameter::SubscribeTimeout, "400ms"),
    (Parameter::RequestTimeout, "500ms"),
];

/// What a sync server is started with, and what it declares of itself by the same names.
const SYNC_PARAMS: [(&str, &str); 2] = [("pin", "000042"), ("control", "127.0.0.1:{control_port}")];

/// What a cloud is started with beside its timing, and what it declares of itself.
const CLOUD_WORDS: [&str; 2] = ["--public-port", "{public_port}"];
const PUBLIC_URL: &str = "http://127.0.0.1:{public_port}";

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let program =
        env::current_exe().map_err(|error| Failure::harness(format!("this program cannot find itself: {error}")))?;
    let program = program.display().to_string();
    // Accelerated, all run with the default values of their chapters.
    let real = arguments.judge.play.speed <= 1.0;
    let tokens = TokenFile::create().map_err(|error| Failure::harness(format!("no file for tokens: {error}")))?;
    let mut seats = Vec::new();
    for (family, name, timing) in SERVERS {
        seats.push(server(&program, family, name, if real { timing } else { &[] }, &tokens)?);
    }
    for (role, name, policy, timing) in CLIENTS {
        seats.push(client(&program, role, name, real.then_some((policy, timing)))?);
    }
    let judged = |seat: &Seat| format!("{}.{}", seat.family.name, seat.role);
    let known: Vec<_> = seats.iter().map(judged).collect();
    if let Some(unknown) = arguments.role.iter().find(|role| !known.contains(role)) {
        return Err(Failure::usage(format!("no reference plays `{unknown}`; there are {}", known.join(", "))));
    }
    seats.retain(|seat| arguments.role.is_empty() || arguments.role.contains(&judged(seat)));
    judge::judge(&Setup::new(seats, None, &arguments.judge)?)
}

fn server(
    program: &str,
    family: &'static Family,
    name: &str,
    timing: &[(Parameter, &str)],
    tokens: &TokenFile,
) -> Result<Seat, Failure> {
    let place = if family.is_framed() { ["--socket", "{socket}"] } else { ["--port", "{port}"] };
    let mut words: Vec<_> = [program, "reference", name].into_iter().chain(place).map(str::to_owned).collect();
    for (parameter, value) in timing {
        words.extend([format!("--{}", parameter.name().replace('_', "-")), (*value).to_owned()]);
    }
    let mut params = Vec::new();
    if name == "tunnel-cloud" {
        words.extend(CLOUD_WORDS.map(str::to_owned));
        words.extend(["--token-file".to_owned(), tokens.path.display().to_string()]);
        let [token, other] = &tokens.tokens;
        for (name, value) in [("public_url", PUBLIC_URL), ("token", token), ("other_token", other)] {
            params.push(Param::new(name, value).map_err(Failure::harness)?);
        }
    }
    if name == "sync-server" {
        for (name, value) in SYNC_PARAMS {
            words.extend([format!("--{name}"), value.to_owned()]);
            params.push(Param::new(name, value).map_err(Failure::harness)?);
        }
    }
    let subject = SubjectOptions { settings: settings(timing)?, params, ..SubjectOptions::default() };
    let server = ServerOptions { ready_within: written("10s")?, ..ServerOptions::default() };
    let template = Template::of_words(words, None).map_err(Failure::harness)?;
    Seat::server(Where::Command(template), family, &Manifest::default(), &subject, &server)
}

fn client(program: &str, role: &str, name: &str, real: Option<(&str, &[(Parameter, &str)])>) -> Result<Seat, Failure> {
    let words = [program, "reference", name, "--driver"].map(str::to_owned).into();
    let (policy, timing) = real.map_or((None, &[][..]), |(policy, timing)| (Some(policy), timing));
    let subject = SubjectOptions { settings: settings(timing)?, ..SubjectOptions::default() };
    let template = ClientTemplate::of_words(words).map_err(Failure::harness)?;
    Seat::client(Whence::Each(template), Driver::Spoken, role, policy, &Manifest::default(), &subject)
}

/// A file with two tokens, which is removed in the end.
struct TokenFile {
    path: PathBuf,
    tokens: [String; 2],
}

impl TokenFile {
    fn create() -> std::io::Result<Self> {
        let word = || format!("{:032x}", fastrand::u128(..));
        let (path, tokens) = (env::temp_dir().join(format!("conformance-{}", word())), [word(), word()]);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(tokens.join("\n").as_bytes())?;
        Ok(Self { path, tokens })
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn settings(timing: &[(Parameter, &str)]) -> Result<Vec<(Parameter, Written)>, Failure> {
    timing.iter().map(|(parameter, value)| Ok((*parameter, written(value)?))).collect()
}

fn written(text: &str) -> Result<Written, Failure> {
    text.parse().map_err(|error: relayspec::timing::NoDuration| Failure::harness(error.to_string()))
}
