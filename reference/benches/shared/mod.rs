//! Shared by the benches: arguments, medians, and how busy the machine was with other processes.

use std::fs;

use tokio::runtime::{Builder, Runtime};

/// The processor time of the whole machine so far, in ticks.
pub(crate) struct MachineLoad {
    all: f64,
    idle: f64,
    own: f64,
}

impl MachineLoad {
    pub(crate) fn now() -> Self {
        let numbers = |path: &str, from: usize| -> Vec<f64> {
            let text = fs::read_to_string(path).unwrap_or_default();
            let line = text.lines().next().unwrap_or_default();
            line.split_whitespace().skip(from).map_while(|number| number.parse().ok()).collect()
        };
        let machine = numbers("/proc/stat", 1);
        // Of this process and of its children that have ended.
        let own = numbers("/proc/self/stat", 13);
        Self {
            all: machine.iter().take(8).sum(),
            idle: machine.iter().skip(3).take(2).sum(),
            own: own.iter().take(4).sum(),
        }
    }

    pub(crate) fn report_others(&self, note: &str) {
        let now = Self::now();
        let (all, idle, own) = (now.all - self.all, now.idle - self.idle, now.own - self.own);
        let share = ((all - idle - own) / all).max(0.0);
        println!("\nother processes used {:.0} % of the machine meanwhile{note}", share * 100.0);
    }
}

/// Whether few rounds are wanted: `--quick`, or `QUICK` in the environment.
pub(crate) fn is_quick() -> bool {
    std::env::args().any(|argument| argument == "--quick") || std::env::var_os("QUICK").is_some()
}

/// The arguments after this flag, if it is given: this process is then a part of the bench.
pub(crate) fn arguments_after(flag: &str) -> Option<Vec<String>> {
    std::env::args()
        .any(|argument| argument == flag)
        .then(|| std::env::args().skip_while(|argument| argument != flag).skip(1).collect())
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
