//! A client's attempts to connect, drawn on a time axis: when each was due, when it happened, and its result.

use super::style::Style;
use super::text::{count, one_line, span};
use crate::outcome::{AttemptLine, ScenarioOutcome};

/// The width of the axis, in columns.
const AXIS: usize = 48;
/// At most this many attempts of a client are drawn: the last ones.
const MOST: usize = 40;
/// At most this many clients are drawn.
const CLIENTS: usize = 3;

/// The drawing, with a heading for each client; empty if no client was started.
pub(super) fn drawn(outcome: &ScenarioOutcome, style: Style) -> Vec<String> {
    let attempts = &outcome.connection_attempts;
    let clients: Vec<&[AttemptLine]> = attempts.chunk_by(|one, other| one.client == other.client).collect();
    let mut lines: Vec<_> = clients.iter().take(CLIENTS).flat_map(|attempts| client(attempts, style)).collect();
    if clients.len() > CLIENTS {
        lines.push(style.dim(&format!("  … and the attempts of {}", count(clients.len() - CLIENTS, "more client"))));
    }
    lines
}

fn client(attempts: &[AttemptLine], style: Style) -> Vec<String> {
    let shown = &attempts[attempts.len().saturating_sub(MOST)..];
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else { return Vec::new() };
    let start = first.at_ms;
    let ends = shown.iter().map(|attempt| due(attempt).map_or(attempt.at_ms, |(_, to)| to.max(attempt.at_ms)));
    let end = ends.fold(last.at_ms, f64::max);
    let column = |ms: f64| {
        let part = if end > start { ((ms - start) / (end - start)).clamp(0.0, 1.0) } else { 0.0 };
        (part * (AXIS - 1) as f64).round() as usize
    };
    let name = one_line(&first.client, 40);
    let heading = format!("  connection attempts of {name} (in s; [ ] when one was due, o when it happened):");
    let mut lines = vec![style.dim(&heading)];
    if shown.len() < attempts.len() {
        lines.push(style.dim(&format!("    … {} earlier", count(attempts.len() - shown.len(), "attempt"))));
    }
    lines.extend(shown.iter().map(|attempt| row(attempt, &column)));
    lines
}

/// When an attempt was due according to the declared policy, in ms since the scenario began.
fn due(attempt: &AttemptLine) -> Option<(f64, f64)> {
    let since = attempt.at_ms - attempt.delay_ms?;
    Some((since + attempt.earliest_ms?, since + attempt.latest_ms?))
}

fn row(attempt: &AttemptLine, column: &impl Fn(f64) -> usize) -> String {
    let mut axis = vec!['·'; AXIS];
    if let Some((from, to)) = due(attempt) {
        let (from, to) = (column(from), column(to));
        axis[from.saturating_sub(1)] = '[';
        axis[(to + 1).min(AXIS - 1)] = ']';
    }
    axis[column(attempt.at_ms)] = 'o';
    let axis: String = axis.into_iter().collect();
    let noise = if attempt.noise_ms > 0.0 { format!(", noise {}", span(attempt.noise_ms)) } else { String::new() };
    let delay = match (attempt.delay_ms, attempt.earliest_ms, attempt.latest_ms) {
        (Some(delay), Some(from), Some(to)) if from == to => {
            format!("after {}, due {}{noise}", span(delay), span(from))
        }
        (Some(delay), Some(from), Some(to)) => {
            format!("after {}, due {} to {}{noise}", span(delay), span(from), span(to))
        }
        _ => "first".to_owned(),
    };
    format!("    {:>8.3}  {axis}  {delay}: {}", attempt.at_ms / 1000.0, one_line(&attempt.fate, 40))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { color: false, live: false, verbose: false, width: 160 };

    fn attempt(at_ms: f64, delay_ms: Option<f64>, due: Option<(f64, f64)>) -> AttemptLine {
        AttemptLine {
            client: "client".to_owned(),
            at_ms,
            delay_ms,
            earliest_ms: due.map(|due| due.0),
            latest_ms: due.map(|due| due.1),
            noise_ms: 0.0,
            fate: "HTTP 503".to_owned(),
        }
    }

    #[test]
    fn draws_attempts_on_the_axis() {
        let attempts = [
            attempt(0.0, None, None),
            attempt(100.0, Some(100.0), Some((100.0, 100.0))),
            attempt(400.0, Some(300.0), Some((100.0, 300.0))),
            attempt(470.0, Some(70.0), Some((400.0, 400.0))),
        ];
        let drawn: Vec<_> = client(&attempts, PLAIN).into_iter().skip(1).collect();
        assert_eq!(
            drawn,
            [
                "       0.000  o···············································  first: HTTP 503",
                "       0.100  ·····[o]········································  after 100 ms, due 100 ms: HTTP 503",
                "       0.400  ···········[············o]······················  after 300 ms, due 100 ms to 300 ms: HTTP 503",
                "       0.470  ····························o·················[]  after 70 ms, due 400 ms: HTTP 503",
            ]
        );
        assert!(client(&[attempt(5.0, None, None)], PLAIN)[1].contains("o···"));
        assert!(client(&[], PLAIN).is_empty());
    }
}
