//! The baseline: known failures, each with a reason. An entry that no longer applies fails the run.
//!
//! It changes how a failure counts, never what was found: verdict and findings of a check stay as they are.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use globset::{Glob, GlobMatcher};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::outcome::{CheckOutcome, ScenarioOutcome, Verdict};
use crate::position::Position;
use crate::scenario::{LINT, SCENARIO_CHECK, Scenario};

/// A baseline file (TOML).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Baseline")]
pub struct BaselineFile {
    /// The expected failures.
    #[serde(default)]
    pub expected: Vec<Expected>,
}

/// An expected failure.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The id of a check, such as `pairing/expired-code#refused-as-expired`, or a glob over such ids.
    #[schemars(with = "String", length(min = 1))]
    pub check: Spanned<String>,
    /// Why it fails.
    #[schemars(with = "String", length(min = 1))]
    pub reason: Spanned<String>,
}

/// The expected failures of a run, and the verdicts of the checks that they match.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    file: String,
    entries: Vec<BaselineEntry>,
}

#[derive(Debug, Clone)]
struct BaselineEntry {
    pattern: String,
    matcher: GlobMatcher,
    reason: String,
    line: usize,
    verdicts: BTreeMap<String, PastVerdict>,
}

/// The result of a check; of several runs the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PastVerdict {
    Passed,
    Undecided,
    Failed,
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The file cannot be read.
    #[error("{0}: cannot be read: {1}")]
    Unreadable(String, #[source] io::Error),
    /// The text is not a valid baseline.
    #[error("{0}:{1}: {2}")]
    Invalid(String, Position, #[source] BaselineProblem),
}

/// What is wrong with a baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineProblem {
    /// It is not TOML, or has missing or unknown keys.
    #[error("{}", .0.message().trim_end().replace('\n', "; "))]
    Toml(#[source] Box<toml::de::Error>),
    /// An entry names no check.
    #[error("`check` is empty; name a check, such as `pairing/expired-code#story`")]
    NoCheck,
    /// An entry gives no reason.
    #[error("the reason is empty; state why `{0}` fails")]
    NoReason(String),
    /// An entry's glob is invalid.
    #[error("invalid glob `{_0}`: {}", .1.kind())]
    Glob(String, #[source] globset::Error),
}

impl BaselineProblem {
    fn at(self, file: &str, text: &str, offset: usize) -> BaselineError {
        BaselineError::Invalid(file.to_owned(), Position::of_offset(text, offset), self)
    }
}

impl Baseline {
    /// A baseline that expects nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads a baseline from a file.
    pub fn load(path: &Path) -> Result<Self, BaselineError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&file, &text),
            Err(error) => Err(BaselineError::Unreadable(file, error)),
        }
    }

    /// Reads a baseline from text; `file` is its name in messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, BaselineError> {
        let read: BaselineFile = toml::from_str(text).map_err(|error| {
            let start = error.span().unwrap_or_default().start;
            BaselineProblem::Toml(Box::new(error)).at(file, text, start)
        })?;
        let entries = read.expected.iter().map(|expected| BaselineEntry::new(file, text, expected));
        Ok(Self { file: file.to_owned(), entries: entries.collect::<Result<_, _>>()? })
    }

    /// Marks the expected failures and warnings of a scenario, and the checks that they kept from being reached, and updates the
    /// scenario's verdict.
    pub fn apply(&mut self, outcome: &mut ScenarioOutcome) {
        for check in &mut outcome.checks {
            for entry in &mut self.entries {
                entry.note(check);
            }
        }
        excuse_unreached(&mut outcome.checks);
        outcome.verdict = ScenarioOutcome::worst(&outcome.checks);
    }

    /// Whether it has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries that no longer apply, each with its line and a remedy: those that match no existing check, and those of which
    /// every check ran and passed. An entry stays if one of its checks was not selected, was skipped or is inconclusive.
    ///
    /// `known` are the ids of all checks of the runner's scenarios, selected or not; see [`check_ids`].
    #[must_use]
    pub fn stale(&self, known: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
        let known: Vec<_> = known.into_iter().collect();
        let stale = self.entries.iter().filter_map(|entry| {
            let problem = entry.problem(known.iter().map(AsRef::as_ref))?;
            Some(format!("{}:{}: `{}` {problem}", self.file, entry.line, entry.pattern))
        });
        stale.collect()
    }
}

/// The ids of all checks of a scenario, including those that every scenario has.
pub fn check_ids(scenario: &Scenario) -> impl Iterator<Item = String> {
    let named = scenario.checks().into_iter().map(|check| check.name);
    let names = [SCENARIO_CHECK, LINT].map(str::to_owned).into_iter().chain(named);
    names.map(|name| format!("{}#{name}", scenario.id))
}

impl BaselineEntry {
    fn new(file: &str, text: &str, expected: &Expected) -> Result<Self, BaselineError> {
        let (pattern, reason) = (expected.check.get_ref(), expected.reason.get_ref());
        let start = expected.check.span().start;
        if pattern.trim().is_empty() {
            return Err(BaselineProblem::NoCheck.at(file, text, start));
        }
        if reason.trim().is_empty() {
            return Err(BaselineProblem::NoReason(pattern.clone()).at(file, text, expected.reason.span().start));
        }
        let glob =
            Glob::new(pattern).map_err(|error| BaselineProblem::Glob(pattern.clone(), error).at(file, text, start))?;
        Ok(Self {
            pattern: pattern.clone(),
            matcher: glob.compile_matcher(),
            reason: reason.trim().to_owned(),
            line: Position::of_offset(text, start).line,
            verdicts: BTreeMap::new(),
        })
    }

    fn note(&mut self, check: &mut CheckOutcome) {
        if !self.matcher.is_match(&check.id) {
            return;
        }
        let verdict = match check.verdict {
            Verdict::Pass => PastVerdict::Passed,
            Verdict::Skip | Verdict::Inconclusive => PastVerdict::Undecided,
            Verdict::Warn | Verdict::Fail => PastVerdict::Failed,
        };
        if verdict == PastVerdict::Failed {
            check.expected_failure.get_or_insert_with(|| self.reason.clone());
        }
        let before = self.verdicts.entry(check.id.clone()).or_insert(verdict);
        *before = verdict.max(*before);
    }

    /// What is wrong with the entry after a run, if anything.
    fn problem<'a>(&self, known: impl Iterator<Item = &'a str>) -> Option<String> {
        let mut left = known.filter(|id| self.matcher.is_match(id) && !self.verdicts.contains_key(*id)).peekable();
        if self.verdicts.is_empty() && left.peek().is_none() {
            return Some(match self.pattern.contains('#') {
                true => "matches no check; remove it".to_owned(),
                false => {
                    format!("matches no check; remove it, or write `{}#*` for all checks of a scenario", self.pattern)
                }
            });
        }
        if left.peek().is_some() || self.verdicts.values().any(|verdict| *verdict != PastVerdict::Passed) {
            return None;
        }
        let mut ids = self.verdicts.keys();
        Some(match (ids.next(), ids.len()) {
            (Some(id), 0) if *id == self.pattern => "passes now; remove it".to_owned(),
            (Some(id), 0) => format!("matches only {id}, which passes now; remove it"),
            (Some(id), more) => format!("matches {id} and {more} more, which all pass now; remove it"),
            (None, _) => return None,
        })
    }
}

/// A check that an expected failure kept from being reached shares its reason.
fn excuse_unreached(checks: &mut [CheckOutcome]) {
    let reason = |checks: &[CheckOutcome], check: &CheckOutcome| {
        let cause = check.because_of.as_ref().filter(|_| check.expected_failure.is_none())?;
        checks.iter().find(|other| other.id == *cause)?.expected_failure.clone()
    };
    // A cause may itself not have been reached, so one excuse can lead to the next.
    while let Some((at, reason)) = checks.iter().enumerate().find_map(|(at, check)| Some((at, reason(checks, check)?)))
    {
        checks[at].expected_failure = Some(reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{ScenarioId, built_in};

    const TWO: &str = r#"
[[expected]]
check = "pairing/a#one"
reason = "issue 12"

[[expected]]
check = "pairing/b#*"
reason = " issue 13 "
"#;

    fn baseline(text: &str) -> Baseline {
        Baseline::parse("known.toml", text).expect("a baseline")
    }

    fn expecting(check: &str) -> Baseline {
        baseline(&format!("[[expected]]\ncheck = '{check}'\nreason = 'issue 12'"))
    }

    fn check(id: &str, verdict: Verdict, because_of: Option<&str>) -> CheckOutcome {
        CheckOutcome {
            id: id.to_owned(),
            requirement: None,
            level: None,
            verdict,
            reason: None,
            because_of: because_of.map(str::to_owned),
            findings: Vec::new(),
            expected_failure: None,
        }
    }

    /// A scenario after the baseline: its verdict, and the reasons of its checks.
    fn applied(baseline: &mut Baseline, checks: &[CheckOutcome]) -> (Verdict, Vec<Option<String>>) {
        let mut outcome = ScenarioOutcome {
            id: ScenarioId::of_path("pairing/a"),
            file: "pairing/a.yaml".to_owned(),
            summary: String::new(),
            verdict: ScenarioOutcome::worst(checks),
            waits: false,
            duration_ms: 1.0,
            attempts: 1,
            checks: checks.to_vec(),
            transcript: Vec::new(),
            transcript_left_out: 0,
            connection_attempts: Vec::new(),
            output: String::new(),
        };
        baseline.apply(&mut outcome);
        (outcome.verdict, outcome.checks.into_iter().map(|check| check.expected_failure).collect())
    }

    #[test]
    fn reads_a_baseline() {
        let read = baseline(TWO);
        let entries: Vec<_> = read.entries.iter().map(|entry| (&*entry.pattern, &*entry.reason, entry.line)).collect();
        assert_eq!(entries, [("pairing/a#one", "issue 12", 3), ("pairing/b#*", "issue 13", 7)]);
        assert!(baseline("# nothing is expected\n").entries.is_empty());
    }

    #[test]
    fn errors_have_a_position_and_a_remedy() {
        let error = |text: &str| Baseline::parse("known.toml", text).expect_err("an error").to_string();
        let cases = [
            (
                "[[expected]]\ncheck = 'a#b'\nreason = ' '",
                "known.toml:3:10: the reason is empty; state why `a#b` fails",
            ),
            (
                "[[expected]]\ncheck = ''\nreason = 'x'",
                "known.toml:2:9: `check` is empty; name a check, such as `pairing/expired-code#story`",
            ),
            (
                "[[expected]]\ncheck = 'a[#b'\nreason = 'x'",
                "known.toml:2:9: invalid glob `a[#b`: unclosed character class; missing ']'",
            ),
            ("[[expected]]\nchek = 'a#b'", "known.toml:2:1: unknown field `chek`, expected `check` or `reason`"),
            ("[[expected]]\ncheck = 'a#b'", "known.toml:1:1: missing field `reason`"),
            ("expcted = []", "known.toml:1:1: unknown field `expcted`, expected `expected`"),
            ("[[expected]", "known.toml:1:12: unclosed array table, expected `]`"),
            ("[[expected]]\ncheck = 7", "known.toml:2:9: invalid type: integer `7`, expected a string"),
        ];
        for (text, message) in cases {
            assert_eq!(error(text), message);
        }
        let error = Baseline::load(Path::new("no/such/known.toml")).expect_err("an error").to_string();
        assert!(error.starts_with("no/such/known.toml: cannot be read: "), "{error}");
    }

    #[test]
    fn excuses_only_expected_failures_and_warnings() {
        let reason = Some("issue 12".to_owned());
        for verdict in [Verdict::Fail, Verdict::Warn] {
            let checks = [check("pairing/a#one", verdict, None), check("pairing/a#two", Verdict::Pass, None)];
            assert_eq!(applied(&mut baseline(TWO), &checks), (Verdict::Pass, vec![reason.clone(), None]));
        }
        for verdict in [Verdict::Pass, Verdict::Skip, Verdict::Inconclusive] {
            assert_eq!(applied(&mut baseline(TWO), &[check("pairing/a#one", verdict, None)]), (verdict, vec![None]));
        }
        let other = check("pairing/a#two", Verdict::Fail, None);
        assert_eq!(applied(&mut baseline(TWO), std::slice::from_ref(&other)), (Verdict::Fail, vec![None]));
        assert_eq!(applied(&mut Baseline::empty(), &[other]), (Verdict::Fail, vec![None]));
    }

    #[test]
    fn excuses_checks_not_reached_after_an_expected_failure() {
        let behind = |cause: &str, failure: &str| {
            [
                check("pairing/a#last", Verdict::Inconclusive, Some("pairing/a#story")),
                check("pairing/a#story", Verdict::Inconclusive, Some(cause)),
                check(failure, Verdict::Fail, None),
            ]
        };
        let reason = Some("issue 12".to_owned());
        let excused = applied(&mut baseline(TWO), &behind("pairing/a#one", "pairing/a#one"));
        assert_eq!(excused, (Verdict::Pass, vec![reason.clone(), reason.clone(), reason]));
        let unexcused = applied(&mut baseline(TWO), &behind("pairing/a#two", "pairing/a#two"));
        assert_eq!(unexcused, (Verdict::Fail, vec![None, None, None]));
    }

    #[test]
    fn an_entry_without_a_check_is_stale() {
        let stale = |pattern: &str| expecting(pattern).stale(["pairing/a#one", "pairing/a#two"]);
        assert_eq!(stale("pairing/a#t*"), [""; 0]);
        assert_eq!(stale("pairing/a#three"), ["known.toml:2: `pairing/a#three` matches no check; remove it"]);
        assert_eq!(
            stale("pairing/a"),
            [
                "known.toml:2: `pairing/a` matches no check; remove it, or write `pairing/a#*` for all checks of a scenario"
            ]
        );
    }

    #[test]
    fn an_entry_whose_checks_all_pass_is_stale() {
        let stale = |pattern: &str, one: Verdict, two: Verdict| {
            let mut baseline = expecting(pattern);
            applied(&mut baseline, &[check("pairing/a#one", one, None), check("pairing/a#two", two, None)]);
            baseline.stale(["pairing/a#one", "pairing/a#two", "pairing/b#one"])
        };
        use Verdict::{Fail, Inconclusive, Pass, Skip, Warn};
        assert_eq!(stale("pairing/a#one", Pass, Fail), ["known.toml:2: `pairing/a#one` passes now; remove it"]);
        assert_eq!(
            stale("pairing/a#o*", Pass, Fail),
            ["known.toml:2: `pairing/a#o*` matches only pairing/a#one, which passes now; remove it"]
        );
        assert_eq!(
            stale("pairing/a#*", Pass, Pass),
            ["known.toml:2: `pairing/a#*` matches pairing/a#one and 1 more, which all pass now; remove it"]
        );
        for verdict in [Fail, Warn, Skip, Inconclusive] {
            assert_eq!(stale("pairing/a#*", Pass, verdict), [""; 0], "{verdict:?}");
            assert_eq!(stale("pairing/a#one", verdict, Pass), [""; 0], "{verdict:?}");
        }
        // The entry may still apply to a check that was not selected.
        assert_eq!(stale("pairing/*", Pass, Pass), [""; 0]);
    }

    #[test]
    fn a_check_that_failed_once_keeps_its_entry() {
        for verdicts in [[Verdict::Pass, Verdict::Fail], [Verdict::Fail, Verdict::Pass]] {
            let mut baseline = expecting("pairing/a#one");
            for verdict in verdicts {
                applied(&mut baseline, &[check("pairing/a#one", verdict, None)]);
            }
            assert_eq!(baseline.stale(["pairing/a#one"]), [""; 0]);
        }
    }

    #[test]
    fn knows_the_checks_of_every_scenario() {
        let scenarios = built_in().expect("the built-in scenarios");
        let scenario = scenarios.iter().find(|scenario| scenario.id.as_str() == "pairing/expired-code").expect("one");
        let ids: Vec<_> = check_ids(scenario).collect();
        for name in ["story", "lint", "refused-as-expired", "still-expired"] {
            assert!(ids.contains(&format!("pairing/expired-code#{name}")), "{name} is not among {ids:?}");
        }
    }
}
