//! How many wrong PINs came from an address (SYNC-03).
//!
//! A few lines of its own, and no crate for rate limits: those read a clock themselves and give a guess back every few seconds, whereas here
//! the count has to stay for a while as it is, and the time comes from outside.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use relayspec::sync::MOST_GUESSES;

/// So long after its last wrong PIN an address has all its guesses again; the chapter asks for a minute at least.
const REMEMBERED: Duration = Duration::from_secs(5 * 60);
/// So many addresses are remembered. Beyond them the one whose last wrong PIN is oldest is forgotten.
const MOST_ADDRESSES: usize = 10_000;

/// The wrong PINs of the last minutes, by address.
#[derive(Debug, Default)]
pub struct Guesses {
    counts: HashMap<IpAddr, Count>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    last: Duration,
}

impl Guesses {
    /// Whether an address has no guess left.
    #[must_use]
    pub fn are_used_up(&self, address: IpAddr, now: Duration) -> bool {
        let count = self.counts.get(&household(address)).filter(|count| !count.is_over(now));
        count.is_some_and(|count| count.failures >= MOST_GUESSES)
    }

    /// A wrong PIN came from an address.
    pub fn failed(&mut self, address: IpAddr, now: Duration) {
        let address = household(address);
        if self.counts.len() == MOST_ADDRESSES && !self.counts.contains_key(&address) {
            self.make_room(now);
        }
        let count = self.counts.entry(address).or_insert(Count { failures: 0, last: now });
        if count.is_over(now) {
            count.failures = 0;
        }
        count.failures = count.failures.saturating_add(1);
        count.last = now;
    }

    fn make_room(&mut self, now: Duration) {
        self.counts.retain(|_, count| !count.is_over(now));
        if self.counts.len() == MOST_ADDRESSES
            && let Some(oldest) = self.counts.iter().min_by_key(|(_, count)| count.last).map(|(address, _)| *address)
        {
            self.counts.remove(&oldest);
        }
    }
}

impl Count {
    fn is_over(&self, now: Duration) -> bool {
        now.saturating_sub(self.last) >= REMEMBERED
    }
}

/// Who counts as one: an address of IPv4, or the network of 64 bits that one customer has of IPv6.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn guesses_are_used_up_by_household_and_come_back() {
        let mut guesses = Guesses::default();
        let at = Duration::from_secs;
        for (count, from) in (1..=MOST_GUESSES).zip(["127.0.0.2", "::ffff:127.0.0.2"].into_iter().cycle()) {
            assert!(!guesses.are_used_up(address("127.0.0.2"), at(1)), "after {} guesses", count - 1);
            guesses.failed(address(from), at(1));
        }
        assert!(guesses.are_used_up(address("127.0.0.2"), at(60)));
        assert!(!guesses.are_used_up(address("127.0.0.3"), at(60)));
        assert!(!guesses.are_used_up(address("127.0.0.2"), at(301)));
        guesses.failed(address("127.0.0.2"), at(302));
        assert!(!guesses.are_used_up(address("127.0.0.2"), at(302)), "the count does not begin anew");

        (0..MOST_GUESSES).for_each(|_| guesses.failed(address("2001:db8::1"), at(1)));
        assert!(guesses.are_used_up(address("2001:db8::2"), at(1)), "one customer has many addresses");
        assert!(!guesses.are_used_up(address("2001:db8:0:1::1"), at(1)));
    }

    #[test]
    fn addresses_are_bounded_and_the_oldest_is_forgotten() {
        let mut guesses = Guesses::default();
        let number = |number: u32| IpAddr::V4((0x0A00_0000 + number).into());
        for nth in 0..MOST_ADDRESSES as u32 + 100 {
            guesses.failed(number(nth), Duration::from_millis(nth.into()));
        }
        assert_eq!(guesses.counts.len(), MOST_ADDRESSES);
        assert!(!guesses.counts.contains_key(&number(99)) && guesses.counts.contains_key(&number(100)));
        guesses.failed(address("::1"), Duration::from_secs(3600));
        assert_eq!(guesses.counts.len(), 1, "what is over is forgotten first");
    }
}
