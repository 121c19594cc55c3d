//! Scenarios as values: they round-trip through YAML, and the built-in library is complete.

mod any_script;
mod page;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use conformance::scenario::step::STEPS;
use conformance::scenario::{Scenario, Script, Step, built_in, load, save};
use jsonschema::{Draft, Validator};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use relayspec::family::{FAMILIES, Family};
use relayspec::schema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn all() -> &'static [Scenario] {
    built_in().expect("built-in scenarios that load")
}

fn text_of(scenario: &Scenario) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(&*scenario.file)).expect("a scenario's file")
}

/// Parses YAML as the loader does, without validating a script.
fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())
}

fn schema() -> &'static Validator {
    static COMPILED: LazyLock<Validator> = LazyLock::new(|| {
        let document = schema::document::<Script>();
        jsonschema::options().with_draft(Draft::Draft202012).build(&document).expect("a schema")
    });
    &COMPILED
}

#[test]
fn built_in_scenarios_round_trip() {
    assert!(!all().is_empty());
    for scenario in all() {
        let printed = save(&scenario.script).expect("a script that can be printed");
        let file = format!("{}.yaml", scenario.id);
        let back = load(&file, &printed).unwrap_or_else(|error| panic!("{error}\n{printed}")).remove(0);
        assert_eq!(back.script, scenario.script, "{printed}");
        assert_eq!(save(&back.script).expect("a script that can be printed"), printed, "printing is stable");
    }
}

#[test]
fn built_in_scenarios_match_their_schema() {
    let schema = schema();
    for scenario in all() {
        let written: Value = yaml(&text_of(scenario)).expect("YAML");
        let problems: Vec<_> = schema.iter_errors(&written).map(|error| error.to_string()).collect();
        assert_eq!(problems, [""; 0], "{}", scenario.file);
    }
}

#[test]
fn invalid_scenarios_do_not_match_the_schema() {
    let script =
        |steps: Value| json!({ "summary": "A.", "covers": ["PAIR-10"], "under_test": "relay", "steps": steps });
    let right = script(json!([{ "connect": { "as": "host", "to": "/mac" } }]));
    let schema = schema();
    assert!(schema.is_valid(&right));
    for wrong in [
        script(json!([{ "connect": { "as": "host", "to": "/mac", "too": 1 } }])),
        script(json!([{ "connect": { "to": "/mac" } }])),
        script(json!([{ "konnect": { "as": "host", "to": "/mac" } }])),
        script(json!([{ "expect": { "on": "host", "json": {}, "check": "Not Kebab" } }])),
        script(json!([{ "cut": { "on": "host", "by": "axe" } }])),
        script(json!([{ "pour": { "on": "host", "json": 1, "total": "1 MB", "until_blocked_for": "1s" } }])),
        script(json!({})),
        json!({ "summary": "A.", "covers": ["PAIR-10"], "under_test": "relay" }),
        json!({ "summary": "A.", "covers": "PAIR-10", "under_test": "relay", "steps": [] }),
        json!({ "summary": "A.", "covers": [], "under_test": "relay", "steps": [], "traits": ["light"] }),
        json!([]),
    ] {
        assert!(!schema.is_valid(&wrong), "{wrong}");
        assert!(yaml::<Script>(&wrong.to_string()).is_err(), "the loader and the schema agree on {wrong}");
    }
}

#[test]
fn built_in_scenarios_have_proper_names_and_summaries() {
    for scenario in all() {
        let name = Path::new(&*scenario.file).file_stem().and_then(|stem| stem.to_str()).expect("a name");
        let kebab = name
            .split('-')
            .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        assert!(kebab, "{name} is not in kebab-case");
        let shared = format!("{}/{}-{name}", scenario.family.name, scenario.script.under_test);
        let own = format!("{}/{name}", scenario.family.name);
        assert!([own, shared].contains(&scenario.id.as_str().to_owned()), "{}", scenario.id);
        let summary = &scenario.script.summary;
        let sentence = summary.ends_with('.') && summary.starts_with(|c: char| c.is_uppercase());
        assert!(sentence && !summary.contains('\n'), "{}: `{summary}` is not a sentence", scenario.id);
    }
    let ids: BTreeSet<_> = all().iter().map(|scenario| &scenario.id).collect();
    assert_eq!(ids.len(), all().len(), "two scenarios have the same id");
}

/// Requirements that no scenario can check, and why not.
const EXCUSED: &[(&str, &str, &str)] = &[
    ("pairing host", "RECON-11", "nothing refuses a host permanently"),
    (
        "pairing host",
        "DRV-01",
        "it applies to the runner: other output is log output, so no line of a client violates it",
    ),
    ("pairing viewer", "DRV-01", "as for the host"),
    ("terminal host", "RECON-11", "nothing refuses a host permanently"),
    ("terminal host", "DRV-01", "as for pairing"),
    ("terminal viewer", "DRV-01", "as for pairing"),
    ("tunnel agent", "DRV-01", "as for pairing"),
    ("rpc client", "RECON-11", "nothing refuses a client permanently"),
    ("rpc client", "DRV-01", "as for pairing"),
    ("sync client", "DRV-01", "as for pairing"),
];

/// The requirements of a role that no check covers.
fn unchecked(family: &Family, role: &str) -> Vec<&'static str> {
    let scenarios = all().iter().filter(|scenario| scenario.family.name == family.name);
    let scenarios = scenarios.filter(|scenario| scenario.script.under_test == role);
    let checked: BTreeSet<_> = scenarios.flat_map(Scenario::checks).map(|check| check.requirement).collect();
    family.requirements(role).map(|found| found.id).filter(|id| !checked.contains(*id)).collect()
}

/// Whether a family has scenarios of its own, beside those for every client.
fn has_scenarios(family: &Family) -> bool {
    all().iter().any(|scenario| scenario.family.name == family.name && scenario.script.under_test == family.server)
}

#[test]
fn a_check_covers_every_requirement() {
    assert!(FAMILIES.first().is_some_and(has_scenarios));
    let mut excused: Vec<_> = EXCUSED.iter().map(|(role, id, _)| format!("{role} {id}")).collect();
    let mut left = Vec::new();
    // A family starts with its specification; from its first scenario on, nothing may be missing.
    for family in FAMILIES.iter().filter(|family| has_scenarios(family)) {
        for role in family.clients.iter().chain([&family.server]) {
            left.extend(unchecked(family, role).into_iter().map(|id| format!("{} {role} {id}", family.name)));
        }
    }
    excused.sort();
    left.sort();
    assert_eq!(left, excused, "requirements without a check, and those that are excused");
}

#[test]
fn the_list_of_steps_matches_the_schema_and_its_own_examples() {
    let document = schema::document::<Script>();
    let steps = document["$defs"]["Step"]["oneOf"].as_array().expect("the steps");
    let all: Vec<_> = steps.iter().flat_map(|step| names(&step["properties"])).collect();
    assert_eq!(STEPS.iter().map(|kind| kind.keyword.to_owned()).collect::<Vec<_>>(), all);
    for kind in STEPS {
        let step: Step = serde_json::from_value(any_script::example(kind)).expect("an example of a step");
        assert_eq!(step.keyword(), kind.keyword);
        assert!(kind.summary.ends_with('.'), "`{}` has no summary", kind.keyword);
    }
    let (mut runner, generator) = (TestRunner::deterministic(), any_script::step());
    let mut left: BTreeSet<_> = STEPS.iter().map(|kind| kind.keyword).collect();
    for _ in 0..3000 {
        left.remove(generator.new_tree(&mut runner).expect("a step").current().keyword());
    }
    assert_eq!(left, BTreeSet::new(), "steps that are never generated");
}

fn names(object: &Value) -> Vec<String> {
    object.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_scripts_round_trip(script in any_script::script()) {
        let printed = save(&script).expect("a script that can be printed");
        let back = yaml::<Script>(&printed);
        prop_assert_eq!(back.as_ref(), Ok(&script), "{}", printed);
        let value = serde_json::to_value(&script).expect("JSON");
        prop_assert!(schema().is_valid(&value), "{:?}", schema().validate(&value).map_err(|error| error.to_string()));
    }
}
