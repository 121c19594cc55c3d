//! How busy the machine was with other things while something was measured.

use std::fs;

/// What all processors have done so far, in ticks of the system.
pub(crate) struct Machine {
    all: f64,
    idle: f64,
    own: f64,
}

impl Machine {
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

    /// From 0 to 1.
    pub(crate) fn used_by_others_since(&self, before: &Self) -> f64 {
        let (all, idle, own) = (self.all - before.all, self.idle - before.idle, self.own - before.own);
        ((all - idle - own) / all).max(0.0)
    }
}
