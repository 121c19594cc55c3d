//! Faults of a relay.

use crate::fault::Fault;
use crate::fault::link::{House, Link, Said, Way};
use crate::fault::wire::Frame;

pub(crate) const FAULTS: &[Fault] = &[];

/// One connection.
#[derive(Debug)]
pub(crate) struct Relay {
    fault: &'static str,
    number: usize,
    is_host: bool,
}

impl Relay {
    pub(crate) fn new(fault: &'static str, number: usize, target: &str) -> Self {
        Self { fault, number, is_host: target.starts_with("/mac") }
    }
}

impl Link for Relay {
    fn says(&mut self, way: Way, frame: Frame, _: &mut House) -> Said {
        _ = (self.fault, self.number, self.is_host, way);
        Said::whole(&frame)
    }
}
