//! Checks whether a sample of codes looks uniform and independent.
//!
//! Two-tailed chi-square tests: uniformity of each position and of all together, independence of any two positions, of any position from
//! any of the previous code, and of the sum. A truly random source fails any of them less than once in a million samples: codes of six
//! characters need 59 tests, and each tail is cut at 1e-9.

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// The probability at which one tail of one test is cut.
const TAIL: f64 = 1e-9;
/// The least expected count of a cell of a chi-square test.
const EXPECTED: usize = 5;

/// Why a sample was not accepted.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RandomnessError {
    /// Too few values; this many are needed.
    TooFew(usize),
    /// A pattern.
    Pattern(Pattern),
}

/// A pattern that a random sample does not show.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    /// A description.
    pub(super) what: String,
    /// The figures.
    pub(super) got: String,
}

/// Checks a sample of strings of equal length, in the order in which they were drawn.
///
/// # Errors
/// If there are too few, or they show a pattern.
pub(super) fn check_random(values: &[String], alphabet: &[char]) -> Result<(), RandomnessError> {
    let letters = alphabet.len();
    let needed = EXPECTED * letters * letters;
    if values.len() < needed {
        return Err(RandomnessError::TooFew(needed));
    }
    let pattern = |what: String, got: String| Err(RandomnessError::Pattern(Pattern { what, got }));
    let length = values[0].chars().count();
    let mut rows: Vec<Vec<usize>> = Vec::with_capacity(values.len());
    for value in values {
        let row: Option<Vec<_>> = value.chars().map(|c| alphabet.iter().position(|letter| *letter == c)).collect();
        match row.filter(|row| row.len() == length) {
            Some(row) => rows.push(row),
            None => return pattern("one has a different length or alphabet".to_owned(), value.clone()),
        }
    }
    let columns: Vec<Vec<usize>> = (0..length).map(|place| rows.iter().map(|row| row[place]).collect()).collect();
    for (place, column) in columns.iter().enumerate() {
        let cells = column.iter().copied();
        even(cells, letters, &format!("position {} does not use the alphabet uniformly", place + 1))?;
        for (other, later) in columns.iter().enumerate() {
            let steps = column.iter().zip(&later[1..]).map(|(before, after)| (after + letters - before) % letters);
            even(
                steps,
                letters,
                &format!("position {} depends on position {} of the previous code", other + 1, place + 1),
            )?;
        }
        for (other, beside) in columns.iter().enumerate().skip(place + 1) {
            let pairs = column.iter().zip(beside).map(|(one, other)| one * letters + other);
            even(pairs, letters * letters, &format!("position {} depends on position {}", other + 1, place + 1))?;
        }
    }
    even(rows.iter().flatten().copied(), letters, "the alphabet is not used uniformly")?;
    even(
        rows.iter().map(|row| row.iter().sum::<usize>() % letters),
        letters,
        "one character is the checksum of the others",
    )
}

fn even(cells: impl Iterator<Item = usize>, kinds: usize, what: &str) -> Result<(), RandomnessError> {
    let mut counts = vec![0_u32; kinds];
    cells.for_each(|cell| counts[cell] += 1);
    let total: f64 = counts.iter().copied().map(f64::from).sum();
    let expected = total / kinds as f64;
    let square: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
    let Ok(distribution) = ChiSquared::new(kinds as f64 - 1.0) else { return Ok(()) };
    if distribution.sf(square) >= TAIL && distribution.cdf(square) >= TAIL {
        return Ok(());
    }
    let too = if square > kinds as f64 { "uneven" } else { "even" };
    Err(RandomnessError::Pattern(Pattern {
        what: what.to_owned(),
        got: format!("chi-square {square:.0} with {} degrees of freedom, too {too} for chance", kinds - 1),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALPHABET: &str = "346789ABCDEFGHJKLMNPQRTUVWXY";

    fn sample(count: usize, mut draw: impl FnMut(usize, usize) -> usize) -> Result<(), RandomnessError> {
        let alphabet: Vec<char> = ALPHABET.chars().collect();
        let code = |row: usize, draw: &mut dyn FnMut(usize, usize) -> usize| {
            (0..6).map(|place| alphabet[draw(row, place)]).collect()
        };
        let values: Vec<String> = (0..count).map(|row| code(row, &mut draw)).collect();
        check_random(&values, &alphabet)
    }

    #[test]
    fn uniform_samples_pass() {
        for seed in 0..60 {
            let mut random = fastrand::Rng::with_seed(seed);
            assert_eq!(sample(4500, |_, _| random.usize(..28)), Ok(()), "seed {seed}");
        }
    }

    #[test]
    fn patterns_are_found() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut last = 0;
        let mut biased = fastrand::Rng::with_seed(8);
        let mut rolled = fastrand::Rng::with_seed(9);
        let (mut summed, mut sum) = (fastrand::Rng::with_seed(10), 0);
        let (mut carrying, mut carried) = (fastrand::Rng::with_seed(11), 0);
        let found = [
            ("a letter is never drawn", sample(4500, |_, _| random.usize(..27))),
            ("a counter", sample(4500, |row, place| row / 28_usize.pow(5 - place as u32) % 28)),
            ("a counter in every position", sample(4500, |row, place| (row * 5 + place * 3) % 28)),
            (
                "a neighbour",
                sample(4500, |_, place| {
                    last = if place % 2 == 0 { rolled.usize(..28) } else { (last + 1) % 28 };
                    last
                }),
            ),
            (
                "a checksum",
                sample(4500, |_, place| {
                    let drawn = if place == 5 { (28 * 6 - sum) % 28 } else { summed.usize(..28) };
                    sum = if place == 5 { 0 } else { sum + drawn };
                    drawn
                }),
            ),
            (
                "the last character comes first in the next",
                sample(4500, |_, place| {
                    let drawn = if place == 0 { carried } else { carrying.usize(..28) };
                    carried = drawn;
                    drawn
                }),
            ),
            ("a byte modulo 28", sample(16_000, |_, _| usize::from(biased.u8(..)) % 28)),
        ];
        for (what, result) in found {
            assert!(matches!(result, Err(RandomnessError::Pattern(_))), "{what}: {result:?}");
        }
        assert!(matches!(sample(100, |_, _| 1), Err(RandomnessError::TooFew(_))));
    }
}
