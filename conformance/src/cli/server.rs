//! `conformance server`: tests a server, by its URL or the command that starts it.

use std::path::PathBuf;

use clap::Args;
use conformance::subject::{Manifest, Param, ServerTemplate};

use super::error::{CommandError, UsageError};
use super::options::{RunOptions, ServerOptions, SubjectOptions};
use super::run;
use super::server_source::ServerSource;
use super::setup::{RoleUnderTest, RunSetup, families};
use super::status::ExitStatus;

/// Test a server, by its URL or the command that starts it
#[derive(Debug, Args)]
pub(super) struct ServerArguments {
    #[command(flatten)]
    server: ServerUnderTest,

    #[command(flatten)]
    run: RunOptions,
}

/// Which server to test, and what it declares.
#[derive(Debug, Args)]
pub(super) struct ServerUnderTest {
    /// The base URL, such as ws://127.0.0.1:8080; with --command the URL of the started server, such as ws://127.0.0.1:{port}.
    url: Option<String>,

    /// The command that starts the server; `{port}` stands for a free port. It does not run in a shell.
    #[arg(long, value_name = "COMMAND", help_heading = "Subject")]
    command: Option<String>,

    /// The public URL of a tunnel's cloud, such as http://127.0.0.1:8081; short for --param public_url=URL.
    #[arg(long, value_name = "URL", help_heading = "Subject")]
    public_url: Option<String>,

    /// A TOML file that describes the subject; flags override it.
    #[arg(long, value_name = "FILE", help_heading = "Subject")]
    manifest: Option<PathBuf>,

    /// The protocol family; repeat it for a server that speaks several. [default: pairing]
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    family: Vec<String>,

    #[command(flatten)]
    subject: SubjectOptions,

    #[command(flatten)]
    server: ServerOptions,
}

pub(super) fn run(arguments: &ServerArguments) -> Result<ExitStatus, CommandError> {
    let manifest = arguments.server.manifest()?;
    let roles = arguments.server.roles(&manifest)?;
    run::run(&RunSetup::new(roles, manifest.baseline.as_ref(), &arguments.run)?)
}

impl ServerUnderTest {
    /// The manifest; an empty one by default.
    pub(super) fn manifest(&self) -> Result<Manifest, CommandError> {
        Ok(Manifest::of(self.manifest.as_deref())?)
    }

    /// The server in its role of each family.
    pub(super) fn roles(&self, manifest: &Manifest) -> Result<Vec<RoleUnderTest>, CommandError> {
        let url = self.url.as_ref().or(manifest.url.as_ref());
        // A URL without a command on the command line means a running server, whatever command the manifest has.
        let command = self.command.as_ref().or(manifest.command.as_ref().filter(|_| self.url.is_none()));
        // The command of a manifest runs in the manifest's folder.
        let folder = manifest.folder().filter(|_| self.command.is_none());
        let source = match (url, command) {
            (url, Some(command)) => {
                ServerSource::Command(ServerTemplate::new(command, url.map(String::as_str))?.in_folder(folder))
            }
            (Some(url), None) => ServerSource::Url(url.parse()?),
            (None, None) => return Err(UsageError::NoServer.into()),
        };
        let mut subject = self.subject.clone();
        if let Some(url) = &self.public_url {
            subject.params.push(Param::new("public_url", url)?);
        }
        let named = if self.family.is_empty() { manifest.families() } else { &self.family };
        let families = families(named)?.into_iter();
        families.map(|family| RoleUnderTest::server(source.clone(), family, manifest, &subject, &self.server)).collect()
    }
}
