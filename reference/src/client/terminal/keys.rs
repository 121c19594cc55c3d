//! What a person types in a terminal in raw mode: bytes for the session, and a few wishes behind a prefix.

/// Ctrl-], as telnet has it.
const PREFIX: u8 = 0x1D;

/// What somebody wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To type this.
    Type(Vec<u8>),
    /// To see the next session.
    Next,
    /// One more session.
    Create,
    /// The end of the session that is shown.
    Close,
    /// To end.
    End,
}

/// The state of a keyboard.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The prefix was typed, and nothing behind it.
    is_prefixed: bool,
}

impl Keys {
    /// What the bytes mean; of those behind a prefix, the prefix itself and what is no wish are typed.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for byte in bytes {
            let wish = match (std::mem::take(&mut self.is_prefixed), *byte) {
                (false, PREFIX) => {
                    self.is_prefixed = true;
                    continue;
                }
                (true, b'n') => Wish::Next,
                (true, b'c') => Wish::Create,
                (true, b'x') => Wish::Close,
                (true, b'q') => Wish::End,
                (_, byte) => match wishes.last_mut() {
                    Some(Wish::Type(typed)) => {
                        typed.push(byte);
                        continue;
                    }
                    _ => Wish::Type(vec![byte]),
                },
            };
            wishes.push(wish);
        }
        wishes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_stand_behind_the_prefix() {
        let mut keys = Keys::default();
        let typed = |bytes: &[u8]| Wish::Type(bytes.to_vec());
        assert_eq!(keys.read(b"ls\x1D"), [typed(b"ls")]);
        assert_eq!(keys.read(b"nn\x1D\x1D\xFF"), [Wish::Next, typed(b"n\x1D\xFF")]);
        assert_eq!(keys.read(b"\x1Dc\x1Dx\x1Dq"), [Wish::Create, Wish::Close, Wish::End]);
    }
}
