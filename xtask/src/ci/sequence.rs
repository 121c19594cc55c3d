//! Running steps in order: each is named before it runs and timed, the first failure ends the run, and a table closes it.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::cargo;

/// One test or gate.
pub(super) struct Step {
    name: &'static str,
    /// What a developer types to see it alone.
    reproduce: String,
    action: Action,
}

enum Action {
    Run(Box<dyn FnOnce() -> Result<()>>),
    Skip,
}

impl Step {
    /// A step that is a command.
    pub(super) fn command(name: &'static str, mut command: Command) -> Self {
        let reproduce = cargo::shown(&command);
        Self { name, reproduce, action: Action::Run(Box::new(move || cargo::run(&mut command))) }
    }

    /// A step that runs within this process.
    pub(super) fn function(
        name: &'static str,
        reproduce: impl Into<String>,
        function: impl FnOnce() -> Result<()> + 'static,
    ) -> Self {
        Self { name, reproduce: reproduce.into(), action: Action::Run(Box::new(function)) }
    }

    /// A step that is left out, and why.
    pub(super) fn skipped(name: &'static str, why: &str) -> Self {
        Self { name, reproduce: why.to_owned(), action: Action::Skip }
    }
}

/// How a step ended.
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
/// That step's error, and how to see it again.
pub(super) fn run(steps: Vec<Step>) -> Result<()> {
    let total = steps.len();
    let mut endings: Vec<(&str, Ending)> = Vec::new();
    let mut failure = None;
    for (step, number) in steps.into_iter().zip(1..) {
        let Step { name, reproduce, action } = step;
        let ending = match action {
            _ if failure.is_some() => Ending::NotReached,
            Action::Skip => {
                println!("\n──── {number}/{total} {name} SKIPPED, {reproduce}");
                Ending::Skipped
            }
            Action::Run(action) => {
                println!("\n──── {number}/{total} {name}: {reproduce}");
                let start = Instant::now();
                let result = action();
                let took = start.elapsed();
                match result {
                    Ok(()) => Ending::Passed(took),
                    Err(error) => {
                        failure = Some(anyhow!("step '{name}' failed: {error:#}\nreproduce it with: {reproduce}"));
                        Ending::Failed(took)
                    }
                }
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
        let took = took.map(|took| format!("{:>8.1} s  ", took.as_secs_f64())).unwrap_or_else(|| " ".repeat(12));
        let _ = writeln!(text, "{name:width$}{took}{word}");
    }
    let _ = write!(text, "{:width$}{:>8.1} s", "", total.as_secs_f64());
    if endings.iter().any(|(_, ending)| *ending == Ending::Skipped) {
        text.push_str("\nNot everything was judged: see SKIPPED above.");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use anyhow::bail;

    use super::*;

    /// Steps that write their names down as they run; one of them may fail.
    fn record(names: [&'static str; 3], failing: Option<&'static str>) -> (Vec<Step>, Rc<RefCell<Vec<&'static str>>>) {
        let ran = Rc::new(RefCell::new(Vec::new()));
        let steps = names.map(|name| {
            let ran = Rc::clone(&ran);
            Step::function(name, format!("run-{name}"), move || {
                ran.borrow_mut().push(name);
                if failing == Some(name) { bail!("it broke") } else { Ok(()) }
            })
        });
        (steps.into(), ran)
    }

    #[test]
    fn all_steps_run_in_order() {
        let (steps, ran) = record(["a", "b", "c"], None);
        assert!(run(steps).is_ok());
        assert_eq!(*ran.borrow(), ["a", "b", "c"]);
    }

    #[test]
    fn the_first_failure_ends_the_run_and_tells_how_to_see_it_again() {
        let (steps, ran) = record(["a", "b", "c"], Some("b"));
        let error = run(steps).expect_err("b fails");
        assert_eq!(format!("{error:#}"), "step 'b' failed: it broke\nreproduce it with: run-b");
        assert_eq!(*ran.borrow(), ["a", "b"]);
    }

    #[test]
    fn the_table_tells_what_was_not_judged() {
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
Not everything was judged: see SKIPPED above.";
        assert_eq!(table, expected);
    }
}
