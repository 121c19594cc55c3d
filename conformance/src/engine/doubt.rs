//! Doubt: whether what a performance found may be the machine's doing, and what becomes of it then.

use std::time::Duration;

use relayspec::timing::{Parameter, Timing};

use super::story::Performance;
use crate::outcome::{CheckOutcome, Finding, ScenarioOutcome, Verdict};
use crate::scenario::Scenario;

/// Whether a performance is to be repeated, alone: the runner could not judge, or the machine may have caused a failure.
pub(super) fn doubtful(performance: &Performance) -> bool {
    let undecided = |check: &CheckOutcome| check.verdict == Verdict::Inconclusive && check.because_of.is_none();
    let checks = &performance.outcome.checks;
    performance.harness.is_none() && checks.iter().any(|check| undecided(check) || is_excused(check, performance.noise))
}

/// Whether a failure came while the machine was late by so much that a heartbeat or a code may have run out.
pub(super) fn shaken(timing: &Timing, performance: &Performance) -> bool {
    let shortest = timing.value(Parameter::HeartbeatTimeout).min(timing.value(Parameter::CodeLifetime));
    matches!(performance.outcome.verdict, Verdict::Fail | Verdict::Warn) && performance.noise > shortest / 2
}

/// Whether a scenario that takes times has failed by time, and was not alone with the subject: the other scenarios keep a subject busy too.
pub(super) fn crowded(scenario: &Scenario, performance: &Performance) -> bool {
    scenario.script.longest_wait.is_some()
        && performance.outcome.checks.iter().any(|check| is_excused(check, Duration::MAX))
}

/// Whether a machine that was late by so much may have caused all that was found.
fn is_excused(check: &CheckOutcome, noise: Duration) -> bool {
    let late = noise.as_secs_f64() * 1e3;
    let by_noise = |finding: &Finding| finding.excused_from_ms.is_some_and(|from| late >= from);
    matches!(check.verdict, Verdict::Fail | Verdict::Warn) && check.findings.iter().all(by_noise)
}

/// A failure that the machine may have caused every time says nothing of the subject.
pub(super) fn excuse(performance: &mut Performance) {
    let noise = performance.noise;
    for check in performance.outcome.checks.iter_mut().filter(|check| is_excused(check, noise)) {
        check.verdict = Verdict::Inconclusive;
        check.reason = Some(format!("the machine was too busy to tell: late by {:.0} ms", noise.as_secs_f64() * 1e3));
    }
    performance.outcome.verdict = ScenarioOutcome::worst(&performance.outcome.checks);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::recorder::Stop;
    use crate::engine::story::unplayed;
    use crate::scenario::built_in;

    /// A performance whose first check has this verdict, on account of a finding that so much lateness excuses.
    fn performance(verdict: Verdict, excused_from_ms: Option<f64>, noise_ms: u64) -> Performance {
        let scenario = &built_in().expect("the built-in scenarios")[0];
        let mut outcome = unplayed(scenario, &Stop::Skip(String::new()));
        outcome.checks.iter_mut().for_each(|check| check.verdict = Verdict::Pass);
        outcome.checks[0].verdict = verdict;
        outcome.checks[0].findings = vec![Finding { excused_from_ms, ..Finding::default() }];
        Performance { outcome, harness: None, noise: Duration::from_millis(noise_ms) }
    }

    #[test]
    fn only_what_the_machine_may_have_caused_is_played_again() {
        for (verdict, excused, noise_ms, again) in [
            (Verdict::Fail, Some(10.0), 50, true),
            (Verdict::Warn, Some(10.0), 50, true),
            (Verdict::Fail, Some(10.0), 1, false),
            (Verdict::Fail, Some(250.0), 50, false),
            (Verdict::Fail, None, 50, false),
            (Verdict::Pass, Some(10.0), 50, false),
            (Verdict::Inconclusive, None, 0, true),
        ] {
            assert_eq!(doubtful(&performance(verdict, excused, noise_ms)), again, "{verdict:?} {excused:?} {noise_ms}");
        }
        let harness = Some("a fault".to_owned());
        assert!(!doubtful(&Performance { harness, ..performance(Verdict::Inconclusive, None, 0) }));
    }

    #[test]
    fn a_failure_is_excused_by_noise_alone() {
        for (excused, noise_ms, verdict) in [
            (Some(10.0), 50, Verdict::Inconclusive),
            (Some(10.0), 1, Verdict::Fail),
            (Some(250.0), 50, Verdict::Fail),
            (None, 50, Verdict::Fail),
        ] {
            let mut played = performance(Verdict::Fail, excused, noise_ms);
            excuse(&mut played);
            assert_eq!((played.outcome.checks[0].verdict, played.outcome.verdict), (verdict, verdict));
        }
    }
}
