//! Keys typed in a terminal in raw mode: bytes for the session, and commands after a prefix key.

/// Ctrl-], as in telnet.
const PREFIX: u8 = 0x1D;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum KeyCommand {
    /// Type these bytes.
    Type(Vec<u8>),
    /// Show the next session.
    Next,
    /// Open another session.
    Create,
    /// Close the session that is shown.
    Close,
    /// End the viewer.
    End,
}

#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The last key was the prefix.
    is_prefixed: bool,
}

impl Keys {
    /// Reads keys. After a prefix, the prefix itself and unknown keys are typed.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<KeyCommand> {
        let mut commands = Vec::new();
        for byte in bytes {
            let command = match (std::mem::take(&mut self.is_prefixed), *byte) {
                (false, PREFIX) => {
                    self.is_prefixed = true;
                    continue;
                }
                (true, b'n') => KeyCommand::Next,
                (true, b'c') => KeyCommand::Create,
                (true, b'x') => KeyCommand::Close,
                (true, b'q') => KeyCommand::End,
                (_, byte) => match commands.last_mut() {
                    Some(KeyCommand::Type(typed)) => {
                        typed.push(byte);
                        continue;
                    }
                    _ => KeyCommand::Type(vec![byte]),
                },
            };
            commands.push(command);
        }
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_follow_the_prefix() {
        let mut keys = Keys::default();
        let typed = |bytes: &[u8]| KeyCommand::Type(bytes.to_vec());
        assert_eq!(keys.read(b"ls\x1D"), [typed(b"ls")]);
        assert_eq!(keys.read(b"nn\x1D\x1D\xFF"), [KeyCommand::Next, typed(b"n\x1D\xFF")]);
        assert_eq!(keys.read(b"\x1Dc\x1Dx\x1Dq"), [KeyCommand::Create, KeyCommand::Close, KeyCommand::End]);
    }
}
