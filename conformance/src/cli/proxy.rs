//! `conformance proxy`: forwards traffic between real peers, and reports which peer violates which requirement.

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
use conformance::proxy::{FaultInjection, Proxy, ProxyEvent, ProxySetup, TranscriptHeader};
use conformance::transport::{Trust, WebAddress, tls};
use relayspec::family::Family;
use relayspec::timing::HumanDuration;
use tokio::sync::mpsc;

use super::error::{CommandError, UsageError};
use super::setup::family;
use super::signals::stop_requested;
use super::status::ExitStatus;
use super::system::{raise_file_limit, runtime};
use super::violations::Violations;

/// How many batches of events may be unprinted before checking waits.
const UNPRINTED: usize = 64;
/// How long traffic is still checked and printed after the proxy was asked to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// Forward traffic between real peers, and report which peer violates which requirement
#[derive(Debug, Args)]
pub(super) struct ProxyArguments {
    /// The address to listen on; port 0 means any free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// The base URL of the real server, such as ws://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    upstream: WebAddress,

    /// The protocol family.
    #[arg(long, value_name = "NAME", default_value = "pairing")]
    family: String,

    /// Write all traffic to a file, for `conformance replay`. It includes secrets.
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,

    /// Trust only the certificates in this PEM file (wss).
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca_file: Option<PathBuf>,

    /// Trust any certificate (wss).
    #[arg(long)]
    insecure: bool,

    /// Reset every connection after this time.
    #[arg(long, value_name = "DURATION", help_heading = "Fault injection")]
    drop_after: Option<HumanDuration>,

    /// Delay all traffic by this time.
    #[arg(long, value_name = "DURATION", help_heading = "Fault injection")]
    delay: Option<HumanDuration>,

    /// Reset every connection after this many messages.
    #[arg(long, value_name = "NUMBER", help_heading = "Fault injection", value_parser = clap::value_parser!(u32).range(1..))]
    reset_every: Option<u32>,

    /// After this time, stop forwarding without closing the connection.
    #[arg(long, value_name = "DURATION", help_heading = "Fault injection")]
    half_open_after: Option<HumanDuration>,
}

pub(super) fn run(arguments: &ProxyArguments) -> Result<ExitStatus, CommandError> {
    raise_file_limit();
    let family = family(&arguments.family)?;
    if family.is_framed() {
        return Err(UsageError::NotForwarded(family.name).into());
    }
    let transcript = arguments.transcript.as_ref().map(|path| {
        let named = |source| CommandError::OpenTranscript { path: path.clone(), source };
        let mut file = BufWriter::new(create(path).map_err(named)?);
        let first = TranscriptHeader::new(family, arguments.upstream.to_string());
        writeln!(file, "{}", serde_json::json!(first)).map_err(named)?;
        Ok::<_, CommandError>(file)
    });
    let transcript = transcript.transpose()?;
    let runtime = runtime(2)?;
    let exit = runtime.block_on(serve(arguments, family, transcript));
    runtime.shutdown_background();
    exit
}

/// A file that no other user may read, because traffic may be secret.
fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

async fn serve(
    arguments: &ProxyArguments,
    family: &'static Family,
    mut transcript: Option<BufWriter<File>>,
) -> Result<ExitStatus, CommandError> {
    let trust = match &arguments.ca_file {
        Some(path) => Trust::File(path.clone()),
        None if arguments.insecure => Trust::AnyCertificate,
        None => Trust::WellKnown,
    };
    let tls = arguments.upstream.secure.then(|| tls::configuration(&trust)).transpose()?;
    let clock = Clock::start();
    let setup = ProxySetup {
        upstream: arguments.upstream.clone(),
        tls,
        family,
        fault_injection: FaultInjection {
            drop_after: arguments.drop_after.map(|span| span.0),
            delay: arguments.delay.map(|span| span.0),
            reset_every: arguments.reset_every.map(|number| number as usize),
            half_open_after: arguments.half_open_after.map(|span| span.0),
        },
        clock: clock.clone(),
        schemas: Arc::new(Schemas::default()),
    };
    let unusable = |source| CommandError::Listen { address: arguments.listen.to_string(), source };
    let proxy = Proxy::bind(arguments.listen, setup).await.map_err(unusable)?;
    let address = proxy.local_addr().map_err(unusable)?;
    anstream::println!("listening on ws://{address}, forwarding {} to {}", family.name, arguments.upstream);
    let (sender, mut events) = mpsc::channel(UNPRINTED);
    let serving = tokio::spawn(proxy.serve(sender));
    let mut violations = Violations::default();
    let stopped = async {
        stop_requested().await;
        serving.abort();
        // What was forwarded by now is still printed.
        clock.nap(DRAIN).await;
    };
    tokio::pin!(stopped);
    while let Some(batch) = tokio::select! {
        batch = events.recv() => batch,
        () = &mut stopped => None,
    } {
        for event in batch {
            match event {
                ProxyEvent::Entry(entry) => {
                    if let Some(file) = &mut transcript {
                        writeln!(file, "{}", serde_json::json!(entry)).map_err(CommandError::WriteTranscript)?;
                    }
                    violations.count(&entry);
                }
                ProxyEvent::Violation { connection, at_ms, violation } => {
                    anstream::println!("{}", violations.add(connection, at_ms, &violation));
                }
                ProxyEvent::Note { connection, text } => anstream::println!("connection {connection}: {text}"),
            }
        }
    }
    if let Some(mut file) = transcript {
        file.flush().map_err(CommandError::WriteTranscript)?;
    }
    anstream::println!("{}", violations.summary());
    Ok(violations.exit())
}
