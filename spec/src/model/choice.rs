//! The choices of a model, drawn from a source of random numbers that the caller supplies.

/// Draws choices. The function behind it maps a bound that is not 0 to a number below it.
pub struct ChoiceSource<'a> {
    draw: &'a mut dyn FnMut(u32) -> u32,
}

impl<'a> ChoiceSource<'a> {
    /// Choices from a function that maps a bound that is not 0 to a number below it.
    pub fn new(draw: &'a mut dyn FnMut(u32) -> u32) -> Self {
        Self { draw }
    }

    /// A number below the bound; 0 if the bound is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 { 0 } else { (self.draw)(bound).min(bound - 1) }
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// One of several values; the default if there are none.
    pub fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        let at = self.below(u32::try_from(from.len()).unwrap_or(u32::MAX));
        from.get(at as usize).copied().unwrap_or_default()
    }

    /// One of several values, by weight.
    pub fn weighed<T: Copy + Default>(&mut self, from: &[(u32, T)]) -> T {
        let mut left = self.below(from.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in from {
            if left < *weight {
                return *one;
            }
            left -= weight;
        }
        T::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_count_and_empty_lists_draw_the_default() {
        let mut numbers = 0..;
        let mut draw = |bound: u32| numbers.next().unwrap_or(0) % bound;
        let mut choices = ChoiceSource::new(&mut draw);
        let drawn: Vec<_> = (0..6).map(|_| choices.weighed(&[(1, "a"), (0, "never"), (2, "b")])).collect();
        assert_eq!(drawn, ["a", "b", "b", "a", "b", "b"]);
        assert_eq!((choices.weighed::<u8>(&[]), choices.pick::<u8>(&[]), choices.below(0)), (0, 0, 0));
    }
}
