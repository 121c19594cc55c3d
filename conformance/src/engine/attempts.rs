//! A client's attempts to connect: when each came, what it waited for, and whether that follows the policy.
//!
//! Moments in, findings out. What becomes of an attempt is told from outside.

use std::time::Duration;

use relayspec::reconnect::{LONGEST_DELAY, Policy};

use super::steps::shown;
use crate::clock::{Moment, millis};
use crate::outcome::{AttemptLine, Finding};
use crate::scenario::step::Rule;

/// What kept an arrival from being stamped may have ended so much before it was stamped.
const LATE_STAMP: Duration = Duration::from_millis(20);

/// The attempts of one client.
#[derive(Debug)]
pub(super) struct Attempts {
    policy: Policy,
    /// How long an attempt may be under way without success.
    connect_timeout: Duration,
    /// What the machine may add to any delay: the time that a process takes to get going, and the network.
    slack: Duration,
    pub(super) rows: Vec<Attempt>,
}

/// One attempt.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) at: Moment,
    /// Since when it was due; none for the first.
    pub(super) due: Option<Due>,
    /// How far off the machine may have been while it was waited for.
    noise: Duration,
    /// How far off the runner may have been when it saw the attempt before and its end: so much shorter may the delay look.
    haze: Duration,
    /// When the client could know that it had failed, or that what it brought was lost.
    pub(super) over: Option<Moment>,
    pub(super) success: bool,
    /// Whether it became a connection.
    was_accepted: bool,
    /// What became of it, in words.
    pub(super) fate: String,
}

/// A rule is broken.
#[derive(Debug)]
pub(super) enum Broken {
    /// Whatever the machine did.
    Surely(Finding),
    /// Unless the runner was late to see what came.
    Perhaps(Finding),
}

/// Since when an attempt is due, and which delay of the sequence is before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) since: Moment,
    pub(super) nth: u32,
}

impl Attempt {
    pub(super) fn delay(&self) -> Option<Duration> {
        self.due.map(|due| self.at - due.since)
    }
}

impl Attempts {
    pub(super) fn new(policy: Policy, connect_timeout: Duration, slack: Duration) -> Self {
        Self { policy, connect_timeout, slack, rows: Vec::new() }
    }

    /// Since when the next attempt is due; none where nothing was lost.
    pub(super) fn due(&self) -> Option<Due> {
        let last = self.rows.last()?;
        let since = last.over?;
        let nth = if last.success { 0 } else { last.due.map_or(0, |due| due.nth.saturating_add(1)) };
        Some(Due { since, nth })
    }

    /// The latest moment at which an attempt is in time.
    pub(super) fn latest(&self, due: Due) -> Moment {
        due.since + (*self.policy.envelope(due.nth).end() + self.policy.tolerance(due.nth) + self.slack)
    }

    /// Half of the policy's base: no two attempts start closer together.
    fn apart(&self) -> Duration {
        self.policy.base / 2
    }

    /// An attempt has come; what is wrong with that, unasked.
    pub(super) fn arrive(&mut self, at: Moment, noise: &dyn Fn(Moment) -> Duration) -> (usize, Vec<Finding>) {
        let due = self.due();
        let before = self.rows.last();
        let noise_since = |since: Option<Moment>| since.map(noise).unwrap_or_default();
        self.rows.push(Attempt {
            at,
            due,
            noise: noise_since(due.map(|due| due.since)),
            haze: noise_since(before.map(|before| before.at.earlier(LATE_STAMP))),
            over: None,
            success: false,
            was_accepted: false,
            fate: String::new(),
        });
        let index = self.rows.len() - 1;
        let haze = self.rows[index].haze;
        let findings = [self.alone(index, haze), self.early(index, haze), self.close(index, haze)];
        (index, findings.into_iter().flatten().collect())
    }

    /// An attempt has failed, or what it brought is lost.
    pub(super) fn end(&mut self, index: usize, at: Moment, fate: &str) {
        if let Some(row) = self.rows.get_mut(index).filter(|row| row.over.is_none()) {
            row.over = Some(at);
            if row.success {
                row.fate = format!("success, then {fate}");
            } else {
                fate.clone_into(&mut row.fate);
            }
        }
    }

    /// An attempt has become a connection.
    pub(super) fn accept(&mut self, index: usize) {
        if let Some(row) = self.rows.get_mut(index) {
            row.was_accepted = true;
        }
    }

    /// An attempt has reached the family's own success.
    pub(super) fn succeed(&mut self, index: usize) {
        if let Some(row) = self.rows.get_mut(index) {
            row.success = true;
            "success".clone_into(&mut row.fate);
        }
    }

    /// Judges all attempts by a rule; the first that breaks it.
    pub(super) fn judge(&self, rule: Rule) -> Option<Broken> {
        let surely = self.broken(rule, &|at| self.rows[at].haze).map(Broken::Surely);
        surely.or_else(|| self.broken(rule, &|_| Duration::ZERO).map(Broken::Perhaps))
    }

    fn broken(&self, rule: Rule, haze: &dyn Fn(usize) -> Duration) -> Option<Finding> {
        let each = |judge: &dyn Fn(usize) -> Option<Finding>| (0..self.rows.len()).find_map(judge);
        match rule {
            Rule::Envelope => each(&|at| self.early(at, haze(at)).or_else(|| self.late(at))),
            Rule::Growth => each(&|at| self.growth(at, haze(at))),
            Rule::Apart => each(&|at| self.close(at, haze(at))),
            Rule::Bounded => each(&|at| self.bounded(at)),
            Rule::Alone => each(&|at| self.alone(at, haze(at))),
            Rule::Timely => each(&|at| self.timely(at, haze(at))),
        }
    }

    fn found(&self, requirement: &str, index: usize, what: &str, expected: String, got: String) -> Finding {
        let tolerance = self.rows[index].due.map_or(self.policy.base, |due| self.policy.tolerance(due.nth));
        Finding {
            requirement: Some(requirement.to_owned()),
            what: format!("attempt {}: {what}", index + 1),
            expected: Some(expected),
            got: Some(got),
            excused_from_ms: Finding::excuse_for(tolerance * 2),
            ..Finding::default()
        }
    }

    /// What the delay before an attempt has to be, in words.
    fn expected(&self, due: Due) -> String {
        let envelope = self.policy.envelope(due.nth);
        let nominal = if self.policy.jitter > 0.0 {
            format!("{} to {}", shown(*envelope.start()), shown(*envelope.end()))
        } else {
            shown(self.policy.nominal(due.nth))
        };
        format!(
            "delay {} of the sequence: {nominal}, ± {} of tolerance",
            due.nth + 1,
            shown(self.policy.tolerance(due.nth))
        )
    }

    fn early(&self, index: usize, haze: Duration) -> Option<Finding> {
        let row = &self.rows[index];
        let (due, delay) = (row.due?, row.delay()?);
        let least = self.policy.envelope(due.nth).start().saturating_sub(self.policy.tolerance(due.nth));
        let broken = if self.was_dropped(index) { "RECON-05" } else { self.broken_by(index) };
        (delay + haze < least).then(|| self.found(broken, index, "it came too early", self.expected(due), shown(delay)))
    }

    pub(super) fn late(&self, index: usize) -> Option<Finding> {
        let row = &self.rows[index];
        let (due, delay) = (row.due?, row.delay()?);
        let late = row.at > self.latest(due) + row.noise;
        late.then(|| self.found(self.broken_by(index), index, "it came too late", self.expected(due), shown(delay)))
    }

    /// Whether a delay has grown, and the attempt before it became a connection and no more: what must not begin the delays anew.
    fn was_dropped(&self, index: usize) -> bool {
        let has_grown = self.rows[index].due.is_some_and(|due| due.nth > 0);
        has_grown && index.checked_sub(1).is_some_and(|before| self.rows[before].was_accepted)
    }

    /// What a wrong delay breaks: how delays grow (RECON-03) where its sequence began as it should, or else how long each is (RECON-02).
    fn broken_by(&self, index: usize) -> &'static str {
        let is_first = |row: &Attempt| row.due.is_some_and(|due| due.nth == 0);
        let begins_well = |row: &Attempt| {
            let Some((delay, due)) = row.delay().zip(row.due) else { return false };
            let least = self.policy.envelope(0).start().saturating_sub(self.policy.tolerance(0));
            delay + row.haze >= least && row.at <= self.latest(due) + row.noise
        };
        let began_well = self.rows[..index].iter().rfind(|row| is_first(row)).is_some_and(begins_well);
        if began_well && !is_first(&self.rows[index]) { "RECON-03" } else { "RECON-02" }
    }

    /// The delay before an attempt against the one before it: it has grown by the factor, or is at the cap.
    ///
    /// What a mere connection does to it is not judged here, but as a delay that is too early.
    fn growth(&self, index: usize, haze: Duration) -> Option<Finding> {
        let (row, before) = (&self.rows[index], self.rows.get(index.checked_sub(1)?)?);
        let (due, delay, shorter) = (row.due?, row.delay()?, before.delay()?);
        if due.nth == 0 || self.was_dropped(index) {
            return None;
        }
        let Policy { factor, cap, jitter, .. } = self.policy;
        // The delay before tells its nominal value but for the jitter; what is due here has a jitter of its own.
        let grown = |before: f64, here: f64| shorter.mul_f64(factor / before).min(cap).mul_f64(here);
        let slack = self.policy.tolerance(due.nth) + self.policy.tolerance(due.nth - 1).mul_f64(factor) + self.slack;
        let (least, most) = (grown(1.0 + jitter, 1.0 - jitter), grown(1.0 - jitter, 1.0 + jitter));
        if delay + slack + haze >= least && delay <= most + slack + row.noise {
            return None;
        }
        let expected = format!("{} to {}, after {}, ± {}", shown(least), shown(most), shown(shorter), shown(slack));
        Some(self.found("RECON-03", index, "the delay did not grow as the policy has it", expected, shown(delay)))
    }

    fn close(&self, index: usize, haze: Duration) -> Option<Finding> {
        let before = self.rows.get(index.checked_sub(1)?)?;
        let apart = self.rows[index].at - before.at;
        // The same moment is stamped twice, each time a little late.
        let tolerance = Duration::from_millis(2).min(self.apart() / 10);
        (apart + tolerance + haze < self.apart()).then(|| {
            let expected = format!("at least {} from one attempt to the next", shown(self.apart()));
            self.found("RECON-06", index, "it followed too closely", expected, shown(apart))
        })
    }

    fn bounded(&self, index: usize) -> Option<Finding> {
        let row = &self.rows[index];
        let delay = row.delay()?;
        (delay > LONGEST_DELAY + self.slack + row.noise).then(|| {
            let expected = format!("at most {}", shown(LONGEST_DELAY));
            self.found("RECON-07", index, "the delay is longer than any may be", expected, shown(delay))
        })
    }

    fn timely(&self, index: usize, haze: Duration) -> Option<Finding> {
        let row = &self.rows[index];
        let under_way = row.over.filter(|_| !row.success)? - row.at;
        // As for delays: a tenth, or 50 ms.
        let tolerance = (self.connect_timeout / 10).max(Duration::from_millis(50));
        (under_way > self.connect_timeout + tolerance + self.slack + haze).then(|| {
            let expected =
                format!("given up within {}, ± {} of tolerance", shown(self.connect_timeout), shown(tolerance));
            self.found("RECON-12", index, "it was not given up in time", expected, shown(under_way))
        })
    }

    fn alone(&self, index: usize, haze: Duration) -> Option<Finding> {
        let at = self.rows[index].at;
        let other = self.rows[..index].iter().position(|row| row.over.is_none_or(|over| over > at + haze))?;
        let expected = "at most one attempt or connection at any time".to_owned();
        let got = format!("attempt {} was still under way", other + 1);
        Some(self.found("RECON-08", index, "it came beside another", expected, got))
    }

    /// Each attempt in one line, for reports; `start` is when the scenario began.
    pub(super) fn told(&self, client: &str, start: Moment) -> Vec<AttemptLine> {
        let lines = self.rows.iter().map(|row| AttemptLine {
            client: client.to_owned(),
            at_ms: millis(row.at - start),
            delay_ms: row.delay().map(millis),
            earliest_ms: row.due.map(|due| millis(*self.policy.envelope(due.nth).start())),
            latest_ms: row.due.map(|due| millis(*self.policy.envelope(due.nth).end())),
            noise_ms: millis(row.noise),
            fate: if row.fate.is_empty() { "open".to_owned() } else { row.fate.clone() },
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

    /// Attempts that each fail at once, after these delays in ms; the first comes at once.
    fn failing(policy: Policy, delays: &[f64]) -> Attempts {
        let mut attempts = Attempts::new(policy, CONNECT_TIMEOUT, Duration::ZERO);
        let mut now = Clock::start().zero();
        for delay in std::iter::once(&0.0).chain(delays) {
            now = now + Duration::from_secs_f64(delay / 1e3);
            let (index, _) = attempts.arrive(now, &quiet);
            attempts.end(index, now, "refused");
        }
        attempts
    }

    fn broken(attempts: &Attempts) -> Vec<Rule> {
        RULES.into_iter().filter(|rule| attempts.judge(*rule).is_some()).collect()
    }

    #[test]
    fn each_rule_is_kept_and_broken() {
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
            assert_eq!(broken(&attempts), expected, "{delays:?}: {:?}", RULES.map(|rule| attempts.judge(rule)));
        }
    }

    #[test]
    fn a_wrong_delay_is_blamed_on_what_it_breaks() {
        let blamed = |attempts: &Attempts| match attempts.judge(Rule::Envelope) {
            Some(Broken::Surely(finding)) => finding.requirement,
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
            assert_eq!(blamed(&failing(POLICY, delays)).as_deref(), Some(expected), "{delays:?}");
        }
        let mut dropped = failing(POLICY, &[1000.0]);
        dropped.accept(1);
        let lost = dropped.due().expect("a loss").since;
        dropped.arrive(lost + Duration::from_secs(1), &quiet);
        assert_eq!(blamed(&dropped).as_deref(), Some("RECON-05"), "as if a mere connection were a success");
    }

    #[test]
    fn success_begins_the_sequence_anew_and_nothing_else_does() {
        let mut attempts = failing(POLICY, &[1000.0, 2000.0]);
        let lost = attempts.due().expect("a loss");
        assert_eq!(lost.nth, 2);
        let (index, _) = attempts.arrive(lost.since + Duration::from_secs(4), &quiet);
        attempts.succeed(index);
        assert_eq!(attempts.due(), None, "nothing is due while a connection stands");
        attempts.end(index, lost.since + Duration::from_secs(9), "reset");
        assert_eq!(attempts.due(), Some(Due { since: lost.since + Duration::from_secs(9), nth: 0 }));
        assert_eq!(attempts.rows[index].fate, "success, then reset");
        let (_, findings) = attempts.arrive(lost.since + Duration::from_secs(10), &quiet);
        assert_eq!(findings, []);
    }

    #[test]
    fn an_attempt_beside_another_is_found_unasked() {
        let mut attempts = Attempts::new(POLICY, CONNECT_TIMEOUT, Duration::ZERO);
        let start = Clock::start().zero();
        attempts.arrive(start, &quiet);
        let (_, findings) = attempts.arrive(start + Duration::from_secs(1), &quiet);
        let blamed: Vec<_> = findings.into_iter().filter_map(|finding| finding.requirement).collect();
        assert_eq!(blamed, ["RECON-08"]);
        assert_eq!(broken(&attempts), [Rule::Alone]);
    }

    /// An attempt that comes 800 ms after a loss, of 1 s; noise is heard since one moment or the other.
    fn early(noise: &dyn Fn(Moment) -> Duration) -> (Attempts, Vec<Finding>) {
        let mut attempts = Attempts::new(POLICY, CONNECT_TIMEOUT, Duration::ZERO);
        let start = Clock::start().zero();
        let (index, _) = attempts.arrive(start, &quiet);
        attempts.end(index, start + Duration::from_secs(5), "refused");
        let (_, findings) = attempts.arrive(start + Duration::from_millis(5800), noise);
        (attempts, findings)
    }

    #[test]
    fn noise_widens_what_is_late() {
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
    fn what_came_too_early_is_in_doubt_only_where_what_it_is_measured_from_was_seen_late() {
        let while_waiting =
            |since: Moment| Duration::from_secs(u64::from(since >= Clock::start().zero() + Duration::from_secs(5)));
        let (attempts, findings) = early(&while_waiting);
        assert_eq!(findings.len(), 1, "too early stays too early");
        assert!(matches!(attempts.judge(Rule::Envelope), Some(Broken::Surely(_))));
        let (attempts, findings) = early(&|_| Duration::from_secs(1));
        assert_eq!(findings, []);
        assert!(matches!(attempts.judge(Rule::Envelope), Some(Broken::Perhaps(_))));
    }

    #[test]
    fn an_attempt_that_is_not_given_up_in_time_is_found() {
        let timely = |seconds| {
            let mut attempts = Attempts::new(POLICY, CONNECT_TIMEOUT, Duration::ZERO);
            let start = Clock::start().zero();
            let (index, _) = attempts.arrive(start, &quiet);
            attempts.end(index, start + Duration::from_secs(seconds), "given up");
            attempts.judge(Rule::Timely).is_none()
        };
        assert_eq!((timely(10), timely(12)), (true, false));
    }

    proptest::proptest! {
        #[test]
        fn who_follows_the_policy_breaks_no_rule(
            swings in proptest::collection::vec(-1.0..=1.0_f64, 1..20),
            jitter in 0.0..=0.5_f64,
            factor in 1.0..=4.0_f64,
            base in 50..2000_u64,
            times in 1..40_u32,
        ) {
            let base = Duration::from_millis(base);
            let policy = Policy { base, factor, cap: base * times, jitter, max_attempts: None };
            let delays = swings.iter().zip(0..).map(|(swing, nth)| policy.delay(nth, *swing).as_secs_f64() * 1e3);
            proptest::prop_assert_eq!(broken(&failing(policy, &delays.collect::<Vec<_>>())), vec![]);
        }
    }
}
