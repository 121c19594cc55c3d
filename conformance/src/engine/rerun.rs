//! Which scenarios are rerun in isolation because the machine may have caused their failure, and which failures it excuses in the end.

use std::time::Duration;

use relayspec::timing::{Parameter, Timing};

use super::attempt::ScenarioResult;
use crate::outcome::{CheckOutcome, Finding, ScenarioOutcome, Verdict};
use crate::scenario::Scenario;

/// Whether no verdict was possible, or the machine may have caused a failure.
pub(super) fn is_doubtful(result: &ScenarioResult) -> bool {
    let undecided = |check: &CheckOutcome| check.verdict == Verdict::Inconclusive && check.because_of.is_none();
    let checks = &result.outcome.checks;
    result.internal_error.is_none() && checks.iter().any(|check| undecided(check) || is_excused(check, result.noise))
}

/// Whether a scenario failed while the machine was so late that a heartbeat or a code may have expired.
pub(super) fn is_shaken(timing: &Timing, result: &ScenarioResult) -> bool {
    let shortest = timing.value(Parameter::HeartbeatTimeout).min(timing.value(Parameter::CodeLifetime));
    matches!(result.outcome.verdict, Verdict::Fail | Verdict::Warn) && result.noise > shortest / 2
}

/// Whether a scenario that waits failed by time while other scenarios may have kept the subject busy.
pub(super) fn is_crowded(scenario: &Scenario, result: &ScenarioResult) -> bool {
    scenario.script.longest_wait.is_some() && result.outcome.checks.iter().any(|check| is_excused(check, Duration::MAX))
}

/// Whether a machine that was this late may have caused all findings of a check.
fn is_excused(check: &CheckOutcome, noise: Duration) -> bool {
    let late = noise.as_secs_f64() * 1e3;
    let by_noise = |finding: &Finding| finding.excused_from_ms.is_some_and(|from| late >= from);
    matches!(check.verdict, Verdict::Fail | Verdict::Warn) && check.findings.iter().all(by_noise)
}

/// Makes failures inconclusive that the machine may have caused every time.
pub(super) fn excuse(result: &mut ScenarioResult) {
    let noise = result.noise;
    for check in result.outcome.checks.iter_mut().filter(|check| is_excused(check, noise)) {
        check.verdict = Verdict::Inconclusive;
        let late = noise.as_secs_f64() * 1e3;
        check.reason = Some(format!("the machine was too busy for a verdict: late by {late:.0} ms"));
    }
    result.outcome.verdict = ScenarioOutcome::worst(&result.outcome.checks);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::attempt::not_run;
    use crate::engine::failure::Stop;
    use crate::scenario::built_in;

    /// A result whose first check has this verdict, with a finding that this much lateness excuses.
    fn result(verdict: Verdict, excused_from_ms: Option<f64>, noise_ms: u64) -> ScenarioResult {
        let scenario = &built_in().expect("the built-in scenarios")[0];
        let mut outcome = not_run(scenario, &Stop::Skip(String::new()));
        outcome.checks.iter_mut().for_each(|check| check.verdict = Verdict::Pass);
        outcome.checks[0].verdict = verdict;
        outcome.checks[0].findings = vec![Finding { excused_from_ms, ..Finding::default() }];
        ScenarioResult { outcome, internal_error: None, noise: Duration::from_millis(noise_ms) }
    }

    #[test]
    fn reruns_only_what_the_machine_may_have_caused() {
        for (verdict, excused, noise_ms, again) in [
            (Verdict::Fail, Some(10.0), 50, true),
            (Verdict::Warn, Some(10.0), 50, true),
            (Verdict::Fail, Some(10.0), 1, false),
            (Verdict::Fail, Some(250.0), 50, false),
            (Verdict::Fail, None, 50, false),
            (Verdict::Pass, Some(10.0), 50, false),
            (Verdict::Inconclusive, None, 0, true),
        ] {
            assert_eq!(is_doubtful(&result(verdict, excused, noise_ms)), again, "{verdict:?} {excused:?} {noise_ms}");
        }
        let internal_error = Some("an error".to_owned());
        assert!(!is_doubtful(&ScenarioResult { internal_error, ..result(Verdict::Inconclusive, None, 0) }));
    }

    #[test]
    fn excuses_failures_only_by_noise() {
        for (excused, noise_ms, verdict) in [
            (Some(10.0), 50, Verdict::Inconclusive),
            (Some(10.0), 1, Verdict::Fail),
            (Some(250.0), 50, Verdict::Fail),
            (None, 50, Verdict::Fail),
        ] {
            let mut result = result(Verdict::Fail, excused, noise_ms);
            excuse(&mut result);
            assert_eq!((result.outcome.checks[0].verdict, result.outcome.verdict), (verdict, verdict));
        }
    }
}
