//! `conformance server`: judges a server by its URL or its command.

use std::path::PathBuf;

use clap::Args;
use conformance::subject::{Manifest, Param, ServerTemplate};

use super::exit::{Exit, Failure};
use super::judge;
use super::options::{RunOptions, ServerOptions, SubjectOptions};
use super::setup::{RoleUnderTest, Setup, ServerSource};

/// Judge a server, by its URL or by the command that starts it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    server: Served,

    #[command(flatten)]
    judge: RunOptions,
}

/// Which server, and what it declares of itself.
#[derive(Debug, Args)]
pub(super) struct Served {
    /// The base URL, as ws://127.0.0.1:8080; with --command the URL that it is then reached by, as ws://127.0.0.1:{port}.
    url: Option<String>,

    /// The command that starts the server; `{port}` stands for a free port. No shell runs it.
    #[arg(long, value_name = "COMMAND", help_heading = "Subject")]
    command: Option<String>,

    /// ServerSource the public reaches a tunnel's cloud, as http://127.0.0.1:8081; short for --param public_url=URL.
    #[arg(long, value_name = "URL", help_heading = "Subject")]
    public_url: Option<String>,

    /// A file that says what the subject is (TOML); flags win over it.
    #[arg(long, value_name = "FILE", help_heading = "Subject")]
    manifest: Option<PathBuf>,

    /// The family of protocols; may be given several times, for a server that speaks several.
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    family: Vec<String>,

    #[command(flatten)]
    subject: SubjectOptions,

    #[command(flatten)]
    server: ServerOptions,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let manifest = arguments.server.manifest()?;
    let seats = arguments.server.seats(&manifest)?;
    judge::judge(&Setup::new(seats, manifest.baseline.as_ref(), &arguments.judge)?)
}

impl Served {
    /// The manifest, where there is one.
    pub(super) fn manifest(&self) -> Result<Manifest, Failure> {
        Manifest::of(self.manifest.as_deref()).map_err(Failure::usage)
    }

    /// The server, once for each family.
    pub(super) fn seats(&self, manifest: &Manifest) -> Result<Vec<RoleUnderTest>, Failure> {
        let url = self.url.as_ref().or(manifest.url.as_ref());
        // A URL on the command line alone means a server that runs already, whatever command a manifest has.
        let command = self.command.as_ref().or(manifest.command.as_ref().filter(|_| self.url.is_none()));
        // What a manifest says is meant from where the manifest stands.
        let folder = manifest.folder().filter(|_| self.command.is_none());
        let place = match (url, command) {
            (url, Some(command)) => {
                let template = ServerTemplate::new(command, url.map(String::as_str)).map_err(Failure::usage)?;
                ServerSource::Command(template.in_folder(folder))
            }
            (Some(url), None) => ServerSource::Url(url.parse().map_err(Failure::usage)?),
            (None, None) => {
                return Err(Failure::usage(
                    "no subject: give its URL, as ws://127.0.0.1:8080, or --command 'my-relay --port {port}'",
                ));
            }
        };
        let mut subject = self.subject.clone();
        if let Some(url) = &self.public_url {
            subject.params.push(Param::new("public_url", url).map_err(Failure::usage)?);
        }
        let families = if self.family.is_empty() { manifest.families() } else { &self.family };
        let families = RoleUnderTest::families(families)?.into_iter();
        families.map(|family| RoleUnderTest::server(place.clone(), family, manifest, &subject, &self.server)).collect()
    }
}
