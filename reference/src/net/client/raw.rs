//! Raw mode of the terminal: keys are sent as they are typed. The terminal is restored in any case.

use std::io;

use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

/// Raw mode, as long as this value lives.
#[derive(Debug)]
pub struct RawMode {
    before: Option<Termios>,
}

impl RawMode {
    /// Puts the terminal on standard input into raw mode; does nothing if it is not a terminal.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn enter() -> io::Result<Self> {
        if !isatty(io::stdin()) {
            return Ok(Self { before: None });
        }
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Flush, &raw)?;
        Ok(Self { before: Some(before) })
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}
