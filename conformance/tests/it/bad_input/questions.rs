//! The subcommands that only print: answers to valid questions, and a hint for invalid ones.

use conformance::scenario::{Scenario, built_in};
use relayspec::requirement;
use serde_json::Value;

use crate::support::{assert_shown, conformance};

async fn answer(arguments: &[&str]) -> String {
    let ran = conformance(arguments).await;
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{arguments:?}: {}", ran.shown());
    ran.out
}

fn all() -> &'static [Scenario] {
    built_in().expect("built-in scenarios that load")
}

#[tokio::test]
async fn explains_requirements_and_scenarios() {
    for id in ["PAIR-30", "pair-30"] {
        let shown = answer(&["explain", id]).await;
        let found = requirement::find("PAIR-30").expect("a requirement");
        for part in
            ["PAIR-30 MUST · relay\n", found.text, "spec/text/pairing.md:", "Checked by", "pairing/expired-code: "]
        {
            assert!(shown.contains(part), "`{part}` is not in\n{shown}");
        }
    }
    for id in ["pairing/expired-code", "pairing/stop"] {
        let scenario = all().iter().find(|scenario| scenario.id.as_str() == id).expect("a scenario");
        let shown = answer(&["explain", id]).await;
        assert!(shown.contains(&scenario.script.summary) && shown.contains(&*scenario.file), "{shown}");
        for check in scenario.checks() {
            assert!(shown.contains(&format!("{} ({})", check.name, check.requirement)), "{shown}");
        }
    }
}

#[tokio::test]
async fn invalid_questions_get_a_hint() {
    let mut shown = String::new();
    for arguments in [
        &["explain", "nonsense"][..],
        &["explain", "PAIR-3"],
        &["explain", "pairing/expired-cod"],
        &["explain", ""],
        &["list", "nonsense"],
        &["list", "PAIR-999"],
        &["schema", "nonsense"],
        &["schema"],
        &["completions", "nosh"],
        &["reference", "nonsense"],
    ] {
        let ran = conformance(arguments).await;
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{arguments:?}: {}", ran.shown());
        shown += &format!("# {}\n{}\n", arguments.join(" "), ran.err);
    }
    assert_shown!(shown);
}

#[tokio::test]
async fn lists_everything() {
    let shown = answer(&["list"]).await;
    let json: Value = serde_json::from_str(&answer(&["list", "--json"]).await).expect("JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(all().len()));
    for scenario in all() {
        assert!(shown.contains(scenario.id.as_str()) && shown.contains(&scenario.script.summary), "{}", scenario.id);
    }
    let shown = answer(&["list", "--requirements"]).await;
    let json: Value = serde_json::from_str(&answer(&["list", "--requirements", "--json"]).await).expect("JSON");
    for found in requirement::all() {
        assert!(shown.contains(found.text), "{}", found.id);
        assert!(json.as_array().expect("a list").iter().any(|row| row["id"] == found.id), "{}", found.id);
    }
    let shared = json.as_array().expect("a list").iter().filter(|row| row["id"] == "WIRE-04");
    let shared: Vec<_> = shared.map(|row| (row["role"].as_str(), row["checks"].as_u64() > Some(0))).collect();
    assert_eq!(shared[..3], [(Some("relay"), true), (Some("host"), true), (Some("viewer"), true)]);
    let expiry = answer(&["list", "PAIR-30"]).await;
    assert!(expiry.contains("pairing/expired-code") && !expiry.contains("pairing/ping "), "{expiry}");
}

#[tokio::test]
async fn narrows_the_list_of_requirements() {
    for (which, shown) in [
        (&["PAIR-30"][..], "relay PAIR-30"),
        (&["PAIR-H1"], "host PAIR-H1"),
        (&["TERM-30"], "relay TERM-30"),
        (&["WIRE-11"], "relay WIRE-11, relay WIRE-11, cloud WIRE-11, server WIRE-11"),
        (&["pairing/heartbeat"], "relay PAIR-80"),
        (&["pairing/heartbeat", "PAIR-30"], "relay PAIR-30, relay PAIR-80"),
    ] {
        let json = answer(&[&["list", "--requirements", "--json"], which].concat()).await;
        let json: Value = serde_json::from_str(&json).expect("JSON");
        let rows = json.as_array().expect("a list").iter();
        let text = |row: &Value, key: &str| row[key].as_str().expect("a text").to_owned();
        let rows: Vec<_> = rows.map(|row| format!("{} {}", text(row, "role"), text(row, "id"))).collect();
        assert_eq!(rows.join(", "), shown, "{which:?}");
    }
}

#[tokio::test]
async fn prints_valid_schemas() {
    let names = answer(&["schema", "--list"]).await;
    assert_eq!(names, "scenario\nreport\nmanifest\nbaseline\ndriver\n");
    for name in names.lines() {
        let document: Value = serde_json::from_str(&answer(&["schema", name]).await).expect("JSON");
        assert_eq!(document["$id"], format!("urn:relayspec:{name}"));
        jsonschema::meta::validate(&document).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[tokio::test]
async fn prints_completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = answer(&["completions", shell]).await;
        assert!(script.contains("self-test") && script.contains("report-junit"), "{shell}: {script}");
    }
}

#[tokio::test]
async fn prints_help_to_stdout() {
    for arguments in [&["--help"][..], &["-h"], &["help", "server"], &["server", "--help"], &["--version"]] {
        assert!(answer(arguments).await.contains("onformance"), "{arguments:?}");
    }
    let bare = conformance([""; 0]).await;
    assert_eq!((bare.status, bare.out.as_str()), (2, ""));
    assert!(bare.err.contains("Usage: conformance <COMMAND>"), "{}", bare.err);
}
