//! Reports for people and programs, from fixed events, so that snapshots need no filters.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use conformance::event::{Event, RunEnd};
use conformance::outcome::{By, CheckOutcome, Finding, ScenarioOutcome, SubjectInfo, Summary, TranscriptLine, Verdict};
use conformance::report::{Conclusion, Json, Junit, Report, ReportError, Reports, RunReport, Style, Terminal};
use conformance::scenario::{Place, ScenarioId};
use relayspec::requirement;
use serde_json::Value;

use crate::support::names;

const PLAIN: Style = Style { color: false, live: false, verbose: false, width: 110 };

// --- events

fn started(scenarios: usize) -> Event {
    let subject = SubjectInfo {
        url: Some("ws://127.0.0.1:8080".to_owned()),
        command: Some("node server.js --port 8080".to_owned()),
        family: "pairing".to_owned(),
        role: "relay".to_owned(),
        timing: BTreeMap::from(
            [("code_lifetime", "1500 ms"), ("auth_timeout", "10 s")].map(|(k, v)| (k.into(), v.into())),
        ),
        speed: 1.0,
        not_accelerated: None,
        reconnect: None,
    };
    Event::RunStarted { subjects: vec![subject], scenarios }
}

fn check(id: &str, requirement: Option<&str>, verdict: Verdict) -> CheckOutcome {
    CheckOutcome {
        id: id.to_owned(),
        requirement: requirement.map(str::to_owned),
        level: requirement.and_then(requirement::find).map(|requirement| requirement.level),
        verdict,
        reason: None,
        because_of: None,
        findings: Vec::new(),
        expected_failure: None,
    }
}

fn because(reason: &str, check: CheckOutcome) -> CheckOutcome {
    CheckOutcome { reason: Some(reason.to_owned()), ..check }
}

fn unreached(cause: &str, check: CheckOutcome) -> CheckOutcome {
    let reason = Some(format!("not reached, because of {cause}"));
    CheckOutcome { reason, because_of: Some(cause.to_owned()), ..check }
}

fn scenario(name: &str, duration_ms: f64, checks: Vec<CheckOutcome>) -> ScenarioOutcome {
    let id = ScenarioId::of_path(&format!("pairing/{name}"));
    let common = ["story", "lint"].map(|common| check(&format!("{id}#{common}"), None, Verdict::Pass));
    let is_given = |common: &CheckOutcome| checks.iter().any(|check| check.id == common.id);
    let common: Vec<_> = common.into_iter().filter(|common| !is_given(common)).collect();
    let checks: Vec<_> = common.into_iter().chain(checks).collect();
    ScenarioOutcome {
        file: format!("conformance/scenarios/pairing/{name}.yaml"),
        summary: "A summary.".to_owned(),
        verdict: ScenarioOutcome::worst(&checks),
        waits: false,
        duration_ms,
        attempts: 1,
        checks,
        transcript: Vec::new(),
        transcript_left_out: 0,
        connection_attempts: Vec::new(),
        output: String::new(),
        id,
    }
}

fn line(at_ms: f64, connection: &str, by: By, what: &str) -> TranscriptLine {
    TranscriptLine { at_ms, connection: connection.to_owned(), by, what: what.to_owned() }
}

fn passing(name: &str) -> ScenarioOutcome {
    let named = check(&format!("pairing/{name}#answered"), Some("PAIR-31"), Verdict::Pass);
    scenario(name, 34.2, vec![named])
}

/// A code is refused with the wrong error: one check fails, those after it are not reached.
fn failing() -> ScenarioOutcome {
    let id = "pairing/expired-code#refused-as-expired";
    let finding = Finding {
        what: "an unexpected message".to_owned(),
        expected: Some(r#"{"type":"error","code":"EXPIRED_CODE","message":(text)}"#.to_owned()),
        got: Some(r#"{"type":"error","code":"INVALID_CODE","message":"no such code"}"#.to_owned()),
        connection: Some("viewer".to_owned()),
        place: Some(Place { line: 11, column: 5 }),
        at_ms: Some(1552.345),
        ..Finding::default()
    };
    let failed = CheckOutcome { findings: vec![finding], ..check(id, Some("PAIR-30"), Verdict::Fail) };
    let checks = vec![
        unreached(id, check("pairing/expired-code#story", None, Verdict::Inconclusive)),
        check("pairing/expired-code#lint", None, Verdict::Pass),
        failed,
        unreached(id, check("pairing/expired-code#still-expired", Some("PAIR-32"), Verdict::Inconclusive)),
    ];
    let transcript = vec![
        line(0.0, "host", By::Runner, "connect /mac"),
        line(1.2, "host", By::Subject, r#"{"type":"registered","code":"204981","expiresAt":1794571501500}"#),
        line(1551.0, "viewer", By::Runner, "connect /browser"),
        line(1552.1, "viewer", By::Runner, r#"{"type":"join","code":"204981"}"#),
        line(1552.345, "viewer", By::Subject, r#"{"type":"error","code":"INVALID_CODE","message":"no such code"}"#),
        line(1552.345, "host", By::Subject, "Ping"),
    ];
    ScenarioOutcome { transcript, ..scenario("expired-code", 1558.0, checks) }
}

/// The failure of [`failing`], as the baseline expects it.
fn expected() -> ScenarioOutcome {
    let mut outcome = failing();
    for check in &mut outcome.checks[..] {
        if check.verdict != Verdict::Pass {
            check.expected_failure = Some("we answer INVALID_CODE until issue 12 is fixed".to_owned());
        }
    }
    ScenarioOutcome { verdict: ScenarioOutcome::worst(&outcome.checks), ..outcome }
}

/// A violated SHOULD.
fn warning() -> ScenarioOutcome {
    let slow = Finding {
        what: "3 of 50 messages took longer than allowed".to_owned(),
        expected: Some("at most 20 ms".to_owned()),
        got: Some("43.7 ms at worst".to_owned()),
        connection: Some("viewer".to_owned()),
        place: Some(Place { line: 9, column: 5 }),
        at_ms: Some(812.5),
        ..Finding::default()
    };
    let id = "pairing/small-messages#passed-on-at-once";
    let warned = CheckOutcome { findings: vec![slow], ..check(id, Some("WIRE-12"), Verdict::Warn) };
    let transcript = vec![line(812.4, "viewer", By::Subject, "Pong")];
    ScenarioOutcome { transcript, ..scenario("small-messages", 901.0, vec![warned]) }
}

fn skipped() -> ScenarioOutcome {
    let reason = "it waits for 10 min; --max-wait allows 30 s";
    let names = ["story", "lint", "pinged-on-time"];
    let skip = |name| because(reason, check(&format!("pairing/heartbeat#{name}"), None, Verdict::Skip));
    scenario("heartbeat", 0.0, names.map(skip).into())
}

fn partly_skipped() -> ScenarioOutcome {
    let skip = |name, reason| because(reason, check(&format!("pairing/memory#{name}"), Some("WIRE-11"), Verdict::Skip));
    let checks = [
        skip("stays-bounded", "memory is known only if the runner starts the subject"),
        skip("is-given-back", "memory is known only if the runner starts the subject"),
        skip("survives", "the subject lacks this feature"),
        check("pairing/memory#back-pressure", Some("WIRE-11"), Verdict::Pass),
    ];
    scenario("memory", 5021.0, checks.into())
}

fn inconclusive() -> ScenarioOutcome {
    let reason = "the machine was late by 41 ms; the tolerance is 25 ms";
    let checks = vec![because(reason, check("pairing/fresh-lifetime#on-time", Some("PAIR-34"), Verdict::Inconclusive))];
    ScenarioOutcome { attempts: 2, ..scenario("fresh-lifetime", 6021.0, checks) }
}

/// The events of a run with these outcomes.
fn run(outcomes: &[ScenarioOutcome], end: RunEnd) -> Vec<Event> {
    let mut summary = Summary::default();
    let mut events = vec![started(outcomes.len())];
    for outcome in outcomes {
        summary.add(outcome);
        events.push(Event::ScenarioStarted { id: outcome.id.clone() });
        events.push(Event::ScenarioFinished(Box::new(outcome.clone())));
    }
    events.push(Event::RunFinished(Box::new(RunEnd { summary, duration_ms: 3412.0, ..end })));
    events
}

/// All kinds of outcomes in one run.
fn mixed() -> Vec<Event> {
    let stale = "known.toml:6: `pairing/first-come#answered` passes now; remove it".to_owned();
    let outcomes = [passing("first-come"), warning(), skipped(), partly_skipped(), inconclusive(), expected()];
    run(&outcomes, RunEnd { stale_baseline: vec![stale], ..RunEnd::default() })
}

// --- outputs

fn feed(report: &mut impl Report, events: &[Event]) {
    events.iter().for_each(|event| report.event(event).expect("a report that can be written"));
}

fn terminal(events: &[Event], style: Style) -> String {
    let mut out = Vec::new();
    let mut report = Terminal::new(&mut out, style);
    feed(&mut report, events);
    drop(report);
    String::from_utf8(out).expect("UTF-8")
}

/// An empty folder for a test.
fn folder(name: &str) -> PathBuf {
    crate::support::folder(&format!("reports/{name}"))
}

fn written<R: Report>(name: &str, create: fn(&Path) -> Result<R, ReportError>, events: &[Event]) -> String {
    let path = folder(name).join("report");
    let mut report = create(&path).expect("a path that can be written");
    feed(&mut report, events);
    std::fs::read_to_string(path).expect("a report")
}

// --- the terminal report

#[test]
fn terminal_all_pass() {
    insta::assert_snapshot!(terminal(&run(&[passing("first-come"), passing("second-come")], RunEnd::default()), PLAIN));
}

#[test]
fn terminal_failure() {
    let output = "listening on 8080\n\u{1b}[33mWARN\u{1b}[0m unknown code 204981\n".to_owned();
    insta::assert_snapshot!(terminal(
        &run(&[passing("first-come"), failing(), passing("late")], RunEnd { output, ..RunEnd::default() }),
        PLAIN
    ));
}

#[test]
fn terminal_mixed() {
    insta::assert_snapshot!(terminal(&mixed(), PLAIN));
}

#[test]
fn terminal_problem() {
    let end = RunEnd {
        duration_ms: 10_004.0,
        problem: Some("`node server.js --port 8080` ended with status 1 before it answered".to_owned()),
        output: "Error: Cannot find module 'ws'\n    at node:internal/modules/cjs/loader:1080\n".to_owned(),
        ..RunEnd::default()
    };
    insta::assert_snapshot!(terminal(&[Event::RunFinished(Box::new(end))], PLAIN));
}

/// Two checks of one scenario fail, one of them often; the connection is busy, and the subject has output.
#[test]
fn terminal_long_failure() {
    let mut outcome = failing();
    let finding = |at: u32| Finding {
        requirement: Some("WIRE-01".to_owned()),
        what: format!("message {at} is not a JSON object"),
        got: Some(format!("[{}]", "0,".repeat(400))),
        connection: Some("host".to_owned()),
        at_ms: Some(f64::from(at) * 10.0),
        ..Finding::default()
    };
    let lint = CheckOutcome {
        findings: (1..9).map(finding).collect(),
        ..check("pairing/expired-code#lint", Some("WIRE-01"), Verdict::Fail)
    };
    outcome.checks[1] = lint;
    let busy = (1..130).map(|at| {
        let what = format!(r#"{{"type":"data","n":{at},"payload":"{}"}}"#, "x".repeat(200));
        line(f64::from(at) * 10.0, "host", By::Subject, &what)
    });
    outcome.transcript.splice(2..2, busy);
    outcome.transcript_left_out = 1200;
    outcome.output = (1..30).map(|at| format!("line {at}\n")).collect();
    insta::assert_snapshot!(terminal(&run(&[outcome], RunEnd::default()), PLAIN));
}

#[test]
fn terminal_shows_how_often_a_scenario_ran() {
    for (attempts, words) in [(0, "6.0 s)"), (1, "6.0 s)"), (2, "; run twice)"), (3, "; run 3 times)")] {
        let outcome = ScenarioOutcome { attempts, ..inconclusive() };
        let shown = terminal(&run(&[outcome], RunEnd::default()), PLAIN);
        assert!(shown.contains(words), "{attempts}: {shown}");
    }
}

#[test]
fn terminal_live_folds_passing_scenarios() {
    let events = mixed();
    let live = terminal(&events, Style { live: true, ..PLAIN });
    assert!(!live.contains("pass  pairing/first-come"), "{live}");
    assert!(
        live.contains("warn  pairing/small-messages") && live.contains("\nexpected  pairing/expired-code#"),
        "{live}"
    );
    assert!(live.contains("6 scenarios, 22 checks: "), "{live}");

    let verbose = terminal(&events, Style { live: true, verbose: true, ..PLAIN });
    assert!(verbose.contains("pass  pairing/first-come") && verbose.contains("code_lifetime 1500 ms"), "{verbose}");
    assert!(verbose.contains("  transcript ("), "{verbose}");
}

#[test]
fn terminal_colours_only_if_requested() {
    let events = run(&[passing("first-come"), failing()], RunEnd::default());
    let (plain, colored) = (terminal(&events, PLAIN), terminal(&events, Style { color: true, ..PLAIN }));
    assert!(!plain.contains('\u{1b}') && colored.contains("\u{1b}[32mpass\u{1b}["), "{colored}");
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
}

#[test]
fn terminal_escapes_what_the_subject_sends() {
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\r\0\u{202e}";
    let mut outcome = failing();
    outcome.transcript[4].what.push_str(hostile);
    outcome.transcript[4].connection.push_str(hostile);
    let finding = &mut outcome.checks[2].findings[0];
    finding.what.push_str(hostile);
    finding.got = Some(format!("{hostile}\nforged line"));
    finding.expected = Some(hostile.to_owned());
    outcome.checks.push(because(hostile, check("pairing/expired-code#x", Some(hostile), Verdict::Skip)));
    outcome.output = hostile.to_owned();
    let problem = Some(hostile.to_owned());
    let events = run(&[outcome], RunEnd { problem, output: hostile.to_owned(), ..RunEnd::default() });
    for style in [PLAIN, Style { live: true, verbose: true, ..PLAIN }] {
        let shown = terminal(&events, style);
        let obeyed: Vec<_> = shown.chars().filter(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}')).collect();
        assert_eq!(obeyed, [], "{shown}");
        assert!(
            shown.contains(r"got       \u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\r\u{0}\u{202e}\nforged line"),
            "{shown}"
        );
    }
}

#[test]
fn concludes_from_verdicts() {
    let conclusion = |outcomes: &[ScenarioOutcome], problem: Option<&str>| {
        let end = RunEnd { problem: problem.map(str::to_owned), ..RunEnd::default() };
        match run(outcomes, end).pop() {
            Some(Event::RunFinished(end)) => Conclusion::of(&end),
            other => panic!("a run ends, and not with {other:?}"),
        }
    };
    let (cut, pass) = (Some("interrupted"), passing("first-come"));
    assert_eq!(conclusion(&[pass.clone(), skipped(), warning(), expected()], None), Conclusion::Conforms);
    assert_eq!(conclusion(&[pass.clone(), failing()], None), Conclusion::DoesNotConform);
    assert_eq!(conclusion(&[pass.clone(), failing()], cut), Conclusion::DoesNotConform);
    assert_eq!(conclusion(std::slice::from_ref(&pass), cut), Conclusion::Inconclusive);
    assert_eq!(conclusion(&[pass, inconclusive()], None), Conclusion::Inconclusive);
    assert_eq!(conclusion(&[skipped()], None), Conclusion::Inconclusive);
    assert_eq!(conclusion(&[], None), Conclusion::Inconclusive);
}

// --- the machine-readable reports

#[test]
fn json() {
    let text = written("json", Json::create, &run(&[passing("first-come"), failing()], RunEnd::default()));
    insta::with_settings!({ filters => [(r#""version": "[^"]+""#, r#""version": "[version]""#)] }, {
        insta::assert_snapshot!(text);
    });
}

#[test]
fn json_matches_its_schema_and_round_trips() {
    let schema = serde_json::to_value(schemars::schema_for!(RunReport)).expect("a schema");
    assert_eq!(schema["title"], "Report");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let problem =
        RunEnd { problem: Some("interrupted".to_owned()), output: "\u{1b}[1m".to_owned(), ..RunEnd::default() };
    for (name, events) in [
        ("schema-mixed", mixed()),
        ("schema-failing", run(&[failing(), passing("first-come")], problem.clone())),
        ("schema-problem", vec![Event::RunFinished(Box::new(problem))]),
    ] {
        let text = written(name, Json::create, &events);
        let report: Value = serde_json::from_str(&text).expect("JSON");
        let errors: Vec<_> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{name}");

        let mut seen = RunReport::default();
        let ends = events.iter().map(|event| seen.add(event)).collect::<Vec<_>>();
        assert_eq!(ends.iter().position(|end| *end), Some(ends.len() - 1));
        assert_eq!(serde_json::from_value::<RunReport>(report.clone()).expect("a report"), seen);

        let mut wrong = report;
        wrong["summary"]["passed"] = "many".into();
        assert!(!validator.is_valid(&wrong));
    }
}

#[test]
fn json_sorts_scenarios() {
    let outcomes = [passing("c"), passing("a"), passing("b")];
    let report: Value =
        serde_json::from_str(&written("sorted", Json::create, &run(&outcomes, RunEnd::default()))).expect("JSON");
    let ids: Vec<_> = report["scenarios"].as_array().expect("scenarios").iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, ["pairing/a", "pairing/b", "pairing/c"]);
}

#[test]
fn junit() {
    let mut events = mixed();
    let Some(Event::RunFinished(end)) = events.last_mut() else { panic!("a run ends") };
    end.problem = Some("interrupted".to_owned());
    end.output = "listening on 8080\n".to_owned();
    events.insert(1, Event::ScenarioFinished(Box::new(failing())));
    insta::assert_snapshot!(written("junit", Junit::create, &events));
}

#[test]
fn junit_is_valid_xml_whatever_the_subject_sends() {
    let hostile = "\0\u{1}\u{1b}[31m\u{b}\u{7f}\u{85}\u{fffe}\u{ffff}]]>&<a b='c'>\"\r\n";
    let mut outcome = failing();
    outcome.checks[2].findings[0].what.push_str(hostile);
    outcome.checks[2].findings[0].got = Some(hostile.to_owned());
    outcome.transcript[4].what.push_str(hostile);
    outcome.output = hostile.to_owned();
    let end = RunEnd { problem: Some(hostile.to_owned()), output: hostile.to_owned(), ..RunEnd::default() };
    let text = written("junit-hostile", Junit::create, &run(&[outcome], end));
    let allowed = |c: char| matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(text.chars().filter(|c| !allowed(*c)).collect::<Vec<_>>(), []);
    assert!(
        text.contains(r"got       \u{0}\u{1}\u{1b}[31m\u{b}\u{7f}\u{85}\u{fffe}\u{ffff}]]&gt;&amp;&lt;a b="),
        "{text}"
    );
    let back = quick_junit::Report::deserialize_from_str(&text).expect("XML");
    assert_eq!((back.tests, back.failures, back.errors), (5, 1, 1));
}

// --- files

#[test]
fn replace_their_file_when_the_run_is_over() {
    let folder = folder("late");
    let path = folder.join("report.json");
    std::fs::write(&path, "the old report").expect("written");
    let events = run(&[passing("first-come")], RunEnd::default());
    let (last, first) = events.split_last().expect("events");

    let mut report = Json::create(&path).expect("a path that can be written");
    feed(&mut report, first);
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), "the old report");
    feed(&mut report, std::slice::from_ref(last));
    assert!(std::fs::read_to_string(&path).expect("a file").starts_with("{\n"));
    assert_eq!(names(&folder), ["report.json"]);
}

#[test]
fn of_unfinished_runs_leave_no_file() {
    let folder = folder("never");
    let mut report = Json::create(&folder.join("report.json")).expect("a path that can be written");
    report.event(&started(1)).expect("taken");
    drop(report);
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn reject_a_path_before_the_run() {
    let folder = folder("refused");
    let refused = |path: &Path| Junit::create(path).expect_err("an error").to_string();
    let path = folder.join("none/report.xml");
    let none = folder.join("none");
    assert_eq!(
        refused(&path),
        format!("cannot write {}: the folder `{}` does not exist", path.display(), none.display())
    );
    assert_eq!(refused(&folder), format!("cannot write {}: it is a folder; expected a file", folder.display()));
    assert!(refused(Path::new("")).contains("expected the name of a file"), "{}", refused(Path::new("")));
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
#[cfg(unix)]
fn follow_links() {
    let folder = folder("links");
    let (target, link) = (folder.join("target.json"), folder.join("link.json"));
    std::fs::write(&target, "old").expect("written");
    std::os::unix::fs::symlink(&target, &link).expect("a link");
    let mut report = Json::create(&link).expect("a path that can be written");
    feed(&mut report, &run(&[passing("first-come")], RunEnd::default()));
    assert!(link.is_symlink());
    assert!(std::fs::read_to_string(&target).expect("a file").starts_with("{\n"));
}

/// Not a device, which a failing test could replace if it runs as root.
#[test]
#[cfg(unix)]
fn write_to_pipes_without_replacing_them() {
    use std::os::unix::fs::FileTypeExt;
    let pipe = folder("pipe").join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe)
    });
    let mut report = Json::create(&pipe).expect("a path that can be written");
    feed(&mut report, &run(&[passing("first-come")], RunEnd::default()));
    drop(report);
    assert!(std::fs::metadata(&pipe).expect("a pipe").file_type().is_fifo());
    assert!(reader.join().expect("a reader").expect("a report").starts_with("{\n"));
}

#[test]
fn go_on_if_one_of_them_fails() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let path = folder("fan-out").join("report.json");
    let mut reports = Reports::default();
    reports.add(Terminal::new(Full, PLAIN));
    reports.add(Json::create(&path).expect("a path that can be written"));
    let errors = run(&[passing("first-come")], RunEnd::default())
        .iter()
        .map(|event| reports.event(event).len())
        .collect::<Vec<_>>();
    assert_eq!(errors, [1, 0, 0, 0]);
    assert!(path.exists());
}
