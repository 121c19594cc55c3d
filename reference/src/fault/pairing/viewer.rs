//! Faults of a viewer.

use crate::fault::Fault;
use crate::fault::link::{House, Link, Said, Way};
use crate::fault::wire::Frame;

pub(crate) const FAULTS: &[Fault] = &[];

/// One connection.
#[derive(Debug)]
pub(crate) struct Viewer {
    fault: &'static str,
    number: usize,
}

impl Viewer {
    pub(crate) fn new(fault: &'static str, number: usize) -> Self {
        Self { fault, number }
    }
}

impl Link for Viewer {
    fn says(&mut self, way: Way, frame: Frame, _: &mut House) -> Said {
        _ = (self.fault, self.number, way);
        Said::whole(&frame)
    }
}
