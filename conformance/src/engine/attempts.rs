//! A client's connection attempts: when each came, which delay preceded it, and whether that follows the policy.
//!
//! Moments in, findings out. The caller reports how each attempt ended.

use std::time::Duration;

use relayspec::reconnect::{LONGEST_DELAY, Policy};

use super::describe::shown;
use crate::clock::{Moment, millis};
use crate::outcome::{AttemptLine, Finding};
use crate::scenario::step::Rule;

/// What delayed the timestamp of an arrival may have ended this long before it.
const LATE_STAMP: Duration = Duration::from_millis(20);

/// The attempts of one client.
#[derive(Debug)]
pub(super) struct AttemptLog {
    policy: Policy,
    /// How long an attempt may be in progress without success.
    connect_timeout: Duration,
    /// What the machine may add to any delay: process start and network.
    slack: Duration,
    pub(super) records: Vec<AttemptRecord>,
}

/// One attempt.
#[derive(Debug)]
pub(super) struct AttemptRecord {
    pub(super) at: Moment,
    /// Since when it was due; `None` for the first.
    pub(super) due: Option<Due>,
    /// How late the machine may have been while the runner waited for it.
    noise: Duration,
    /// How late the runner may have seen the end of the previous attempt: the delay may look this much shorter.
    blur: Duration,
    /// When the client could detect that it had failed, or that its connection was lost.
    pub(super) over: Option<Moment>,
    pub(super) success: bool,
    /// Whether it became a connection.
    was_accepted: bool,
    /// How it ended.
    pub(super) fate: String,
}

/// A violation of a rule.
#[derive(Debug)]
pub(super) enum RuleViolation {
    /// Certain, even if the runner was late.
    Certain(Finding),
    /// Possible, if the runner was not late.
    Possible(Finding),
}

/// Since when an attempt is due, and which delay of the sequence precedes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) since: Moment,
    pub(super) nth: u32,
}

impl AttemptRecord {
    pub(super) fn delay(&self) -> Option<Duration> {
        self.due.map(|due| self.at - due.since)
    }
}

impl AttemptLog {
    pub(super) fn new(policy: Policy, connect_timeout: Duration, slack: Duration) -> Self {
        Self { policy, connect_timeout, slack, records: Vec::new() }
    }

    /// Since when the next attempt is due; `None` if no attempt has failed or been lost.
    pub(super) fn due(&self) -> Option<Due> {
        let last = self.records.last()?;
        let since = last.over?;
        let nth = if last.success { 0 } else { last.due.map_or(0, |due| due.nth.saturating_add(1)) };
        Some(Due { since, nth })
    }

    /// The latest moment at which an attempt is on time.
    pub(super) fn latest(&self, due: Due) -> Moment {
        due.since + (*self.policy.envelope(due.nth).end() + self.policy.tolerance(due.nth) + self.slack)
    }

    /// Half of the policy's base: the shortest time between two attempts.
    fn apart(&self) -> Duration {
        self.policy.base / 2
    }

    /// An attempt has arrived: its index, and what is wrong with it.
    pub(super) fn arrive(&mut self, at: Moment, noise: &dyn Fn(Moment) -> Duration) -> (usize, Vec<Finding>) {
        let due = self.due();
        let before = self.records.last();
        let noise_since = |since: Option<Moment>| since.map(noise).unwrap_or_default();
        self.records.push(AttemptRecord {
            at,
            due,
            noise: noise_since(due.map(|due| due.since)),
            blur: noise_since(before.map(|before| before.at.earlier(LATE_STAMP))),
            over: None,
            success: false,
            was_accepted: false,
            fate: String::new(),
        });
        let index = self.records.len() - 1;
        let blur = self.records[index].blur;
        let findings = [self.alone(index, blur), self.early(index, blur), self.close(index, blur)];
        (index, findings.into_iter().flatten().collect())
    }

    /// An attempt has failed, or its connection is lost.
    pub(super) fn end(&mut self, index: usize, at: Moment, fate: &str) {
        if let Some(record) = self.records.get_mut(index).filter(|record| record.over.is_none()) {
            record.over = Some(at);
            if record.success {
                record.fate = format!("success, then {fate}");
            } else {
                fate.clone_into(&mut record.fate);
            }
        }
    }

    /// An attempt has become a connection.
    pub(super) fn accept(&mut self, index: usize) {
        if let Some(record) = self.records.get_mut(index) {
            record.was_accepted = true;
        }
    }

    /// The opening of the family is complete.
    pub(super) fn succeed(&mut self, index: usize) {
        if let Some(record) = self.records.get_mut(index) {
            record.success = true;
            "success".clone_into(&mut record.fate);
        }
    }

    /// Checks all attempts against a rule: the first violation.
    pub(super) fn check(&self, rule: Rule) -> Option<RuleViolation> {
        let certain = self.violation(rule, &|at| self.records[at].blur).map(RuleViolation::Certain);
        certain.or_else(|| self.violation(rule, &|_| Duration::ZERO).map(RuleViolation::Possible))
    }

    fn violation(&self, rule: Rule, blur: &dyn Fn(usize) -> Duration) -> Option<Finding> {
        let each = |check: &dyn Fn(usize) -> Option<Finding>| (0..self.records.len()).find_map(check);
        match rule {
            Rule::Envelope => each(&|at| self.early(at, blur(at)).or_else(|| self.late(at))),
            Rule::Growth => each(&|at| self.growth(at, blur(at))),
            Rule::Apart => each(&|at| self.close(at, blur(at))),
            Rule::Bounded => each(&|at| self.bounded(at)),
            Rule::Alone => each(&|at| self.alone(at, blur(at))),
            Rule::Timely => each(&|at| self.timely(at, blur(at))),
        }
    }

    fn found(&self, requirement: &str, index: usize, what: &str, expected: String, got: String) -> Finding {
        let tolerance = self.records[index].due.map_or(self.policy.base, |due| self.policy.tolerance(due.nth));
        Finding::new(format!("attempt {}: {what}", index + 1))
            .violating(requirement.to_owned())
            .expected(expected)
            .got(got)
            .excused_for(tolerance * 2)
    }

    /// The required delay before an attempt.
    fn expected(&self, due: Due) -> String {
        let envelope = self.policy.envelope(due.nth);
        let nominal = if self.policy.jitter > 0.0 {
            format!("{} to {}", shown(*envelope.start()), shown(*envelope.end()))
        } else {
            shown(self.policy.nominal(due.nth))
        };
        format!(
            "delay {} of the sequence: {nominal}, ± {} tolerance",
            due.nth + 1,
            shown(self.policy.tolerance(due.nth))
        )
    }

    fn early(&self, index: usize, blur: Duration) -> Option<Finding> {
        let record = &self.records[index];
        let (due, delay) = (record.due?, record.delay()?);
        let least = self.policy.envelope(due.nth).start().saturating_sub(self.policy.tolerance(due.nth));
        let violated = if self.was_dropped(index) { "RECON-05" } else { self.violated_by(index) };
        (delay + blur < least)
            .then(|| self.found(violated, index, "it came too early", self.expected(due), shown(delay)))
    }

    pub(super) fn late(&self, index: usize) -> Option<Finding> {
        let record = &self.records[index];
        let (due, delay) = (record.due?, record.delay()?);
        let late = record.at > self.latest(due) + record.noise;
        late.then(|| self.found(self.violated_by(index), index, "it came too late", self.expected(due), shown(delay)))
    }

    /// Whether a delay should have grown, and the previous attempt became a connection without success, which must not restart the sequence.
    fn was_dropped(&self, index: usize) -> bool {
        let has_grown = self.records[index].due.is_some_and(|due| due.nth > 0);
        has_grown && index.checked_sub(1).is_some_and(|before| self.records[before].was_accepted)
    }

    /// The requirement that a wrong delay violates: RECON-03 (growth) if its sequence started correctly, else RECON-02 (length).
    fn violated_by(&self, index: usize) -> &'static str {
        let is_first = |record: &AttemptRecord| record.due.is_some_and(|due| due.nth == 0);
        let starts_correctly = |record: &AttemptRecord| {
            let Some((delay, due)) = record.delay().zip(record.due) else { return false };
            let least = self.policy.envelope(0).start().saturating_sub(self.policy.tolerance(0));
            delay + record.blur >= least && record.at <= self.latest(due) + record.noise
        };
        let started_correctly =
            self.records[..index].iter().rfind(|record| is_first(record)).is_some_and(starts_correctly);
        if started_correctly && !is_first(&self.records[index]) { "RECON-03" } else { "RECON-02" }
    }

    /// Compares a delay with the previous one: it has grown by the factor, or is at the cap.
    ///
    /// A sequence that restarts after a connection without success is reported as a delay that is too short.
    fn growth(&self, index: usize, blur: Duration) -> Option<Finding> {
        let (record, before) = (&self.records[index], self.records.get(index.checked_sub(1)?)?);
        let (due, delay, shorter) = (record.due?, record.delay()?, before.delay()?);
        if due.nth == 0 || self.was_dropped(index) {
            return None;
        }
        let Policy { factor, cap, jitter, .. } = self.policy;
        // The previous delay gives its nominal value up to jitter; this one has a jitter of its own.
        let grown = |before: f64, here: f64| shorter.mul_f64(factor / before).min(cap).mul_f64(here);
        let slack = self.policy.tolerance(due.nth) + self.policy.tolerance(due.nth - 1).mul_f64(factor) + self.slack;
        let (least, most) = (grown(1.0 + jitter, 1.0 - jitter), grown(1.0 - jitter, 1.0 + jitter));
        if delay + slack + blur >= least && delay <= most + slack + record.noise {
            return None;
        }
        let expected = format!("{} to {}, after {}, ± {}", shown(least), shown(most), shown(shorter), shown(slack));
        Some(self.found("RECON-03", index, "the delay did not grow as the policy requires", expected, shown(delay)))
    }

    fn close(&self, index: usize, blur: Duration) -> Option<Finding> {
        let before = self.records.get(index.checked_sub(1)?)?;
        let apart = self.records[index].at - before.at;
        // Both timestamps are a little late.
        let tolerance = Duration::from_millis(2).min(self.apart() / 10);
        (apart + tolerance + blur < self.apart()).then(|| {
            let expected = format!("at least {} from one attempt to the next", shown(self.apart()));
            self.found("RECON-06", index, "it came too soon after the previous one", expected, shown(apart))
        })
    }

    fn bounded(&self, index: usize) -> Option<Finding> {
        let record = &self.records[index];
        let delay = record.delay()?;
        (delay > LONGEST_DELAY + self.slack + record.noise).then(|| {
            let expected = format!("at most {}", shown(LONGEST_DELAY));
            self.found("RECON-07", index, "the delay is longer than the maximum", expected, shown(delay))
        })
    }

    fn timely(&self, index: usize, blur: Duration) -> Option<Finding> {
        let record = &self.records[index];
        let duration = record.over.filter(|_| !record.success)? - record.at;
        // As for delays: a tenth, at least 50 ms.
        let tolerance = (self.connect_timeout / 10).max(Duration::from_millis(50));
        (duration > self.connect_timeout + tolerance + self.slack + blur).then(|| {
            let expected =
                format!("abandoned within {}, ± {} tolerance", shown(self.connect_timeout), shown(tolerance));
            self.found("RECON-12", index, "it was not abandoned in time", expected, shown(duration))
        })
    }

    fn alone(&self, index: usize, blur: Duration) -> Option<Finding> {
        let at = self.records[index].at;
        let other = self.records[..index].iter().position(|record| record.over.is_none_or(|over| over > at + blur))?;
        let expected = "at most one attempt or connection at any time".to_owned();
        let got = format!("attempt {} was still in progress", other + 1);
        Some(self.found("RECON-08", index, "it overlapped another", expected, got))
    }

    /// One line for each attempt, for reports; `start` is when the scenario began.
    pub(super) fn lines(&self, client: &str, start: Moment) -> Vec<AttemptLine> {
        let lines = self.records.iter().map(|record| AttemptLine {
            client: client.to_owned(),
            at_ms: millis(record.at - start),
            delay_ms: record.delay().map(millis),
            earliest_ms: record.due.map(|due| millis(*self.policy.envelope(due.nth).start())),
            latest_ms: record.due.map(|due| millis(*self.policy.envelope(due.nth).end())),
            noise_ms: millis(record.noise),
            fate: if record.fate.is_empty() { "open".to_owned() } else { record.fate.clone() },
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const RULES: [Rule; 5] = [Rule::Envelope, Rule::Growth, Rule::Apart, Rule::Bounded, Rule::Alone];
    const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
    const POLICY: Policy = Policy {
        base: Duration::from_millis(1000),
        factor: 2.0,
        cap: Duration::from_millis(8000),
        jitter: 0.0,
        max_attempts: None,
    };

    fn quiet(_: Moment) -> Duration {
        Duration::ZERO
    }

    /// Attempts that each fail immediately, after these delays in ms; the first comes immediately.
    fn failing(policy: Policy, delays: &[f64]) -> AttemptLog {
        let mut attempts = AttemptLog::new(policy, CONNECT_TIMEOUT, Duration::ZERO);
        let mut now = Clock::start().zero();
        for delay in std::iter::once(&0.0).chain(delays) {
            now = now + Duration::from_secs_f64(delay / 1e3);
            let (index, _) = attempts.arrive(now, &quiet);
            attempts.end(index, now, "refused");
        }
        attempts
    }

    fn violated(attempts: &AttemptLog) -> Vec<Rule> {
        RULES.into_iter().filter(|rule| attempts.check(*rule).is_some()).collect()
    }

    #[test]
    fn reports_violations_of_each_rule() {
        let loose = Policy { jitter: 0.5, ..POLICY };
        let long = Policy { cap: Duration::from_secs(460), base: Duration::from_secs(200), ..POLICY };
        for (policy, delays, expected) in [
            (POLICY, vec![1000.0, 2000.0, 4000.0, 8000.0, 8000.0], vec![]),
            (POLICY, vec![1090.0, 1810.0, 4390.0, 7210.0, 8790.0], vec![]),
            (POLICY, vec![1000.0, 1500.0, 2250.0, 3400.0], vec![Rule::Envelope, Rule::Growth]),
            (POLICY, vec![1000.0, 1000.0], vec![Rule::Envelope, Rule::Growth]),
            (POLICY, vec![1000.0, 2000.0, 4000.0, 4000.0], vec![Rule::Envelope, Rule::Growth]),
            (POLICY, vec![1000.0, 2000.0, 4000.0, 8000.0, 16000.0], vec![Rule::Envelope, Rule::Growth]),
            (POLICY, vec![2000.0, 4000.0], vec![Rule::Envelope]),
            (POLICY, vec![400.0], vec![Rule::Envelope, Rule::Apart]),
            (POLICY, vec![0.0], vec![Rule::Envelope, Rule::Apart]),
            (loose, vec![501.0, 3000.0, 2010.0, 12_000.0, 4000.0], vec![]),
            (loose, vec![1400.0, 1100.0, 2100.0], vec![]),
            (loose, vec![1000.0, 1000.0, 1000.0, 1000.0], vec![Rule::Envelope]),
            (loose, vec![600.0, 5000.0], vec![Rule::Envelope, Rule::Growth]),
            (long, vec![200_000.0, 400_000.0, 460_000.0], vec![Rule::Bounded]),
        ] {
            let attempts = failing(policy, &delays);
            assert_eq!(violated(&attempts), expected, "{delays:?}: {:?}", RULES.map(|rule| attempts.check(rule)));
        }
    }

    #[test]
    fn attributes_a_wrong_delay_to_a_requirement() {
        let violated = |attempts: &AttemptLog| match attempts.check(Rule::Envelope) {
            Some(RuleViolation::Certain(finding)) => finding.requirement,
            _ => None,
        };
        for (delays, expected) in [
            (&[400.0][..], "RECON-02"),
            (&[1300.0, 2600.0], "RECON-02"),
            (&[1000.0, 1000.0], "RECON-03"),
            (&[1000.0, 1500.0], "RECON-03"),
            (&[1000.0, 2000.0, 4000.0, 4000.0], "RECON-03"),
            (&[1000.0, 2000.0, 4000.0, 8000.0, 16000.0], "RECON-03"),
        ] {
            assert_eq!(violated(&failing(POLICY, delays)).as_deref(), Some(expected), "{delays:?}");
        }
        let mut dropped = failing(POLICY, &[1000.0]);
        dropped.accept(1);
        let lost = dropped.due().expect("a loss").since;
        dropped.arrive(lost + Duration::from_secs(1), &quiet);
        assert_eq!(violated(&dropped).as_deref(), Some("RECON-05"), "a connection without success restarts nothing");
    }

    #[test]
    fn only_success_restarts_the_sequence() {
        let mut attempts = failing(POLICY, &[1000.0, 2000.0]);
        let lost = attempts.due().expect("a loss");
        assert_eq!(lost.nth, 2);
        let (index, _) = attempts.arrive(lost.since + Duration::from_secs(4), &quiet);
        attempts.succeed(index);
        assert_eq!(attempts.due(), None, "nothing is due while a connection is open");
        attempts.end(index, lost.since + Duration::from_secs(9), "reset");
        assert_eq!(attempts.due(), Some(Due { since: lost.since + Duration::from_secs(9), nth: 0 }));
        assert_eq!(attempts.records[index].fate, "success, then reset");
        let (_, findings) = attempts.arrive(lost.since + Duration::from_secs(10), &quiet);
        assert_eq!(findings, []);
    }

    #[test]
    fn reports_overlapping_attempts() {
        let mut attempts = AttemptLog::new(POLICY, CONNECT_TIMEOUT, Duration::ZERO);
        let start = Clock::start().zero();
        attempts.arrive(start, &quiet);
        let (_, findings) = attempts.arrive(start + Duration::from_secs(1), &quiet);
        let violated_ids: Vec<_> = findings.into_iter().filter_map(|finding| finding.requirement).collect();
        assert_eq!(violated_ids, ["RECON-08"]);
        assert_eq!(violated(&attempts), [Rule::Alone]);
    }

    /// An attempt 800 ms after a loss instead of 1 s, with noise since one moment or the other.
    fn early(noise: &dyn Fn(Moment) -> Duration) -> (AttemptLog, Vec<Finding>) {
        let mut attempts = AttemptLog::new(POLICY, CONNECT_TIMEOUT, Duration::ZERO);
        let start = Clock::start().zero();
        let (index, _) = attempts.arrive(start, &quiet);
        attempts.end(index, start + Duration::from_secs(5), "refused");
        let (_, findings) = attempts.arrive(start + Duration::from_millis(5800), noise);
        (attempts, findings)
    }

    #[test]
    fn noise_extends_deadlines() {
        let late = |noise| {
            let mut attempts = failing(POLICY, &[]);
            let since = attempts.due().expect("a loss").since;
            let noise = |_| Duration::from_millis(noise);
            let (index, _) = attempts.arrive(since + Duration::from_millis(1200), &noise);
            attempts.late(index).is_some()
        };
        assert_eq!((late(0), late(99), late(101)), (true, true, false));
    }

    #[test]
    fn an_early_attempt_is_uncertain_only_if_the_loss_was_seen_late() {
        let while_waiting =
            |since: Moment| Duration::from_secs(u64::from(since >= Clock::start().zero() + Duration::from_secs(5)));
        let (attempts, findings) = early(&while_waiting);
        assert_eq!(findings.len(), 1, "too early remains too early");
        assert!(matches!(attempts.check(Rule::Envelope), Some(RuleViolation::Certain(_))));
        let (attempts, findings) = early(&|_| Duration::from_secs(1));
        assert_eq!(findings, []);
        assert!(matches!(attempts.check(Rule::Envelope), Some(RuleViolation::Possible(_))));
    }

    #[test]
    fn reports_attempts_that_are_not_abandoned() {
        let timely = |seconds| {
            let mut attempts = AttemptLog::new(POLICY, CONNECT_TIMEOUT, Duration::ZERO);
            let start = Clock::start().zero();
            let (index, _) = attempts.arrive(start, &quiet);
            attempts.end(index, start + Duration::from_secs(seconds), "abandoned");
            attempts.check(Rule::Timely).is_none()
        };
        assert_eq!((timely(10), timely(12)), (true, false));
    }

    proptest::proptest! {
        #[test]
        fn accepts_attempts_that_follow_the_policy(
            swings in proptest::collection::vec(-1.0..=1.0_f64, 1..20),
            jitter in 0.0..=0.5_f64,
            factor in 1.0..=4.0_f64,
            base in 50..2000_u64,
            times in 1..40_u32,
        ) {
            let base = Duration::from_millis(base);
            let policy = Policy { base, factor, cap: base * times, jitter, max_attempts: None };
            let delays = swings.iter().zip(0..).map(|(swing, nth)| policy.delay(nth, *swing).as_secs_f64() * 1e3);
            proptest::prop_assert_eq!(violated(&failing(policy, &delays.collect::<Vec<_>>())), vec![]);
        }
    }
}
