//! `conformance self-test`: judges the built-in reference implementations, started as processes of this very binary.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use clap::Args;
use conformance::subject::{ClientTemplate, Driver, Manifest, Param, ServerTemplate};
use relayspec::family::Family;
use relayspec::timing::{Parameter, Written};
use relayspec::{pairing, rpc, sync, terminal, tunnel};

use super::exit::{Exit, Failure};
use super::judge;
use super::options::{RunOptions, ServerOptions, SubjectOptions};
use super::setup::{RoleUnderTest, Setup, ClientSource, ServerSource};

/// Judge the built-in reference implementations, with no server or client at hand
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Judge this role alone, as pairing.relay; may be given often.
    #[arg(long, value_name = "ROLE", help_heading = "Selection")]
    role: Vec<String>,

    /// Start the reference with this mutant, to see that it is found; `conformance reference --list-mutants` lists them.
    #[arg(long, value_name = "NAME", requires = "role", help_heading = "Selection")]
    mutant: Option<String>,

    #[command(flatten)]
    judge: RunOptions,
}

/// A server that is judged, and the timing parameters that it runs with: short, so that a run takes seconds.
struct Server {
    family: &'static Family,
    /// The subcommand that runs it.
    name: &'static str,
    timing: &'static [(Parameter, &'static str)],
    /// What it promises beside that: less than its heartbeat would need to notice a loss.
    promises: &'static [(Parameter, &'static str)],
    /// What it is started with beside that. `{token_file}` is that of [`TokenFile`].
    words: &'static [&'static str],
    /// What it declares of itself. `{token}` and `{other_token}` are those in the file.
    params: &'static [(&'static str, &'static str)],
}

const SERVERS: [Server; 5] = [
    Server {
        family: &pairing::FAMILY,
        name: "pairing-relay",
        timing: &[
            (Parameter::CodeLifetime, "1500ms"),
            (Parameter::HeartbeatInterval, "300ms"),
            (Parameter::HeartbeatTimeout, "100ms"),
        ],
        promises: &[(Parameter::NotifyDeadline, "300ms")],
        words: &[],
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
        promises: &[(Parameter::NotifyDeadline, "400ms")],
        words: &[],
        params: &[],
    },
    Server {
        family: &tunnel::FAMILY,
        name: "tunnel-cloud",
        timing: &[(Parameter::AuthTimeout, "300ms"), (Parameter::RequestTimeout, "600ms")],
        promises: &[],
        words: &["--public-port", "{public_port}", "--token-file", "{token_file}"],
        params: &[
            ("public_url", "http://127.0.0.1:{public_port}"),
            ("token", "{token}"),
            ("other_token", "{other_token}"),
        ],
    },
    Server {
        family: &sync::FAMILY,
        name: "sync-server",
        timing: &[],
        promises: &[],
        words: &["--pin", "000042", "--control", "127.0.0.1:{control_port}"],
        params: &[("pin", "000042"), ("control", "127.0.0.1:{control_port}")],
    },
    Server { family: &rpc::FAMILY, name: "rpc-daemon", timing: &[], promises: &[], words: &[], params: &[] },
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
    (Parameter::RequestTimeout, "600ms"),
];

const SYNC_TIMING: [(Parameter, &str); 3] = [
    (Parameter::ConnectTimeout, "500ms"),
    (Parameter::SubscribeTimeout, "400ms"),
    (Parameter::RequestTimeout, "500ms"),
];

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let program =
        env::current_exe().map_err(|error| Failure::harness(format!("this program cannot find itself: {error}")))?;
    let program = program.display().to_string();
    // Accelerated, all run with the default values of their chapters.
    let real = arguments.judge.play.speed <= 1.0;
    if arguments.mutant.is_some() && arguments.role.len() != 1 {
        return Err(Failure::usage("--mutant: a mutant is one of a single --role"));
    }
    let tokens = TokenFile::create().map_err(|error| Failure::harness(format!("no file for tokens: {error}")))?;
    let mutant = arguments.mutant.as_deref();
    let mut seats = Vec::new();
    for server in SERVERS {
        seats.push(server.seat(&program, real, mutant, &tokens)?);
    }
    for (role, name, policy, timing) in CLIENTS {
        seats.push(client(&program, role, name, real.then_some((policy, timing)), mutant)?);
    }
    let judged = |seat: &RoleUnderTest| format!("{}.{}", seat.family.name, seat.role);
    let known: Vec<_> = seats.iter().map(judged).collect();
    if let Some(unknown) = arguments.role.iter().find(|role| !known.contains(role)) {
        return Err(Failure::usage(format!("no reference plays `{unknown}`; there are {}", known.join(", "))));
    }
    seats.retain(|seat| arguments.role.is_empty() || arguments.role.contains(&judged(seat)));
    judge::judge(&Setup::new(seats, None, &arguments.judge)?)
}

impl Server {
    fn seat(&self, program: &str, real: bool, mutant: Option<&str>, tokens: &TokenFile) -> Result<RoleUnderTest, Failure> {
        let place = if self.family.is_framed() { ["--socket", "{socket}"] } else { ["--port", "{port}"] };
        let words = [program, "reference", self.name].into_iter().chain(place).chain(self.words.iter().copied());
        let mut words: Vec<_> = words.map(|word| tokens.filled(word)).collect();
        let (timing, promises) = if real { (self.timing, self.promises) } else { (&[][..], &[][..]) };
        for (parameter, value) in timing {
            words.extend([format!("--{}", parameter.name().replace('_', "-")), (*value).to_owned()]);
        }
        words.extend(with(mutant));
        let params = self.params.iter().map(|(name, value)| Param::new(name, &tokens.filled(value)));
        let params = params.collect::<Result<_, _>>().map_err(Failure::harness)?;
        let subject =
            SubjectOptions { settings: settings(&[timing, promises].concat())?, params, ..SubjectOptions::default() };
        let server = ServerOptions { ready_within: written("10s")?, ..ServerOptions::default() };
        let template = ServerTemplate::of_words(words, None).map_err(Failure::harness)?;
        RoleUnderTest::server(ServerSource::Command(template), self.family, &Manifest::default(), &subject, &server)
    }
}

fn client(
    program: &str,
    role: &str,
    name: &str,
    real: Option<(&str, &[(Parameter, &str)])>,
    mutant: Option<&str>,
) -> Result<RoleUnderTest, Failure> {
    let words = [program, "reference", name, "--driver"].map(str::to_owned).into_iter().chain(with(mutant)).collect();
    let (policy, timing) = real.map_or((None, &[][..]), |(policy, timing)| (Some(policy), timing));
    let subject = SubjectOptions { settings: settings(timing)?, ..SubjectOptions::default() };
    let template = ClientTemplate::of_words(words).map_err(Failure::harness)?;
    RoleUnderTest::client(ClientSource::Each(template), Driver::Spoken, role, policy, &Manifest::default(), &subject)
}

fn with(mutant: Option<&str>) -> impl Iterator<Item = String> {
    mutant.into_iter().flat_map(|mutant| ["--mutant".to_owned(), mutant.to_owned()])
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

    /// A word in which the names of file and tokens are replaced.
    fn filled(&self, word: &str) -> String {
        let [token, other] = &self.tokens;
        match word {
            "{token_file}" => self.path.display().to_string(),
            "{token}" => token.clone(),
            "{other_token}" => other.clone(),
            word => word.to_owned(),
        }
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
