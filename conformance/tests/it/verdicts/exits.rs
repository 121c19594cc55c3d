//! What verdicts make of a run: the exit status, and what a person reads.

use conformance::outcome::Verdict;

use super::cases::{CASES, Case};
use super::{blamed, play};
use crate::support::{Judged, assert_told, file, folder};

async fn played(name: &str, flaw: &str, more: &[&str]) -> Judged {
    let case: &Case = CASES.iter().find(|case| case.flaw == flaw).expect("a case");
    play(name, &[(flaw.to_owned(), case.script(flaw))], more).await
}

#[tokio::test]
async fn a_broken_must_fails_the_run() {
    let judged = played("must", "wrong-code", &[]).await;
    assert_eq!(judged.ran.status, 1);
    assert_eq!((judged.junit.failures, judged.junit.errors), (1, 0));
    assert_told!(judged.ran.told());
}

#[tokio::test]
async fn a_broken_should_warns_and_conforms() {
    let judged = played("should", "wrong-should", &[]).await;
    assert_eq!(judged.ran.status, 0, "{}", judged.ran.told());
    assert_eq!(judged.check("told").verdict, Verdict::Warn);
    let behind = judged.check("stays-open");
    assert_eq!((behind.verdict, behind.because_of.as_deref()), (Verdict::Skip, Some("pairing/wrong-should#told")));
    assert_eq!((judged.junit.failures, judged.junit.errors), (0, 0));
    assert_told!(judged.ran.told());
}

#[tokio::test]
async fn a_failure_that_the_baseline_expects_conforms() {
    let known = "[[expected]]\ncheck = 'pairing/wrong-code#refused'\nreason = 'issue 12'\n";
    let known = file(&folder("verdicts-baseline"), "known.toml", known);
    let judged = played("expected", "wrong-code", &["--baseline", &known]).await;
    assert_eq!(judged.ran.status, 0, "{}", judged.ran.told());
    assert_eq!(judged.check("refused").expected_failure.as_deref(), Some("issue 12"));
    assert_told!(judged.ran.told());
}

#[tokio::test]
async fn a_failure_beside_the_expected_one_fails() {
    let known = "[[expected]]\ncheck = 'pairing/another-ts#answered'\nreason = 'issue 12'\n";
    let known = file(&folder("verdicts-baseline-beside"), "known.toml", known);
    let judged = played("beside", "another-ts", &["--baseline", &known]).await;
    assert_eq!(judged.ran.status, 1, "{}", judged.ran.told());
    let unexpected: Vec<_> =
        judged.report.scenarios.iter().flat_map(blamed).filter(|check| check.expected_failure.is_none()).collect();
    assert_eq!(unexpected.iter().map(|check| &*check.id).collect::<Vec<_>>(), ["pairing/another-ts#lint"]);
}

#[tokio::test]
async fn a_scenario_that_lies_is_a_fault_of_the_harness() {
    let script = |step: &str| {
        format!(
            "summary: Lies.\ncovers: [PAIR-50]\nunder_test: relay\nsteps:\n  - connect: {{ as: host, to: /mac?no-heartbeat }}\n  - expect: {{ on: host, json: {{ type: registered }}, check: greeted }}\n  - {step}\n"
        )
    };
    let mut told = String::new();
    for (name, step) in [
        ("valid-but-called-invalid", "send: { on: host, json: { type: ping, ts: 1 }, invalid: it is not }"),
        ("invalid-and-not-called-so", "send: { on: host, json: { type: ping } }"),
        ("no-ping-to-answer", "pong: { on: host }"),
    ] {
        let judged = play(name, &[(name.to_owned(), script(step))], &[]).await;
        assert_eq!((judged.ran.status, judged.ran.err.as_str()), (4, ""), "{}", judged.ran.told());
        assert_eq!(judged.report.summary.failed, 0, "the subject is not to blame: {}", judged.ran.told());
        assert_eq!(judged.check("greeted").verdict, Verdict::Pass, "what came before the fault was judged");
        told += &format!("# {name}\n{}\n", judged.ran.told());
    }
    assert_told!(told);
}

#[tokio::test]
async fn a_value_that_makes_a_message_of_what_is_to_be_none_is_told_of_the_subject() {
    let script = "summary: Sends what would be invalid.\ncovers: [PAIR-50]\nunder_test: relay\nsteps:\n  - connect: { as: host, to: /mac?no-heartbeat }\n  - expect: { on: host, json: { type: registered, code: $code }, check: greeted }\n  - connect: { as: viewer, to: /browser?no-heartbeat }\n  - send: { on: viewer, json: { type: join, code: $code }, invalid: a character too many }\n";
    let judged = play("odd-value", &[("odd-value".to_owned(), script.to_owned())], &[]).await;
    assert_eq!((judged.ran.status, judged.ran.err.as_str()), (1, ""), "{}", judged.ran.told());
    let found: Vec<_> = judged.check("story").findings.iter().map(|finding| finding.what.as_str()).collect();
    assert_eq!(found, ["the subject gave a value that makes a message of what is to be none"]);
}
