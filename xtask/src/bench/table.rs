//! The table of figures: what was measured, what is aimed at, and whether it is met.

use std::fmt::Write as _;

use anyhow::Result;

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    /// Smaller than this.
    Below(f64),
    /// This or smaller.
    AtMost(f64),
    /// Whatever it is.
    None,
}

/// One line of the table.
#[derive(Debug)]
pub(super) struct Figure {
    name: String,
    unit: &'static str,
    measured: Result<f64>,
    target: Target,
}

impl Figure {
    /// A figure in this unit; an empty unit means a ratio. Where it could not be measured, the table says why.
    pub(super) fn new(name: impl Into<String>, unit: &'static str, measured: Result<f64>, target: Target) -> Self {
        Self { name: name.into(), unit, measured, target }
    }

    fn cells(&self) -> [String; 4] {
        let amount = |number: f64| format!("{number:.2} {}", self.unit).trim_end().to_owned();
        let (measured, met) = match &self.measured {
            Ok(number) if number.is_nan() => ("nothing to measure".to_owned(), None),
            Ok(number) => {
                let met = match self.target {
                    Target::Below(target) => Some(*number < target),
                    Target::AtMost(target) => Some(*number <= target),
                    Target::None => None,
                };
                (amount(*number), met)
            }
            Err(error) => (format!("not measured: {error:#}"), None),
        };
        let target = match self.target {
            Target::Below(target) => format!("under {}", amount(target)),
            Target::AtMost(target) => format!("at most {}", amount(target)),
            Target::None => String::new(),
        };
        let verdict = met.map_or("", |met| if met { "met" } else { "NOT MET" });
        [self.name.clone(), target, verdict.to_owned(), measured]
    }
}

/// The figures as a table. What was measured comes last, as a reason may be long.
pub(super) fn shown(figures: &[Figure]) -> String {
    let mut rows = vec![["figure", "target", "", "measured"].map(str::to_owned)];
    rows.extend(figures.iter().map(Figure::cells));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (name, target, met) = (width(0), width(1), width(2));
    let mut text = String::new();
    for row in &rows {
        let line = format!("{:name$}  {:target$}  {:met$}  {}", row[0], row[1], row[2], row[3]);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn figures_stand_next_to_their_targets() {
        let figures = [
            Figure::new("start", "ms", Ok(7.3), Target::Below(20.0)),
            Figure::new("edge", "ms", Ok(20.0), Target::Below(20.0)),
            Figure::new("ratio", "", Ok(1.25), Target::AtMost(1.25)),
            Figure::new("cpu", "ms", Ok(812.0), Target::None),
            Figure::new("run", "ms", Err(anyhow!("no binary")), Target::AtMost(3.0)),
        ];
        let expected = "\
figure  target                    measured
start   under 20.00 ms   met      7.30 ms
edge    under 20.00 ms   NOT MET  20.00 ms
ratio   at most 1.25     met      1.25
cpu                               812.00 ms
run     at most 3.00 ms           not measured: no binary
";
        assert_eq!(shown(&figures), expected);
    }
}
