//! Counts wrong PINs by address (SYNC-03).
//!
//! No rate-limiting crate: those read a clock themselves and refill continuously, whereas here the count must stay for a while, and the time
//! is passed in.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use relayspec::sync::MOST_GUESSES;

/// How long after its last wrong PIN an address is locked or remembered; the chapter requires at least a minute.
const REMEMBERED: Duration = Duration::from_secs(5 * 60);
/// The most addresses that are remembered; beyond that the least recent is dropped.
const MOST_ADDRESSES: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Guesses {
    counts: HashMap<IpAddr, FailureCount>,
}

#[derive(Debug, Clone, Copy)]
struct FailureCount {
    failures: u32,
    last: Duration,
}

impl Guesses {
    pub(crate) fn are_used_up(&self, address: IpAddr, now: Duration) -> bool {
        let count = self.counts.get(&network_of(address)).filter(|count| !count.is_over(now));
        count.is_some_and(|count| count.failures >= MOST_GUESSES)
    }

    pub(crate) fn failed(&mut self, address: IpAddr, now: Duration) {
        let address = network_of(address);
        if self.counts.len() == MOST_ADDRESSES && !self.counts.contains_key(&address) {
            self.make_room(now);
        }
        let count = self.counts.entry(address).or_insert(FailureCount { failures: 0, last: now });
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

impl FailureCount {
    fn is_over(&self, now: Duration) -> bool {
        now.saturating_sub(self.last) >= REMEMBERED
    }
}

/// What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, which is what one customer has.
fn network_of(address: IpAddr) -> IpAddr {
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
    fn guesses_are_limited_by_network_and_expire() {
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
        assert!(!guesses.are_used_up(address("127.0.0.2"), at(302)), "the count does not restart");

        (0..MOST_GUESSES).for_each(|_| guesses.failed(address("2001:db8::1"), at(1)));
        assert!(guesses.are_used_up(address("2001:db8::2"), at(1)), "one customer has many addresses");
        assert!(!guesses.are_used_up(address("2001:db8:0:1::1"), at(1)));
    }

    #[test]
    fn addresses_are_bounded_and_the_oldest_is_dropped() {
        let mut guesses = Guesses::default();
        let number = |number: u32| IpAddr::V4((0x0A00_0000 + number).into());
        for nth in 0..MOST_ADDRESSES as u32 + 100 {
            guesses.failed(number(nth), Duration::from_millis(nth.into()));
        }
        assert_eq!(guesses.counts.len(), MOST_ADDRESSES);
        assert!(!guesses.counts.contains_key(&number(99)) && guesses.counts.contains_key(&number(100)));
        guesses.failed(address("::1"), Duration::from_secs(3600));
        assert_eq!(guesses.counts.len(), 1, "expired ones are dropped first");
    }
}
