//! Free ports for listeners.
//!
//! The system draws listener ports and ephemeral ports of connections from one range, and a connection holds its port for a minute after its
//! end. After some thousand connections few or none are left, and a port reserved for a process that binds it later may go to a connection
//! meanwhile. Below that range there is always room.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::LazyLock;

/// Ports below this belong to well-known services, or to programs that people run by hand.
const LOWEST: u16 = 12_000;
/// A range with fewer ports is not worth trying.
const ENOUGH: usize = 1_000;
/// How many ports of the range are tried.
const TRIES: usize = 64;

/// The ports that the system never gives to a connection.
static NOT_EPHEMERAL: LazyLock<Option<Range<u16>>> = LazyLock::new(|| {
    below_ephemeral(&std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default())
});

/// Binds an address. Port 0 of a loopback address means a port outside the ephemeral range if one is free, else any.
///
/// # Errors
/// If the address cannot be bound.
pub(super) fn bind<T>(address: SocketAddr, bind: impl Fn(SocketAddr) -> io::Result<T>) -> io::Result<T> {
    let range = NOT_EPHEMERAL.as_ref().filter(|_| address.port() == 0 && address.ip().is_loopback());
    let bound = range.and_then(|range| {
        let any = || SocketAddr::new(address.ip(), fastrand::u16(range.clone()));
        (0..TRIES).find_map(|_| bind(any()).ok())
    });
    bound.map_or_else(|| bind(address), Ok)
}

/// Holds a free port of the loopback interface.
///
/// # Errors
/// If none is free.
pub(crate) fn hold() -> io::Result<TcpListener> {
    bind((Ipv4Addr::LOCALHOST, 0).into(), TcpListener::bind)
}

/// An address with a port that is free now; port 0, which means any, if none is found.
#[must_use]
pub fn free(ip: IpAddr) -> SocketAddr {
    let any = SocketAddr::new(ip, 0);
    bind(any, TcpListener::bind).and_then(|held| held.local_addr()).unwrap_or(any)
}

/// The ports below the ephemeral range, whose two bounds are given as text (Linux).
fn below_ephemeral(bounds: &str) -> Option<Range<u16>> {
    let first: u16 = bounds.split_whitespace().next()?.parse().ok()?;
    let range = LOWEST..first;
    (range.len() >= ENOUGH).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn avoids_ephemeral_ports() {
        assert_eq!(below_ephemeral("32768\t60999\n"), Some(LOWEST..32768));
        assert_eq!(below_ephemeral("1024 65535"), None, "nothing is left");
        assert_eq!(below_ephemeral("12500 65535"), None, "too little is left");
        assert_eq!(below_ephemeral(""), None, "a system without the file");
    }

    #[test]
    fn held_ports_differ() {
        let held: Vec<_> = (0..50).map(|_| hold().expect("a free port")).collect();
        let mut ports: Vec<_> = held.iter().map(|held| held.local_addr().expect("an address").port()).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), held.len());
    }

    #[test]
    fn a_given_port_is_the_only_one_tried() {
        let held = hold().expect("a free port").local_addr().expect("an address");
        let asked = std::cell::RefCell::new(Vec::new());
        let refused = |address| {
            asked.borrow_mut().push(address);
            Err::<(), _>(io::Error::from(io::ErrorKind::AddrInUse))
        };
        assert_eq!(bind(held, refused).map_err(|error| error.kind()), Err(io::ErrorKind::AddrInUse));
        assert_eq!(asked.into_inner(), [held], "no other is tried");
        assert_ne!(free(Ipv4Addr::LOCALHOST.into()).port(), 0);
    }
}
