//! A terminal in raw mode: keys go to the other side as they are typed. Whatever happens, the terminal is as before afterwards.

use std::io;

use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

/// Raw mode, for as long as this value lives.
#[derive(Debug)]
pub struct RawMode {
    before: Option<Termios>,
}

impl RawMode {
    /// Puts the terminal at standard input into raw mode; where there is none, nothing happens.
    ///
    /// # Errors
    /// Where the system refuses.
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
