//! `conformance proxy`: sits between real peers and says who of them breaks what.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use conformance::clock::Clock;
use conformance::lint::Schemas;
use conformance::proxy::{Faults, Happening, Open, Proxy, Setup};
use conformance::transport::{Trust, WebAddress, tls};
use relayspec::family::Family;
use relayspec::timing::Written;
use tokio::sync::mpsc;

use super::exit::{Exit, Failure};
use super::setup::RoleUnderTest;
use super::signals::told_to_stop;
use super::violations::Violations;

/// How many times something may have happened that was not told yet; then the judging waits.
const WAITING: usize = 64;
/// For how long at most what has passed is still told, once the proxy is to end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Sit between real peers: forward every byte, and report who of them breaks what
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// ServerSource to listen; port 0 lets the system choose one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// The base URL of the real server, as ws://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    upstream: WebAddress,

    /// The family of protocols that is spoken.
    #[arg(long, value_name = "NAME", default_value = "pairing")]
    family: String,

    /// Write all that passes to a file, for `conformance replay`; also what is secret there.
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,

    /// Trust the certificates of this PEM file, and no others (wss).
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca_file: Option<PathBuf>,

    /// Trust any certificate (wss).
    #[arg(long)]
    insecure: bool,

    /// Reset every connection after so long.
    #[arg(long, value_name = "DURATION", help_heading = "Faults")]
    drop_after: Option<Written>,

    /// Pass everything on so much later.
    #[arg(long, value_name = "DURATION", help_heading = "Faults")]
    delay: Option<Written>,

    /// Reset every connection after so many messages.
    #[arg(long, value_name = "NUMBER", help_heading = "Faults", value_parser = clap::value_parser!(u32).range(1..))]
    reset_every: Option<u32>,

    /// After so long pass nothing on any more, and tell nobody.
    #[arg(long, value_name = "DURATION", help_heading = "Faults")]
    half_open_after: Option<Written>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    super::raise_file_limit();
    let families = RoleUnderTest::families(std::slice::from_ref(&arguments.family))?;
    let family = *families.first().ok_or_else(|| Failure::usage("no family"))?;
    if family.is_framed() {
        return Err(Failure::usage(format!(
            "{} does not travel by WebSocket, and the proxy carries nothing else",
            family.name
        )));
    }
    let transcript = arguments.transcript.as_ref().map(|path| {
        let named = |error: std::io::Error| Failure::usage(format!("--transcript {}: {error}", path.display()));
        let mut file = BufWriter::new(create(path).map_err(named)?);
        let first = Open::new(family, arguments.upstream.to_string());
        writeln!(file, "{}", serde_json::json!(first)).map_err(named)?;
        Ok::<_, Failure>(file)
    });
    let transcript = transcript.transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::harness(format!("the runtime cannot be started: {error}")))?;
    let exit = runtime.block_on(serve(arguments, family, transcript));
    runtime.shutdown_background();
    exit
}

/// A file that nobody else may read, for what passes may be secret.
fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

async fn serve(
    arguments: &Arguments,
    family: &'static Family,
    mut transcript: Option<BufWriter<File>>,
) -> Result<Exit, Failure> {
    let trust = match &arguments.ca_file {
        Some(path) => Trust::File(path.clone()),
        None if arguments.insecure => Trust::AnyCertificate,
        None => Trust::WellKnown,
    };
    let tls = arguments.upstream.secure.then(|| tls::configuration(&trust)).transpose().map_err(Failure::usage)?;
    let clock = Clock::start();
    let setup = Setup {
        upstream: arguments.upstream.clone(),
        tls,
        family,
        faults: Faults {
            drop_after: arguments.drop_after.map(|span| span.0),
            delay: arguments.delay.map(|span| span.0),
            reset_every: arguments.reset_every.map(|number| number as usize),
            half_open_after: arguments.half_open_after.map(|span| span.0),
        },
        clock: clock.clone(),
        schemas: Arc::new(Schemas::default()),
    };
    let unusable = |error: std::io::Error| Failure::usage(format!("--listen {}: {error}", arguments.listen));
    let proxy = Proxy::bind(arguments.listen, setup).await.map_err(unusable)?;
    let address = proxy.local_addr().map_err(unusable)?;
    anstream::println!("listening on ws://{address}, for {} in front of {}", family.name, arguments.upstream);
    let (sender, mut happenings) = mpsc::channel(WAITING);
    let serving = tokio::spawn(proxy.serve(sender));
    let mut violations = Violations::default();
    let unwritable = |error: std::io::Error| Failure::harness(format!("the transcript cannot be written: {error}"));
    let stopped = async {
        told_to_stop().await;
        serving.abort();
        // What has passed by now is still told.
        clock.nap(LAST_WORDS).await;
    };
    tokio::pin!(stopped);
    while let Some(happened) = tokio::select! {
        happened = happenings.recv() => happened,
        () = &mut stopped => None,
    } {
        for happening in happened {
            match happening {
                Happening::Line(line) => {
                    if let Some(file) = &mut transcript {
                        writeln!(file, "{}", serde_json::json!(line)).map_err(unwritable)?;
                    }
                    violations.line(&line);
                }
                Happening::Violation { connection, at_ms, violation } => {
                    anstream::println!("{}", violations.add(connection, at_ms, &violation));
                }
                Happening::Note { connection, text } => anstream::println!("connection {connection}: {text}"),
            }
        }
    }
    if let Some(mut file) = transcript {
        file.flush().map_err(unwritable)?;
    }
    anstream::println!("{}", violations.summary());
    Ok(violations.exit())
}
