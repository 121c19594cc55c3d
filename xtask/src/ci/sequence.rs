//! Running steps in order. Each is named before it runs and timed, the first failure ends the run, and a table closes it.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::cargo;

/// One check.
pub(super) struct Step {
    name: &'static str,
    /// The command that runs it alone.
    reproduce: String,
    action: Box<dyn FnOnce() -> Result<Status>>,
}

/// How a step ends, unless it fails.
pub(super) enum Status {
    Passed,
    /// Why it was skipped.
    Skipped(&'static str),
}

impl Step {
    /// A step that may find that it has to be skipped.
    pub(super) fn new(
        name: &'static str,
        reproduce: impl Into<String>,
        action: impl FnOnce() -> Result<Status> + 'static,
    ) -> Self {
        Self { name, reproduce: reproduce.into(), action: Box::new(action) }
    }

    /// A step that is a command.
    pub(super) fn command(name: &'static str, mut command: Command) -> Self {
        Self::function(name, cargo::shown(&command), move || cargo::run(&mut command))
    }

    /// A step that runs within this process.
    pub(super) fn function(
        name: &'static str,
        reproduce: impl Into<String>,
        function: impl FnOnce() -> Result<()> + 'static,
    ) -> Self {
        Self::new(name, reproduce, || function().map(|()| Status::Passed))
    }

    /// A step that is skipped.
    pub(super) fn skipped(name: &'static str, why: &'static str) -> Self {
        Self::new(name, "", move || Ok(Status::Skipped(why)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Passed(Duration),
    Failed(Duration),
    Skipped,
    NotReached,
}

/// Runs the steps up to the first that fails.
///
/// # Errors
/// That step's error, and how to reproduce it.
pub(super) fn run(steps: Vec<Step>) -> Result<()> {
    let total = steps.len();
    let mut endings: Vec<(&str, Ending)> = Vec::new();
    let mut failure = None;
    for (Step { name, reproduce, action }, number) in steps.into_iter().zip(1..) {
        if failure.is_some() {
            endings.push((name, Ending::NotReached));
            continue;
        }
        println!("\n──── {number}/{total} {name}: {reproduce}");
        let start = Instant::now();
        let ending = match action() {
            Ok(Status::Passed) => Ending::Passed(start.elapsed()),
            Ok(Status::Skipped(why)) => {
                println!("SKIPPED: {why}");
                Ending::Skipped
            }
            Err(error) => {
                failure = Some(anyhow!("step '{name}' failed: {error:#}\nreproduce it with: {reproduce}"));
                Ending::Failed(start.elapsed())
            }
        };
        endings.push((name, ending));
    }
    println!("\n{}", summary(&endings));
    failure.map_or(Ok(()), Err)
}

/// The closing table.
fn summary(endings: &[(&str, Ending)]) -> String {
    let width = endings.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut total = Duration::ZERO;
    for (name, ending) in endings {
        let (word, took) = match ending {
            Ending::Passed(took) => ("passed", Some(*took)),
            Ending::Failed(took) => ("FAILED", Some(*took)),
            Ending::Skipped => ("SKIPPED", None),
            Ending::NotReached => ("not reached", None),
        };
        total += took.unwrap_or_default();
        let took = took.map_or_else(|| " ".repeat(12), |took| format!("{:>8.1} s  ", took.as_secs_f64()));
        let _ = writeln!(text, "{name:width$}{took}{word}");
    }
    let _ = write!(text, "{:width$}{:>8.1} s", "", total.as_secs_f64());
    if endings.iter().any(|(_, ending)| *ending == Ending::Skipped) {
        text.push_str("\nNot everything was checked: see SKIPPED above.");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use anyhow::bail;

    use super::*;

    /// Runs three steps, of which one may fail, and returns those that ran.
    fn ran(failing: Option<&'static str>) -> (Result<()>, Vec<&'static str>) {
        let ran = Rc::new(RefCell::new(Vec::new()));
        let steps = ["a", "b", "c"].map(|name| {
            let ran = Rc::clone(&ran);
            Step::function(name, format!("run-{name}"), move || {
                ran.borrow_mut().push(name);
                if failing == Some(name) { bail!("it broke") } else { Ok(()) }
            })
        });
        let result = run(steps.into());
        (result, ran.take())
    }

    #[test]
    fn runs_all_steps_up_to_the_first_failure() {
        let (result, steps) = ran(None);
        assert!(result.is_ok());
        assert_eq!(steps, ["a", "b", "c"]);
        let (result, steps) = ran(Some("b"));
        let error = result.expect_err("b fails");
        assert_eq!(format!("{error:#}"), "step 'b' failed: it broke\nreproduce it with: run-b");
        assert_eq!(steps, ["a", "b"]);
    }

    #[test]
    fn prints_what_was_not_checked() {
        let table = summary(&[
            ("format", Ending::Passed(Duration::from_millis(1240))),
            ("node", Ending::Skipped),
            ("tests", Ending::Failed(Duration::from_secs(61))),
            ("docs", Ending::NotReached),
        ]);
        let expected = "\
format     1.2 s  passed
node              SKIPPED
tests     61.0 s  FAILED
docs              not reached
          62.2 s
Not everything was checked: see SKIPPED above.";
        assert_eq!(table, expected);
    }
}
