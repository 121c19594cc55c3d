//! `conformance self-test`: tests the built-in reference implementations, which run as processes of this binary.

use std::env;
use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use clap::Args;
use conformance::subject::{ClientTemplate, Driver, Manifest, Param, ServerTemplate};
use relayspec::family::Family;
use relayspec::timing::{HumanDuration, InvalidDuration, Parameter};
use relayspec::{pairing, rpc, sync, terminal, tunnel};

use super::error::{CommandError, UsageError};
use super::options::{RunOptions, ServerOptions, SubjectOptions};
use super::run;
use super::server_source::ServerSource;
use super::setup::{ClientSource, RoleUnderTest, RunSetup};
use super::status::ExitStatus;

/// Test the built-in reference implementations; needs no server or client
#[derive(Debug, Args)]
pub(super) struct SelfTestArguments {
    /// Test only this role, such as pairing.relay. Repeatable.
    #[arg(long, value_name = "ROLE", help_heading = "Selection")]
    role: Vec<String>,

    /// Start the reference with this mutant, to see it killed; `conformance reference --list-mutants` lists them.
    #[arg(long, value_name = "NAME", requires = "role", help_heading = "Selection")]
    mutant: Option<String>,

    #[command(flatten)]
    run: RunOptions,
}

/// A reference server and its timing parameters, which are short, so that a run takes seconds.
struct ReferenceServer {
    family: &'static Family,
    /// The subcommand that runs it.
    name: &'static str,
    timing: &'static [(Parameter, &'static str)],
    /// Parameters that it only declares: a deadline that is shorter than its heartbeat would need to notice a loss.
    promises: &'static [(Parameter, &'static str)],
    /// Further arguments. `{token_file}` is that of [`TokenFile`].
    words: &'static [&'static str],
    /// Its params. `{token}` and `{other_token}` are those in the file.
    params: &'static [(&'static str, &'static str)],
}

const SERVERS: [ReferenceServer; 5] = [
    ReferenceServer {
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
    ReferenceServer {
        family: &terminal::FAMILY,
        name: "terminal-relay",
        timing: &[
            (Parameter::AuthTimeout, "300ms"),
            (Parameter::HeartbeatInterval, "400ms"),
            // The relay reads a Pong after the floods of the scrollback scenarios.
            (Parameter::HeartbeatTimeout, "300ms"),
        ],
        promises: &[(Parameter::NotifyDeadline, "400ms")],
        words: &[],
        params: &[],
    },
    ReferenceServer {
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
    ReferenceServer {
        family: &sync::FAMILY,
        name: "sync-server",
        timing: &[],
        promises: &[],
        words: &["--pin", "000042", "--control", "127.0.0.1:{control_port}"],
        params: &[("pin", "000042"), ("control", "127.0.0.1:{control_port}")],
    },
    ReferenceServer { family: &rpc::FAMILY, name: "rpc-daemon", timing: &[], promises: &[], words: &[], params: &[] },
];

/// A reference client: its role, the subcommand that runs it, its policy, and its timing parameters.
type ReferenceClient = (&'static str, &'static str, &'static str, &'static [(Parameter, &'static str)]);

const CLIENTS: [ReferenceClient; 7] = [
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

pub(super) fn run(arguments: &SelfTestArguments) -> Result<ExitStatus, CommandError> {
    let program = env::current_exe().map_err(CommandError::Executable)?.display().to_string();
    // Accelerated, all run with the defaults of their chapters.
    let real = arguments.run.execution.speed <= 1.0;
    if arguments.mutant.is_some() && arguments.role.len() != 1 {
        return Err(UsageError::MutantRole.into());
    }
    let tokens = TokenFile::create().map_err(CommandError::TokenFile)?;
    let mutant = arguments.mutant.as_deref();
    let mut roles = Vec::new();
    for server in SERVERS {
        roles.push(server.role(&program, real, mutant, &tokens)?);
    }
    for (role, name, policy, timing) in CLIENTS {
        roles.push(client(&program, role, name, real.then_some((policy, timing)), mutant)?);
    }
    let known: Vec<_> = roles.iter().map(RoleUnderTest::name).collect();
    if let Some(unknown) = arguments.role.iter().find(|role| !known.contains(role)) {
        return Err(UsageError::ReferenceRole { role: unknown.clone(), known }.into());
    }
    roles.retain(|tested| arguments.role.is_empty() || arguments.role.contains(&tested.name()));
    run::run(&RunSetup::new(roles, None, &arguments.run)?)
}

impl ReferenceServer {
    fn role(
        &self,
        program: &str,
        real: bool,
        mutant: Option<&str>,
        tokens: &TokenFile,
    ) -> Result<RoleUnderTest, CommandError> {
        let address = if self.family.is_framed() { ["--socket", "{socket}"] } else { ["--port", "{port}"] };
        let words = [program, "reference", self.name].into_iter().chain(address).chain(self.words.iter().copied());
        let mut words: Vec<_> = words.map(|word| tokens.filled(word)).collect();
        let (timing, promises) = if real { (self.timing, self.promises) } else { (&[][..], &[][..]) };
        for (parameter, value) in timing {
            words.extend([format!("--{}", parameter.name().replace('_', "-")), (*value).to_owned()]);
        }
        words.extend(with(mutant));
        let params = self.params.iter().map(|(name, value)| Param::new(name, &tokens.filled(value)));
        let params = params.collect::<Result<_, _>>().map_err(invalid)?;
        let subject =
            SubjectOptions { settings: settings(&[timing, promises].concat())?, params, ..SubjectOptions::default() };
        let server = ServerOptions { ready_within: written("10s")?, ..ServerOptions::default() };
        let template = ServerTemplate::of_words(words, None).map_err(invalid)?;
        RoleUnderTest::server(ServerSource::Command(template), self.family, &Manifest::default(), &subject, &server)
    }
}

fn client(
    program: &str,
    role: &str,
    name: &str,
    real: Option<(&str, &[(Parameter, &str)])>,
    mutant: Option<&str>,
) -> Result<RoleUnderTest, CommandError> {
    let words = [program, "reference", name, "--driver"].map(str::to_owned).into_iter().chain(with(mutant)).collect();
    let (policy, timing) = real.map_or((None, &[][..]), |(policy, timing)| (Some(policy), timing));
    let subject = SubjectOptions { settings: settings(timing)?, ..SubjectOptions::default() };
    let template = ClientTemplate::of_words(words).map_err(invalid)?;
    RoleUnderTest::client(ClientSource::Each(template), Driver::Spoken, role, policy, &Manifest::default(), &subject)
}

fn with(mutant: Option<&str>) -> impl Iterator<Item = String> {
    mutant.into_iter().flat_map(|mutant| ["--mutant".to_owned(), mutant.to_owned()])
}

/// A file with two tokens, which is removed at the end.
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

    /// A word with the placeholders of file and tokens filled in.
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

/// A reference that is declared in here is invalid.
fn invalid(error: impl Error + 'static) -> CommandError {
    CommandError::SelfTest(Box::new(error))
}

fn settings(timing: &[(Parameter, &str)]) -> Result<Vec<(Parameter, HumanDuration)>, CommandError> {
    timing.iter().map(|(parameter, value)| Ok((*parameter, written(value)?))).collect()
}

fn written(text: &str) -> Result<HumanDuration, CommandError> {
    text.parse().map_err(|error: InvalidDuration| invalid(error))
}
