//! The sans-I/O cores of the servers: what a relay decides, without sockets, clocks or tasks.

pub mod heartbeat;
pub mod pairing;
