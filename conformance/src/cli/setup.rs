//! From arguments and manifest to what a run needs. Everything that can be invalid is found here, before anything is started.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use conformance::baseline::Baseline;
use conformance::engine::Secrets;
use conformance::scenario::{Filter, Scenario, Selection, Size, built_in, built_in_of, load_file};
use conformance::subject::{ClientTemplate, Driver, Manifest, Param, Params, Ports};
use conformance::transport::tls;
use relayspec::family::{FAMILIES, Family};
use relayspec::reconnect::Policy;
use relayspec::timing::Timing;
use rustls::ClientConfig;

use super::error::{CommandError, UsageError};
use super::options::{RunOptions, ServerOptions, SubjectOptions};
use super::server_source::{ServerSource, check_base_url, reject_trust, trust};

/// How long a client has from its start to its first attempt by default: a virtual machine takes its time.
const FIRST_ATTEMPT: Duration = Duration::from_secs(10);

/// The server or client to test.
pub(super) enum SubjectSpec {
    Server {
        source: ServerSource,
        /// TLS, for `wss`.
        tls: Option<Arc<ClientConfig>>,
        /// How long a server that the runner starts has until it listens.
        ready_within: Duration,
        /// The values that it declares.
        params: Params,
    },
    Client {
        source: ClientSource,
        driver: Driver,
    },
}

impl SubjectSpec {
    /// The secrets among its params.
    pub(super) fn secrets(&self) -> Secrets {
        match self {
            Self::Server { params, .. } => Secrets::of(&params.bindings(&Ports::default())),
            Self::Client { .. } => Secrets::default(),
        }
    }

    /// Whether the runner starts it.
    pub(super) fn is_started(&self) -> bool {
        !matches!(
            self,
            Self::Server { source: ServerSource::Url(_), .. } | Self::Client { source: ClientSource::Attached(_), .. }
        )
    }
}

/// Where a client under test comes from.
#[derive(Debug)]
pub(super) enum ClientSource {
    /// A process for each scenario.
    Each(ClientTemplate),
    /// One process for all scenarios.
    Warm(ClientTemplate),
    /// A person starts it and points it at this address.
    Attached(SocketAddr),
}

/// A subject in one of its roles, and the scenarios for that role.
pub(super) struct RoleUnderTest {
    pub(super) spec: SubjectSpec,
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
pub(super) struct RunSetup {
    pub(super) roles: Vec<RoleUnderTest>,
    pub(super) baseline: Baseline,
    pub(super) options: RunOptions,
}

impl RoleUnderTest {
    /// A server.
    pub(super) fn server(
        source: ServerSource,
        family: &'static Family,
        manifest: &Manifest,
        subject: &SubjectOptions,
        options: &ServerOptions,
    ) -> Result<Self, CommandError> {
        check_base_url(&source, family)?;
        let tls = if source.address().is_secure() {
            Some(tls::configuration(&trust(manifest, options))?)
        } else {
            reject_trust(&source, manifest, options)?;
            None
        };
        let declared = manifest.params.iter().map(|(name, value)| Param::new(name, value));
        let declared: Vec<_> = declared.collect::<Result<_, _>>().map_err(UsageError::ManifestParams)?;
        let params: Params = declared.into_iter().chain(subject.params.iter().cloned()).collect();
        let source = match source {
            ServerSource::Command(template) => ServerSource::Command(template.with_params(params.clone())?),
            url @ ServerSource::Url(_) => url,
        };
        let spec = SubjectSpec::Server { source, tls, ready_within: options.ready_within.0, params };
        Ok(Self::new(spec, family, family.server, manifest, subject))
    }

    /// A client.
    pub(super) fn client(
        source: ClientSource,
        driver: Driver,
        role: &str,
        reconnect: Option<&str>,
        manifest: &Manifest,
        subject: &SubjectOptions,
    ) -> Result<Self, CommandError> {
        let (family, role) = client_role(role)?;
        let mut tested = Self::new(SubjectSpec::Client { source, driver }, family, role, manifest, subject);
        if let Some(written) = reconnect.or(manifest.reconnect.as_deref()) {
            let policy = family.policy.with(written);
            tested.policy = policy.map_err(|error| UsageError::Reconnect(error.into()))?;
        }
        let checked = tested.policy.check();
        checked.map_err(|breach| UsageError::Policy { requirement: breach.requirement.into(), why: breach.why })?;
        Ok(tested)
    }

    fn new(
        spec: SubjectSpec,
        family: &'static Family,
        role: &'static str,
        manifest: &Manifest,
        subject: &SubjectOptions,
    ) -> Self {
        let mut timing = manifest.timing();
        subject.settings.iter().for_each(|(parameter, value)| timing.declare(*parameter, value.0));
        let max_message = subject.max_message.or(manifest.max_message);
        let first_attempt = FIRST_ATTEMPT;
        Self { spec, family, role, timing, policy: family.policy, first_attempt, max_message, scenarios: Vec::new() }
    }

    /// Its name, such as `pairing.relay`.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.family.name, self.role)
    }

    fn has(&self, family: &Family, role: &str) -> bool {
        (self.family.name, self.role) == (family.name, role)
    }
}

impl RunSetup {
    pub(super) fn new(
        mut roles: Vec<RoleUnderTest>,
        baseline: Option<&PathBuf>,
        options: &RunOptions,
    ) -> Result<Self, CommandError> {
        let baseline = match options.baseline.as_ref().or(baseline) {
            Some(path) => Baseline::load(path)?,
            None => Baseline::empty(),
        };
        choose(&mut roles, options)?;
        roles.retain(|tested| !tested.scenarios.is_empty());
        Ok(Self { roles, baseline, options: options.clone() })
    }
}

/// The family and role of a client, such as `pairing.host`.
fn client_role(text: &str) -> Result<(&'static Family, &'static str), UsageError> {
    let roles = || FAMILIES.iter().flat_map(|family| family.clients.iter().map(move |role| (family, *role)));
    roles().find(|(family, role)| text == format!("{}.{role}", family.name)).ok_or_else(|| UsageError::ClientRole {
        role: text.to_owned(),
        known: roles().map(|(family, role)| format!("{}.{role}", family.name)).collect(),
    })
}

/// The family with this name.
pub(super) fn family(name: &str) -> Result<&'static Family, UsageError> {
    Family::named(name).ok_or_else(|| UsageError::Family {
        name: name.to_owned(),
        known: FAMILIES.iter().map(|family| family.name).collect(),
    })
}

/// The families with these names, each once; the first of all by default.
pub(super) fn families(names: &[String]) -> Result<Vec<&'static Family>, UsageError> {
    if names.is_empty() {
        return Ok(FAMILIES.iter().take(1).collect());
    }
    let named: Vec<_> = names.iter().map(|name| family(name)).collect::<Result<_, _>>()?;
    Ok(FAMILIES.iter().filter(|family| named.iter().any(|named| named.name == family.name)).collect())
}

fn filters(texts: &[String]) -> Result<Vec<Filter>, CommandError> {
    Ok(texts.iter().map(|text| Filter::read(text)).collect::<Result<_, _>>()?)
}

/// Gives each role its scenarios.
fn choose(roles: &mut [RoleUnderTest], options: &RunOptions) -> Result<(), CommandError> {
    let (only, skip) = (filters(&options.only)?, filters(&options.skip)?);
    let all = built_in_of(|family, role| roles.iter().any(|tested| tested.has(family, role)));
    let all = all.map_err(CommandError::BuiltIn)?;
    // A filter that matches nothing is a mistake, even if another one matches something.
    for (flag, texts, filters) in [("--only", &options.only, &only), ("--skip", &options.skip, &skip)] {
        for (text, filter) in texts.iter().zip(filters) {
            let takes = |scenario: &Scenario| filter.takes(scenario);
            if !all.iter().any(takes) && !built_in().map_err(CommandError::BuiltIn)?.iter().any(takes) {
                return Err(UsageError::MatchesNone { flag, text: text.clone() }.into());
            }
        }
    }
    for path in &options.scenario {
        add_file(path, roles)?;
    }
    for tested in roles.iter_mut().filter(|_| options.scenario.is_empty() || !options.only.is_empty()) {
        let selection = Selection {
            role: Some(tested.role.to_owned()),
            family: Some(tested.family.name.to_owned()),
            only: only.clone(),
            skip: skip.clone(),
        };
        tested.scenarios.extend(all.iter().filter(|scenario| selection.takes(scenario)).cloned().map(Arc::new));
    }
    if roles.iter().all(|tested| tested.scenarios.is_empty()) {
        return Err(UsageError::NothingSelected.into());
    }
    Ok(())
}

/// Gives the scenarios of a file to the roles that they test.
fn add_file(path: &Path, roles: &mut [RoleUnderTest]) -> Result<(), CommandError> {
    let scenarios = load_file(path).map_err(CommandError::ScenarioFile)?;
    let mut is_used = false;
    let mut tested = String::new();
    for scenario in scenarios {
        let (family, role) = (scenario.family, scenario.script.under_test.clone());
        tested = format!("{} {role}", family.name);
        if let Some(fitting) = roles.iter_mut().find(|tested| tested.has(family, &role)) {
            fitting.scenarios.push(Arc::new(scenario));
            is_used = true;
        }
    }
    if is_used {
        return Ok(());
    }
    let subject: Vec<_> = roles.iter().map(|tested| format!("{} {}", tested.family.name, tested.role)).collect();
    Err(UsageError::OtherRole { file: path.to_owned(), tested, subject: subject.join(", ") }.into())
}
