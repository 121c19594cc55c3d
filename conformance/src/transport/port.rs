//! Free ports of this machine, for those who listen.
//!
//! The system gives ports of the same range to whoever asks for any and to connections, which hold theirs for a minute after their end. After some
//! thousand connections it goes through all of them to find one for a listener, or finds none; and a port that is kept for somebody who binds it
//! later may go to a connection meanwhile. Below that range there is always room.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::LazyLock;

/// Ports below this belong to well-known services, or to what people run by hand.
const LOWEST: u16 = 12_000;
/// With fewer ports in it a range is not worth looking into.
const ENOUGH: usize = 1_000;
/// So many ports of the range are tried.
const TRIES: usize = 64;

/// The ports that the system gives to no connection.
static SPARED: LazyLock<Option<Range<u16>>> =
    LazyLock::new(|| spared(&std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default()));

/// Binds an address. Port 0 of a loopback address stands for one that the system gives to no connection, if one is free; else for any.
///
/// # Errors
/// Where the system does not allow it.
pub(super) fn bind<T>(address: SocketAddr, bind: impl Fn(SocketAddr) -> io::Result<T>) -> io::Result<T> {
    let range = SPARED.as_ref().filter(|_| address.port() == 0 && address.ip().is_loopback());
    let bound = range.and_then(|range| {
        let any = || SocketAddr::new(address.ip(), fastrand::u16(range.clone()));
        (0..TRIES).find_map(|_| bind(any()).ok())
    });
    bound.map_or_else(|| bind(address), Ok)
}

/// Holds a free port of the loopback interface.
///
/// # Errors
/// Where none is free.
pub(crate) fn hold() -> io::Result<TcpListener> {
    bind((Ipv4Addr::LOCALHOST, 0).into(), TcpListener::bind)
}

/// An address with a port that is free now; port 0, which stands for any, where none is known.
#[must_use]
pub fn free(ip: IpAddr) -> SocketAddr {
    let any = SocketAddr::new(ip, 0);
    bind(any, TcpListener::bind).and_then(|held| held.local_addr()).unwrap_or(any)
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

    #[test]
    fn a_port_that_is_named_is_the_one() {
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
