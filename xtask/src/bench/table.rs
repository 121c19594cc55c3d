//! The table of figures, their targets, and whether they are met.

use std::fmt::Write as _;

use anyhow::Result;

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FigureTarget {
    /// Smaller than this.
    Below(f64),
    /// This or smaller.
    AtMost(f64),
    /// Any value.
    None,
}

/// One line of the table.
#[derive(Debug)]
pub(super) struct Figure {
    name: String,
    unit: &'static str,
    measured: Result<f64>,
    target: FigureTarget,
}

impl Figure {
    /// A figure in this unit, which is empty for a ratio. An error stands in the table as the reason why nothing was measured.
    pub(super) fn new(
        name: impl Into<String>,
        unit: &'static str,
        measured: Result<f64>,
        target: FigureTarget,
    ) -> Self {
        Self { name: name.into(), unit, measured, target }
    }

    fn cells(&self) -> [String; 4] {
        let amount = |number: f64| format!("{number:.2} {}", self.unit).trim_end().to_owned();
        let (measured, met) = match &self.measured {
            Ok(number) if number.is_nan() => ("nothing to measure".to_owned(), None),
            Ok(number) => {
                let met = match self.target {
                    FigureTarget::Below(target) => Some(*number < target),
                    FigureTarget::AtMost(target) => Some(*number <= target),
                    FigureTarget::None => None,
                };
                (amount(*number), met)
            }
            Err(error) => (format!("not measured: {error:#}"), None),
        };
        let target = match self.target {
            FigureTarget::Below(target) => format!("under {}", amount(target)),
            FigureTarget::AtMost(target) => format!("at most {}", amount(target)),
            FigureTarget::None => String::new(),
        };
        let verdict = met.map_or("", |met| if met { "met" } else { "NOT MET" });
        [self.name.clone(), target, verdict.to_owned(), measured]
    }
}

/// The table. The measured value comes last, since a reason may be long.
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
    fn compares_figures_with_targets() {
        let figures = [
            Figure::new("start", "ms", Ok(7.3), FigureTarget::Below(20.0)),
            Figure::new("edge", "ms", Ok(20.0), FigureTarget::Below(20.0)),
            Figure::new("ratio", "", Ok(1.25), FigureTarget::AtMost(1.25)),
            Figure::new("cpu", "ms", Ok(812.0), FigureTarget::None),
            Figure::new("run", "ms", Err(anyhow!("no binary")), FigureTarget::AtMost(3.0)),
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
