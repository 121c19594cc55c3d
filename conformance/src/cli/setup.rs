//! From arguments and manifest to what a run needs. Everything that can be wrong is found here, before anything is started.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use conformance::baseline::Baseline;
use conformance::scenario::{Filter, Scenario, Script, Selection, Size, built_in, load_file};
use conformance::subject::{Manifest, Template};
use conformance::transport::{Address, Trust, tls};
use relayspec::family::{FAMILIES, Family};
use relayspec::timing::Timing;
use rustls::ClientConfig;

use super::exit::Failure;
use super::options::{JudgeOptions, SubjectOptions};

/// Where the subject is.
#[derive(Debug)]
pub(super) enum Where {
    /// It runs already.
    Url(Address),
    /// The runner starts it.
    Command(Template),
}

impl Where {
    fn url(&self) -> String {
        match self {
            Self::Url(address) => address.to_string(),
            Self::Command(template) => template.url().to_owned(),
        }
    }

    fn is_secure(&self) -> bool {
        match self {
            Self::Url(address) => address.secure,
            Self::Command(template) => template.is_secure(),
        }
    }

    fn prefix(&self) -> &str {
        match self {
            Self::Url(address) => &address.prefix,
            Self::Command(template) => template.prefix(),
        }
    }
}

/// What a run needs.
pub(super) struct Setup {
    pub(super) place: Where,
    pub(super) family: &'static Family,
    pub(super) timing: Timing,
    pub(super) max_message: Option<Size>,
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) ready_within: Duration,
    pub(super) scenarios: Vec<Arc<Scenario>>,
    pub(super) baseline: Baseline,
    pub(super) options: JudgeOptions,
}

impl Setup {
    pub(super) fn new(
        place: Where,
        family: Option<&str>,
        manifest: &Manifest,
        subject: &SubjectOptions,
        options: &JudgeOptions,
    ) -> Result<Self, Failure> {
        let family = named(family)?;
        let mut timing = manifest.timing();
        subject.settings.iter().for_each(|(parameter, value)| timing.declare(*parameter, value.0));
        let baseline = match options.baseline.as_ref().or(manifest.baseline.as_ref()) {
            Some(path) => Baseline::load(path).map_err(Failure::usage)?,
            None => Baseline::empty(),
        };
        base_url(&place, family)?;
        let tls = if place.is_secure() {
            Some(tls::configuration(&trust(manifest, subject)).map_err(Failure::usage)?)
        } else {
            no_trust(&place, manifest, subject)?;
            None
        };
        Ok(Self {
            place,
            family,
            timing,
            max_message: subject.max_message.or(manifest.max_message),
            tls,
            ready_within: subject.ready_within.0,
            scenarios: scenarios(family, options)?,
            baseline,
            options: options.clone(),
        })
    }
}

fn named(family: Option<&str>) -> Result<&'static Family, Failure> {
    match family {
        None => FAMILIES.first().ok_or_else(|| Failure::harness("there is no family")),
        Some(name) => Family::named(name).ok_or_else(|| {
            let names: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
            Failure::usage(format!("no family is called `{name}`; there are: {}", names.join(", ")))
        }),
    }
}

fn trust(manifest: &Manifest, subject: &SubjectOptions) -> Trust {
    match subject.ca_file.as_ref().or(manifest.ca_file.as_ref().filter(|_| !subject.insecure)) {
        Some(path) => Trust::File(PathBuf::from(path)),
        None if subject.insecure => Trust::Anybody,
        None => Trust::WellKnown,
    }
}

/// Without TLS nobody is trusted: who says whom to trust takes the address for another.
fn no_trust(place: &Where, manifest: &Manifest, subject: &SubjectOptions) -> Result<(), Failure> {
    // A manifest for `wss` makes sense, also where a URL on the command line wins over it.
    let is_meant = |url: &String| url.parse().is_ok_and(|address: Address| address.secure);
    let by_manifest = manifest.ca_file.is_some() && !manifest.url.as_ref().is_some_and(is_meant);
    let (at, key) = match (&subject.ca_file, subject.insecure) {
        (Some(_), _) => (String::new(), "--ca-file"),
        (None, true) => (String::new(), "--insecure"),
        (None, false) if by_manifest => {
            let file = manifest.file.as_ref().map(|file| format!("manifest {}: ", file.display()));
            (file.unwrap_or_default(), "`ca_file`")
        }
        (None, false) => return Ok(()),
    };
    let url = place.url();
    Err(Failure::usage(format!(
        "{at}{key} goes with a wss:// address, and {url} is one without TLS: write wss://, or leave {key} out"
    )))
}

/// A relay may accept the handshake on any path and close the connection afterwards: then every scenario would fail.
fn base_url(place: &Where, family: &Family) -> Result<(), Failure> {
    let Some(endpoint) = family.endpoints.iter().find(|endpoint| place.prefix().ends_with(endpoint.path)) else {
        return Ok(());
    };
    let (url, path) = (place.url(), endpoint.path);
    let base = url.trim_end_matches('/').strip_suffix(path).unwrap_or(&url);
    Err(Failure::usage(format!(
        "{url} ends in `{path}`, the path of an endpoint: give the base URL, {base}; every scenario adds the path itself"
    )))
}

fn filters(texts: &[String]) -> Result<Vec<Filter>, Failure> {
    texts.iter().map(|text| Filter::read(text)).collect::<Result<_, _>>().map_err(Failure::usage)
}

fn scenarios(family: &Family, options: &JudgeOptions) -> Result<Vec<Arc<Scenario>>, Failure> {
    let selection = Selection {
        role: Some(family.server.to_owned()),
        family: Some(family.name.to_owned()),
        only: filters(&options.only)?,
        skip: filters(&options.skip)?,
    };
    let all = built_in().map_err(|error| Failure::harness(error.to_string()))?;
    // A filter that takes nothing is a slip of the pen, also where another one takes something.
    let texts = [("--only", &options.only, &selection.only), ("--skip", &options.skip, &selection.skip)];
    for (flag, texts, filters) in texts {
        for (text, filter) in texts.iter().zip(filters) {
            if !all.iter().any(|scenario| filter.takes(scenario)) {
                return Err(Failure::usage(format!("{flag} {text} matches no scenario; `conformance list` shows all")));
            }
        }
    }
    let mut chosen: Vec<Arc<Scenario>> = Vec::new();
    for path in &options.scenario {
        let scenario = load_file(path).map_err(|error| Failure::usage(error.to_string()))?;
        let Script { under_test, .. } = &scenario.script;
        if scenario.family.name != family.name || under_test != family.server {
            let problem = format!(
                "judges the {} {under_test}, and the subject is a {} {}",
                scenario.family.name, family.name, family.server
            );
            return Err(Failure::usage(format!("{}: {problem}", scenario.file)));
        }
        chosen.push(Arc::new(scenario));
    }
    if options.scenario.is_empty() || !options.only.is_empty() {
        chosen.extend(all.iter().filter(|scenario| selection.takes(scenario)).cloned().map(Arc::new));
    }
    if chosen.is_empty() {
        return Err(Failure::usage("no scenario is selected; `conformance list` shows all"));
    }
    Ok(chosen)
}
