//! A port for somebody who binds it later: until then nobody else should get it by chance.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

/// Ports below this belong to well-known services, or to what people run by hand.
const LOWEST: u16 = 12_000;
/// With fewer ports in it a range is not worth looking into.
const ENOUGH: usize = 1_000;
/// So many ports of the range are tried.
const TRIES: usize = 64;

/// Holds a free port of the loopback interface, if there is one that the system gives to no connection of its own accord; else any.
pub(super) fn hold() -> io::Result<TcpListener> {
    let given = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let held = spared(&given).and_then(|range| (0..TRIES).find_map(|_| bind(fastrand::u16(range.clone())).ok()));
    held.map_or_else(|| bind(0), Ok)
}

/// The ports below those that the system gives to connections: its two bounds as text (Linux).
fn spared(given: &str) -> Option<Range<u16>> {
    let first: u16 = given.split_whitespace().next()?.parse().ok()?;
    let range = LOWEST..first;
    (range.len() >= ENOUGH).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_connections_get_are_avoided() {
        assert_eq!(spared("32768\t60999\n"), Some(LOWEST..32768));
        assert_eq!(spared("1024 65535"), None, "nothing is left");
        assert_eq!(spared("12500 65535"), None, "too little is left");
        assert_eq!(spared(""), None, "a system that does not tell");
    }

    #[test]
    fn each_port_that_is_held_is_another() {
        let held: Vec<_> = (0..50).map(|_| hold().expect("a free port")).collect();
        let mut ports: Vec<_> = held.iter().map(|held| held.local_addr().expect("an address").port()).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), held.len());
    }
}
