//! The exit status and the terminal report of each verdict.

use conformance::outcome::Verdict;

use super::cases::CASES;
use super::{failing, run};
use crate::support::{TestRun, assert_shown, file, folder};

async fn tested(name: &str, flaw: &str, more: &[&str]) -> TestRun {
    let case = CASES.iter().find(|case| case.flaw == flaw).expect("a case");
    run(name, &[(flaw.to_owned(), case.script(flaw))], more).await
}

#[tokio::test]
async fn a_violated_must_fails_the_run() {
    let tested = tested("must", "wrong-code", &[]).await;
    tested.exits(1);
    assert_eq!((tested.junit.failures, tested.junit.errors), (1, 0));
    assert_shown!(tested.ran.shown());
}

#[tokio::test]
async fn a_violated_should_warns_and_conforms() {
    let tested = tested("should", "wrong-should", &[]).await;
    tested.exits(0);
    assert_eq!(tested.check("refused").verdict, Verdict::Warn);
    let unreached = tested.check("stays-open");
    assert_eq!(
        (unreached.verdict, unreached.because_of.as_deref()),
        (Verdict::Skip, Some("pairing/wrong-should#refused"))
    );
    assert_eq!((tested.junit.failures, tested.junit.errors), (0, 0));
    assert_shown!(tested.ran.shown());
}

#[tokio::test]
async fn an_expected_failure_conforms() {
    let known = "[[expected]]\ncheck = 'pairing/wrong-code#refused'\nreason = 'issue 12'\n";
    let known = file(&folder("verdicts-baseline"), "known.toml", known);
    let tested = tested("expected", "wrong-code", &["--baseline", &known]).await;
    tested.exits(0);
    assert_eq!(tested.check("refused").expected_failure.as_deref(), Some("issue 12"));
    assert_shown!(tested.ran.shown());
}

#[tokio::test]
async fn a_further_failure_fails_the_run() {
    let known = "[[expected]]\ncheck = 'pairing/another-ts#answered'\nreason = 'issue 12'\n";
    let known = file(&folder("verdicts-baseline-beside"), "known.toml", known);
    let tested = tested("beside", "another-ts", &["--baseline", &known]).await;
    tested.exits(1);
    let unexpected: Vec<_> =
        tested.report.scenarios.iter().flat_map(failing).filter(|check| check.expected_failure.is_none()).collect();
    assert_eq!(unexpected.iter().map(|check| &*check.id).collect::<Vec<_>>(), ["pairing/another-ts#lint"]);
}

#[tokio::test]
async fn a_false_claim_in_a_scenario_is_an_internal_error() {
    let script = |step: &str| {
        format!(
            "summary: Claims something false.\ncovers: [PAIR-50]\nunder_test: relay\nsteps:\n  - connect: {{ as: host, to: /mac?no-heartbeat }}\n  - expect: {{ on: host, json: {{ type: registered }}, check: greeted }}\n  - {step}\n"
        )
    };
    let mut shown = String::new();
    for (name, step) in [
        ("valid-but-called-invalid", "send: { on: host, json: { type: ping, ts: 1 }, invalid: it is not }"),
        ("invalid-and-not-called-so", "send: { on: host, json: { type: ping } }"),
        ("no-ping-to-answer", "pong: { on: host }"),
    ] {
        let tested = run(name, &[(name.to_owned(), script(step))], &[]).await;
        assert_eq!((tested.ran.status, tested.ran.err.as_str()), (4, ""), "{}", tested.ran.shown());
        assert_eq!(tested.report.summary.failed, 0, "no failure is attributed to the subject: {}", tested.ran.shown());
        assert_eq!(tested.check("greeted").verdict, Verdict::Pass, "the step before it was evaluated");
        shown += &format!("# {name}\n{}\n", tested.ran.shown());
    }
    assert_shown!(shown);
}

#[tokio::test]
async fn a_value_that_makes_an_invalid_message_valid_is_attributed_to_the_subject() {
    let script = "summary: Sends what would be invalid.\ncovers: [PAIR-50]\nunder_test: relay\nsteps:\n  - connect: { as: host, to: /mac?no-heartbeat }\n  - expect: { on: host, json: { type: registered, code: $code }, check: greeted }\n  - connect: { as: viewer, to: /browser?no-heartbeat }\n  - send: { on: viewer, json: { type: join, code: $code }, invalid: a character too many }\n";
    let tested = run("odd-value", &[("odd-value".to_owned(), script.to_owned())], &[]).await;
    assert_eq!((tested.ran.status, tested.ran.err.as_str()), (1, ""), "{}", tested.ran.shown());
    let found: Vec<_> = tested.check("story").findings.iter().map(|finding| finding.what.as_str()).collect();
    assert_eq!(found, ["the subject provided a value that makes an invalid message valid"]);
}
