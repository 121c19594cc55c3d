//! Clients with one flaw each, run with the built-in scenario that has to detect it.
//!
//! The client is a separate program, `tests/client`; without a flaw it passes everything.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use futures_util::future::join_all;

use conformance::outcome::ScenarioOutcome;
use conformance::scenario::{built_in, save};

use super::{failing, failing_names, shown};
use crate::support::{FLAWED, TestRun, file, folder, test_run};

/// A flaw of a client.
struct ClientCase {
    /// Its name, as the client knows it.
    flaw: &'static str,
    role: &'static str,
    /// The built-in scenario that detects it, without family and role.
    scenario: &'static str,
    /// The checks that fail or warn, in the order of the report.
    failing: &'static [&'static str],
}

impl ClientCase {
    fn name(&self) -> String {
        format!("{}--{}-{}", self.flaw, self.role, self.scenario)
    }

    fn script(&self) -> String {
        let id = format!("pairing/{}-{}", self.role, self.scenario);
        let all = built_in().expect("built-in scenarios that load");
        let found = all.iter().find(|scenario| scenario.id.as_str() == id).unwrap_or_else(|| panic!("no {id}"));
        save(&found.script).expect("a script that can be printed")
    }
}

/// How often a case is run at most.
const MOST_ROUNDS: usize = 4;
/// Delays that are short, but differ enough for a busy machine.
const POLICY: &str = "base=100ms,factor=2,cap=400ms";

async fn run(name: &str, role: &str, policy: &str, more: &[String]) -> TestRun {
    let role_of_family = format!("pairing.{role}");
    let subject = ["client", "--role", &role_of_family, "--driver", "--reconnect", policy];
    let limits = ["--set", "connect_timeout=1s", "--jobs", "6"];
    let arguments = subject.iter().chain(&limits).copied().chain(more.iter().map(String::as_str));
    test_run(name, arguments.chain(["--", FLAWED, role])).await
}

/// Runs cases of one role until the right checks fail in each, or a few times: a busy machine may hide a flaw.
async fn tested(role: &str, policy: &str, cases: &[&ClientCase]) -> BTreeMap<String, ScenarioOutcome> {
    let name = format!("clients-{role}-{}", cases[0].flaw);
    let below = folder(&name).join("pairing");
    std::fs::create_dir_all(&below).expect("a folder");
    let mut outcomes = BTreeMap::new();
    let mut left = cases.to_vec();
    for _ in 0..MOST_ROUNDS {
        let files = left.iter().map(|case| file(&below, &format!("{}.yaml", case.name()), &case.script()));
        let more: Vec<_> = files.flat_map(|file| ["--scenario".to_owned(), file]).collect();
        let tested = run(&name, role, policy, &more).await;
        assert_eq!(tested.ran.err, "", "{}", tested.ran.shown());
        let finished = tested.report.scenarios.into_iter();
        outcomes.extend(finished.map(|outcome| (outcome.id.as_str().replace("pairing/", ""), outcome)));
        left.retain(|case| failing_names(&outcomes[&case.name()]) != case.failing);
        if left.is_empty() {
            break;
        }
    }
    outcomes
}

/// How many cases share a run.
const CASES_AT_ONCE: usize = 18;

/// Asserts that the right checks fail.
async fn assert_failing(role: &str, policy: &str, cases: &[&ClientCase]) {
    // Timing failures are rerun in isolation, so several runs finish earlier than one.
    let parts = cases.chunks(CASES_AT_ONCE).map(|cases| tested(role, policy, cases));
    let outcomes: BTreeMap<_, _> = join_all(parts).await.into_iter().flatten().collect();
    let (mut all, mut wrong) = (String::new(), Vec::new());
    for case in cases {
        let outcome = &outcomes[&case.name()];
        let names = failing_names(outcome);
        if names != case.failing {
            wrong.push(format!("for {} {names:?} fail instead of {:?}", case.name(), case.failing));
        }
        let _ = writeln!(all, "# {}\n{}", case.name(), failing(outcome).map(shown).collect::<String>());
    }
    assert!(wrong.is_empty(), "{}\n\n{all}", wrong.join("\n"));
}

/// The cases of a role, all but those that need jitter.
fn steady(role: &str) -> Vec<&'static ClientCase> {
    CASES.iter().filter(|case| case.role == role && case.scenario != STORM).collect()
}

#[tokio::test]
async fn the_right_checks_fail_for_a_host() {
    assert_failing("host", POLICY, &steady("host")).await;
}

#[tokio::test]
async fn the_right_checks_fail_for_a_viewer() {
    assert_failing("viewer", POLICY, &steady("viewer")).await;
}

#[tokio::test]
async fn detects_missing_jitter() {
    let cases: Vec<_> = CASES.iter().filter(|case| case.scenario == STORM).collect();
    assert_failing("host", "base=100ms,factor=2,cap=400ms,jitter=0.4", &cases).await;
}

const STORM: &str = "reconnect-storm";

const fn case(
    role: &'static str,
    flaw: &'static str,
    scenario: &'static str,
    failing: &'static [&'static str],
) -> ClientCase {
    ClientCase { flaw, role, scenario, failing }
}

const CASES: &[ClientCase] = &[
    // Reconnecting
    case("host", "no-backoff", "reconnect-after-refusals", &["lint", "attempts-keep-apart"]),
    case("host", "constant-delay", "reconnect-after-refusals", &["lint", "delays-follow-the-policy"]),
    case("host", "factor-1.5", "reconnect-after-refusals", &["lint", "delays-follow-the-policy"]),
    case("host", "no-cap", "reconnect-after-refusals", &["keeps-coming-back"]),
    case("host", "sluggish", "reconnect-after-refusals", &["comes-back-after-a-refusal"]),
    case("viewer", "first-too-early", "reconnect-after-success", &["lint", "each-success-resets-the-delays"]),
    case(
        "host",
        "resets-on-connection",
        "reconnect-reset-by-success-only",
        &["lint", "delays-are-reset-by-success-alone"],
    ),
    case("viewer", "never-resets", "reconnect-reset-by-success-only", &["success-resets-the-delays"]),
    case("host", "parallel", "wire-ping", &["lint"]),
    case("viewer", "ten-at-once", "wire-ping", &["lint"]),
    case("host", "lost-without-close", "wire-loss", &["a-reset-is-a-loss"]),
    case("host", "hangs", "reconnect-after-hanging", &["gives-up-where-no-answer-comes"]),
    case("viewer", "hangs-without-success", "reconnect-after-hanging", &["gives-up-where-no-success-comes"]),
    case("host", "patient", "reconnect-after-hanging", &["gives-up-in-time"]),
    // Giving up
    case("host", "never-gives-up", "reconnect-gives-up", &["ends-with-a-failure"]),
    case("viewer", "gives-up-late", "reconnect-gives-up", &["tries-no-further"]),
    case("host", "gives-up-early", "reconnect-gives-up", &["tries-so-often"]),
    case("viewer", "gives-up-with-0", "reconnect-gives-up", &["ends-with-a-failure"]),
    case("host", "gives-up-silently", "reconnect-says-so", &["says-that-it-gave-up"]),
    case("host", "counts-losses", "reconnect-counts-in-a-row", &["a-loss-is-no-failed-attempt"]),
    case("viewer", "count-never-reset", "reconnect-counts-in-a-row", &["a-loss-is-no-failed-attempt"]),
    // Stopping
    case("host", "ignores-sigterm", "reconnect-stop-connected", &["closes-its-connection"]),
    case("viewer", "ignores-sigterm", "reconnect-stop-waiting", &["ends-in-time"]),
    case("host", "ignores-stop", "reconnect-stop-by-driver", &["closes-its-connection"]),
    case("host", "stops-with-1", "reconnect-stop-connected", &["ends-in-time"]),
    case("viewer", "stops-without-close", "reconnect-stop-connected", &["closes-its-connection"]),
    case("host", "stops-slowly", "reconnect-stop-connected", &["closes-its-connection"]),
    case("host", "attempt-after-stop", "reconnect-stop-waiting", &["tries-no-further"]),
    // The wire
    case("host", "deaf", "wire-ping", &["answers"]),
    case("viewer", "parrot", "wire-ping", &["answers"]),
    case("host", "impolite", "wire-close", &["answers-a-close-frame"]),
    case("viewer", "lingers", "wire-close", &["ends-tcp-where-the-server-does-not"]),
    case("host", "slow-pong", "wire-latency", &["pings-are-answered"]),
    case("host", "wrong-path", "connects", &["connects-to-its-endpoint"]),
    case("host", "unmasked", "data", &["lint"]),
    case("viewer", "long-length", "joins", &["lint"]),
    case("host", "fragments-apart", "wire-fragments", &["a-few-fragments-are-one-success"]),
    case("viewer", "strict", "wire-unknown-members", &["a-success-with-unknown-members-is-one"]),
    case("host", "small-buffer", "wire-large", &["keeps-the-connection"]),
    case("viewer", "too-large-1002", "wire-too-large", &["in-one-frame"]),
    case("host", "takes-reserved-opcodes", "wire-violations", &["a-reserved-opcode"]),
    case("host", "takes-reserved-bits", "wire-violations", &["reserved-bits"]),
    case("viewer", "takes-masked", "wire-violations", &["a-masked-frame"]),
    case("host", "takes-bad-utf-8", "wire-violations", &["text-that-is-no-utf-8"]),
    case("viewer", "violation-1000", "wire-violations", &["a-reserved-opcode"]),
    case("host", "violation-drops", "wire-violations-of-control", &["a-continuation-of-nothing"]),
    case("viewer", "violation-stays-away", "wire-violations-of-control", &["comes-back-each-time"]),
    case("host", "dies-on-json", "wire-hostile", &["text-that-is-no-json"]),
    case("viewer", "closes-on-json", "survives", &["invalid-json"]),
    case("host", "closes-on-json", "survives", &["invalid-json"]),
    case("host", "closes-on-unknown", "survives", &["an-unknown-type"]),
    case("viewer", "closes-on-binary", "survives", &["a-binary-frame"]),
    // The driver protocol
    case("host", "never-flushes", "driver-events", &["reports-its-connection-first"]),
    case("viewer", "half-a-line", "driver-events", &["reports-its-connection-first"]),
    case("viewer", "silent-loss", "driver-events", &["reports-a-loss-without-a-close-frame"]),
    case("host", "reconnected-at-first", "driver-events", &["the-first-success-is-no-return"]),
    case("viewer", "never-reconnected", "driver-events", &["reports-its-return"]),
    case("host", "never-reconnected", "driver-late-success", &["a-success-after-failed-attempts-is-a-return"]),
    case("host", "reports-late", "events", &["the-connection-first"]),
    case("viewer", "reports-late", "events", &["the-connection-first"]),
    case("host", "malformed-event", "code", &["lint", "shows-its-code"]),
    case("viewer", "ignores-the-unknown", "driver-unknown-command", &["refuses-what-it-does-not-know"]),
    case("host", "hides-errors", "errors", &["reports-an-error"]),
    case("host", "logs-too", "events", &[]),
    // A host
    case("host", "talks-nonsense", "connects", &["lint", "says-nothing-unasked"]),
    case("host", "registers-twice", "connects", &["lint"]),
    case("host", "shows-one-code", "code", &["shows-a-later-code"]),
    case("host", "keeps-its-code", "code", &["shows-the-new-code"]),
    case("host", "crashes", "data", &["empty-to-the-user"]),
    case("host", "cuts-at-nul", "data", &["controls-and-nul-to-the-user"]),
    case("viewer", "cuts-at-nul", "data", &["controls-and-nul-to-the-user"]),
    case("host", "reports-twice", "data", &["every-plane-to-the-user"]),
    case("host", "trims", "data", &["nothing-trimmed-to-the-relay"]),
    case("viewer", "sends-twice", "data", &["every-plane-to-the-relay"]),
    case("host", "sends-early", "data-early", &["lint", "sends-nothing-before-registered"]),
    case("host", "drops-data", "data-early", &["drops-nothing-silently"]),
    case("host", "forgets-when-lost", "data-disconnected", &["drops-nothing-silently"]),
    case("host", "reorders", "data-disconnected", &["drops-nothing-silently"]),
    // A viewer
    case("viewer", "joins-with-another", "joins", &["joins-with-the-code-of-its-user"]),
    case("viewer", "pings-first", "joins", &["lint"]),
    case("viewer", "forgets-its-code", "joins", &["joins-again-with-its-code"]),
    case("viewer", "retries-refused", "refused", &["does-not-try-the-code-again"]),
    case("viewer", "hangs-up-when-refused", "refused", &["does-not-try-the-code-again"]),
    case("viewer", "impatient-when-refused", "refused", &["does-not-try-the-code-again"]),
    case("viewer", "hides-errors", "refused-reported", &["reports-an-unknown-code"]),
    case("viewer", "one-code-only", "refused-reported", &["joins-with-another-code"]),
    case("viewer", "comes-back-refused", "refused-lost", &["stays-away-with-a-refused-code"]),
    case("viewer", "comes-back-dead", "host-gone", &["stays-away-with-a-dead-code"]),
    case("viewer", "joins-the-dead", "host-gone", &["does-not-join-with-a-dead-code"]),
    case("viewer", "silently-away", "gives-up", &["says-so-after-a-refusal"]),
    case("viewer", "gives-in", "returns-early", &["tries-the-code-that-it-held-again"]),
    case("viewer", "insists", "returns-early", &["does-not-try-again-at-once"]),
    case("viewer", "sends-early", "data-early", &["lint", "sends-no-data-before-joined"]),
    case("viewer", "sends-after-loss", "host-gone-reported", &["lint", "sends-no-more-data"]),
    // The process
    case("host", "exits-at-once", "wire-ping", &["story"]),
    case("host", "leaves-a-child", "connects", &[]),
    // Jitter
    case("host", "none", STORM, &[]),
    case("host", "no-jitter", STORM, &["second-attempts-are-spread"]),
    case("host", "seeded-alike", STORM, &["second-attempts-are-spread"]),
];
