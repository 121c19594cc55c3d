//! From arguments and manifest to what a run needs. Everything that can be wrong is found here, before anything is started.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use conformance::baseline::Baseline;
use conformance::engine::Secrets;
use conformance::scenario::{Filter, LoadError, Scenario, Selection, Size, built_in, built_in_of, load_file};
use conformance::subject::{ClientTemplate, Driver, Manifest, Param, Params, Ports};
use conformance::transport::tls;
use relayspec::family::{FAMILIES, Family};
use relayspec::reconnect::Policy;
use relayspec::timing::Timing;
use rustls::ClientConfig;

use super::exit::Failure;
use super::options::{RunOptions, ServerOptions, SubjectOptions};
pub(super) use super::whereabouts::ServerSource;
use super::whereabouts::{base_url, no_trust, trust};

/// How long a client has from its start to its first attempt, unless it is said: a virtual machine takes its time.
const FIRST_ATTEMPT: Duration = Duration::from_secs(10);

/// What is judged.
pub(super) enum SubjectSpec {
    /// A server.
    Server {
        /// ServerSource it is.
        at: ServerSource,
        /// TLS, for `wss`.
        tls: Option<Arc<ClientConfig>>,
        /// How long it has to begin to listen, where the runner starts it.
        ready_within: Duration,
        /// What it declares of itself.
        params: Params,
    },
    /// A client that the runner starts.
    Client {
        /// How it is come by.
        at: ClientSource,
        /// Whether it speaks the driver protocol.
        driver: Driver,
    },
}

impl SubjectSpec {
    /// What it declares of itself in confidence.
    pub(super) fn secrets(&self) -> Secrets {
        match self {
            Self::Server { params, .. } => Secrets::of(&params.bindings(&Ports::default())),
            Self::Client { .. } => Secrets::default(),
        }
    }
}

/// How a client under test is come by.
#[derive(Debug)]
pub(super) enum ClientSource {
    /// A process for each scenario.
    Each(ClientTemplate),
    /// One process for all of them.
    Warm(ClientTemplate),
    /// A person starts it, and points it at this address.
    Attached(SocketAddr),
}

/// A subject in one of its roles, and the scenarios for it.
pub(super) struct RoleUnderTest {
    pub(super) place: SubjectSpec,
    pub(super) family: &'static Family,
    pub(super) role: &'static str,
    pub(super) timing: Timing,
    pub(super) policy: Policy,
    /// How long a client has from its start to its first attempt.
    pub(super) first_attempt: Duration,
    pub(super) max_message: Option<Size>,
    pub(super) scenarios: Vec<Arc<Scenario>>,
}

/// What a run needs.
pub(super) struct Setup {
    pub(super) seats: Vec<RoleUnderTest>,
    pub(super) baseline: Baseline,
    pub(super) options: RunOptions,
}

impl RoleUnderTest {
    /// A server.
    pub(super) fn server(
        at: ServerSource,
        family: &'static Family,
        manifest: &Manifest,
        subject: &SubjectOptions,
        options: &ServerOptions,
    ) -> Result<Self, Failure> {
        base_url(&at, family)?;
        let tls = if at.is_secure() {
            Some(tls::configuration(&trust(manifest, options)).map_err(Failure::usage)?)
        } else {
            no_trust(&at, manifest, options)?;
            None
        };
        let declared = manifest.params.iter().map(|(name, value)| Param::new(name, value));
        let declared: Vec<_> = declared
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::usage(format!("the manifest's params: {error}")))?;
        let params: Params = declared.into_iter().chain(subject.params.iter().cloned()).collect();
        let at = match at {
            ServerSource::Command(template) => ServerSource::Command(template.with_params(params.clone()).map_err(Failure::usage)?),
            at => at,
        };
        let place = SubjectSpec::Server { at, tls, ready_within: options.ready_within.0, params };
        Ok(Self::new(place, family, family.server, manifest, subject))
    }

    /// The families with these names, each once; the first of all where none is named.
    pub(super) fn families(names: &[String]) -> Result<Vec<&'static Family>, Failure> {
        if names.is_empty() {
            return Ok(FAMILIES.iter().take(1).collect());
        }
        let named: Vec<_> = names.iter().map(|name| named(name)).collect::<Result<_, _>>()?;
        Ok(FAMILIES.iter().filter(|family| named.iter().any(|named| named.name == family.name)).collect())
    }

    /// A client.
    pub(super) fn client(
        at: ClientSource,
        driver: Driver,
        role: &str,
        reconnect: Option<&str>,
        manifest: &Manifest,
        subject: &SubjectOptions,
    ) -> Result<Self, Failure> {
        let (family, role) = client_role(role)?;
        let mut seat = Self::new(SubjectSpec::Client { at, driver }, family, role, manifest, subject);
        if let Some(written) = reconnect.or(manifest.reconnect.as_deref()) {
            let read = family.policy.with(written);
            seat.policy = read.map_err(|error| Failure::usage(format!("--reconnect: {error}")))?;
        }
        seat.policy.check().map_err(|breach| {
            Failure::usage(format!("the policy that is declared breaks {}: {}", breach.requirement, breach.why))
        })?;
        Ok(seat)
    }

    fn new(
        place: SubjectSpec,
        family: &'static Family,
        role: &'static str,
        manifest: &Manifest,
        subject: &SubjectOptions,
    ) -> Self {
        let mut timing = manifest.timing();
        subject.settings.iter().for_each(|(parameter, value)| timing.declare(*parameter, value.0));
        let max_message = subject.max_message.or(manifest.max_message);
        let first_attempt = FIRST_ATTEMPT;
        Self { place, family, role, timing, policy: family.policy, first_attempt, max_message, scenarios: Vec::new() }
    }
}

impl Setup {
    pub(super) fn new(
        mut seats: Vec<RoleUnderTest>,
        baseline: Option<&PathBuf>,
        options: &RunOptions,
    ) -> Result<Self, Failure> {
        let baseline = match options.baseline.as_ref().or(baseline) {
            Some(path) => Baseline::load(path).map_err(Failure::usage)?,
            None => Baseline::empty(),
        };
        choose(&mut seats, options)?;
        seats.retain(|seat| !seat.scenarios.is_empty());
        Ok(Self { seats, baseline, options: options.clone() })
    }
}

/// The family and role that `pairing.host` names.
fn client_role(text: &str) -> Result<(&'static Family, &'static str), Failure> {
    let roles = || FAMILIES.iter().flat_map(|family| family.clients.iter().map(move |role| (family, *role)));
    roles().find(|(family, role)| text == format!("{}.{role}", family.name)).ok_or_else(|| {
        let known: Vec<_> = roles().map(|(family, role)| format!("{}.{role}", family.name)).collect();
        Failure::usage(format!("no client has the role `{text}`; there are {}", known.join(", ")))
    })
}

fn named(name: &str) -> Result<&'static Family, Failure> {
    Family::named(name).ok_or_else(|| {
        let names: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
        Failure::usage(format!("no family is called `{name}`; there are: {}", names.join(", ")))
    })
}

fn filters(texts: &[String]) -> Result<Vec<Filter>, Failure> {
    texts.iter().map(|text| Filter::read(text)).collect::<Result<_, _>>().map_err(Failure::usage)
}

/// Gives each seat the scenarios that judge it.
fn choose(seats: &mut [RoleUnderTest], options: &RunOptions) -> Result<(), Failure> {
    let (only, skip) = (filters(&options.only)?, filters(&options.skip)?);
    let broken = |error: LoadError| Failure::harness(error.to_string());
    let is_seated =
        |family: &Family, role: &str| seats.iter().any(|seat| (seat.family.name, seat.role) == (family.name, role));
    let all = built_in_of(is_seated).map_err(broken)?;
    // A filter that takes nothing is a slip of the pen, also where another one takes something.
    for (flag, texts, filters) in [("--only", &options.only, &only), ("--skip", &options.skip, &skip)] {
        for (text, filter) in texts.iter().zip(filters) {
            let takes = |scenario: &Scenario| filter.takes(scenario);
            if !all.iter().any(takes) && !built_in().map_err(broken)?.iter().any(takes) {
                return Err(Failure::usage(format!("{flag} {text} matches no scenario; `conformance list` shows all")));
            }
        }
    }
    for path in &options.scenario {
        own(path, seats)?;
    }
    for seat in seats.iter_mut().filter(|_| options.scenario.is_empty() || !options.only.is_empty()) {
        let selection = Selection {
            role: Some(seat.role.to_owned()),
            family: Some(seat.family.name.to_owned()),
            only: only.clone(),
            skip: skip.clone(),
        };
        seat.scenarios.extend(all.iter().filter(|scenario| selection.takes(scenario)).cloned().map(Arc::new));
    }
    if seats.iter().all(|seat| seat.scenarios.is_empty()) {
        return Err(Failure::usage("no scenario is selected; `conformance list` shows all"));
    }
    Ok(())
}

/// Gives the scenarios of a file to the seats that they judge.
fn own(path: &Path, seats: &mut [RoleUnderTest]) -> Result<(), Failure> {
    let scenarios = load_file(path).map_err(|error| Failure::usage(error.to_string()))?;
    let mut given = false;
    let mut told = String::new();
    for scenario in scenarios {
        let (family, role) = (scenario.family.name, scenario.script.under_test.clone());
        told = format!("judges the {family} {role}");
        let fits = |seat: &&mut RoleUnderTest| seat.family.name == family && seat.role == role;
        if let Some(seat) = seats.iter_mut().find(fits) {
            seat.scenarios.push(Arc::new(scenario));
            given = true;
        }
    }
    if given {
        return Ok(());
    }
    let judged: Vec<_> = seats.iter().map(|seat| format!("{} {}", seat.family.name, seat.role)).collect();
    Err(Failure::usage(format!("{}: {told}, and the subject is a {}", path.display(), judged.join(", "))))
}
