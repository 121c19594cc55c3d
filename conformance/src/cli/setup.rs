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
        let secure = match &place {
            Where::Url(address) => address.secure,
            Where::Command(template) => template.is_secure(),
        };
        let tls =
            if secure { Some(tls::configuration(&trust(manifest, subject)).map_err(Failure::usage)?) } else { None };
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
