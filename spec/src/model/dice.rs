//! Choices of a model, made by whoever rolls the dice.

/// Rolls dice; gives a number below the one that it is handed, which is never 0.
pub struct Dice<'a> {
    roll: &'a mut dyn FnMut(u32) -> u32,
}

impl<'a> Dice<'a> {
    /// Dice that are rolled by a function: from a number that is not 0 to one below it.
    pub fn new(roll: &'a mut dyn FnMut(u32) -> u32) -> Self {
        Self { roll }
    }

    /// A number below another; 0 where that is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 { 0 } else { (self.roll)(bound).min(bound - 1) }
    }

    /// Whether something happens that does so once in so many times.
    pub fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// One of several; the default where there is none.
    pub fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        let at = self.below(u32::try_from(from.len()).unwrap_or(u32::MAX));
        from.get(at as usize).copied().unwrap_or_default()
    }

    /// One of several by weight.
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
    fn weights_are_heeded_and_nothing_is_drawn_from_nothing() {
        let mut rolls = 0..;
        let mut roll = |bound: u32| rolls.next().unwrap_or(0) % bound;
        let mut dice = Dice::new(&mut roll);
        let drawn: Vec<_> = (0..6).map(|_| dice.weighed(&[(1, "a"), (0, "never"), (2, "b")])).collect();
        assert_eq!(drawn, ["a", "b", "b", "a", "b", "b"]);
        assert_eq!((dice.weighed::<u8>(&[]), dice.pick::<u8>(&[]), dice.below(0)), (0, 0, 0));
    }
}
