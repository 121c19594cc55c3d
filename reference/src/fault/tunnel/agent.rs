//! Faults of an agent.

use crate::fault::Fault;
use crate::fault::link::{House, Link, Said, Way};
use crate::fault::wire::Frame;

pub(crate) const FAULTS: &[Fault] = &[];

/// One connection.
#[derive(Debug)]
pub(crate) struct Agent {
    fault: &'static str,
    number: usize,
}

impl Agent {
    pub(crate) fn new(fault: &'static str, number: usize) -> Self {
        Self { fault, number }
    }
}

impl Link for Agent {
    fn says(&mut self, way: Way, frame: Frame, _: &mut House) -> Said {
        _ = (self.fault, self.number, way);
        Said::whole(&frame)
    }
}
