//! A run as one value, from which the machine-readable reports are made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::outcome::{ScenarioOutcome, SubjectInfo, Summary};

/// The version of the report's format; incremented for incompatible changes.
const FORMAT: u32 = 2;

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Report")]
pub struct RunReport {
    /// The version of this format.
    pub format: u32,
    /// What wrote the report.
    pub tool: Tool,
    /// The subjects; empty if they were not reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<SubjectInfo>,
    /// How many checks have which verdict.
    pub summary: Summary,
    /// How long the run took, in ms.
    pub duration_ms: f64,
    /// Why the run could not begin, or was cut short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Entries of the baseline that no longer apply, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale_baseline: Vec<String>,
    /// The scenarios that finished or were skipped, by id.
    pub scenarios: Vec<ScenarioOutcome>,
    /// The end of the subject's output, unless the run was fine.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
}

/// What wrote a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Default for RunReport {
    fn default() -> Self {
        let tool = Tool { name: "conformance".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        Self {
            format: FORMAT,
            tool,
            subjects: Vec::new(),
            summary: Summary::default(),
            duration_ms: 0.0,
            problem: None,
            stale_baseline: Vec::new(),
            scenarios: Vec::new(),
            output: String::new(),
        }
    }
}

impl RunReport {
    /// Takes the next event. Returns whether the run is over and the report complete.
    pub fn add(&mut self, event: &Event) -> bool {
        match event {
            Event::RunStarted { subjects, scenarios: _ } => self.subjects.clone_from(subjects),
            Event::ScenarioStarted { id: _ } => {}
            Event::ScenarioFinished(outcome) => {
                let at = self.scenarios.partition_point(|other| other.id <= outcome.id);
                self.scenarios.insert(at, outcome.as_ref().clone());
            }
            Event::RunFinished(end) => {
                self.summary = end.summary;
                self.duration_ms = end.duration_ms;
                self.problem.clone_from(&end.problem);
                self.stale_baseline.clone_from(&end.stale_baseline);
                self.output.clone_from(&end.output);
                return true;
            }
        }
        false
    }
}
