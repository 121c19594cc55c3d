//! Reads standard input in a thread.
//!
//! A thread, since reading a terminal or a pipe blocks, and the process must be able to end meanwhile: the thread is never joined.

use std::io::{self, BufRead, BufReader, Read};
use std::thread;

use tokio::sync::mpsc;

/// The longest line, in bytes: enough for a message of 1 MiB in which every character is escaped.
const LONGEST_LINE: u64 = 8 << 20;
/// Pieces that are read ahead.
const AHEAD: usize = 8;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A line, with its line feed if any.
    Line(String),
    Bytes(Vec<u8>),
    /// A line that is not UTF-8 or too long, and was skipped.
    Unreadable(&'static str),
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadMode {
    Lines,
    /// Whatever is available, as from a terminal in raw mode.
    Bytes,
}

pub(super) fn start(input: impl Read + Send + 'static, mode: ReadMode) -> mpsc::Receiver<Input> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let reading = move || {
        let mut input = BufReader::new(input);
        loop {
            let read = match mode {
                ReadMode::Lines => read_line(&mut input),
                ReadMode::Bytes => read_bytes(&mut input),
            };
            let piece = read.unwrap_or(Input::End);
            let is_last = piece == Input::End;
            if sender.blocking_send(piece).is_err() || is_last {
                return;
            }
        }
    };
    // If the thread cannot start, the sender is dropped, which ends the input.
    _ = thread::Builder::new().name("input".to_owned()).spawn(reading);
    receiver
}

fn read_bytes(input: &mut impl BufRead) -> io::Result<Input> {
    let bytes = input.fill_buf()?.to_vec();
    input.consume(bytes.len());
    Ok(if bytes.is_empty() { Input::End } else { Input::Bytes(bytes) })
}

fn read_line(input: &mut impl BufRead) -> io::Result<Input> {
    let mut line = Vec::new();
    input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(Input::End);
    }
    if line.len() as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
        skip_line(input)?;
        return Ok(Input::Unreadable("A line was too long, and was skipped."));
    }
    Ok(String::from_utf8(line).map_or(Input::Unreadable("A line was not UTF-8, and was skipped."), Input::Line))
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let (length, is_over) = (end.map_or(buffer.len(), |end| end + 1), end.is_some() || buffer.is_empty());
        input.consume(length);
        if is_over {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(bytes: &[u8]) -> Vec<Input> {
        let mut input = BufReader::new(bytes);
        let mut pieces = Vec::new();
        while let Some(piece) = Some(read_line(&mut input).expect("no error")).filter(|piece| *piece != Input::End) {
            pieces.push(piece);
        }
        pieces
    }

    #[test]
    fn lines_keep_their_ends_and_unreadable_ones_are_skipped() {
        let line = |text: &str| Input::Line(text.to_owned());
        assert_eq!(pieces(b"a\n\nb\0\r\nc"), [line("a\n"), line("\n"), line("b\0\r\n"), line("c")]);
        assert_eq!(pieces(b"\xFF\na\n"), [Input::Unreadable("A line was not UTF-8, and was skipped."), line("a\n")]);
        let mut long = vec![b'x'; LONGEST_LINE as usize + 10];
        long.extend(b"\na\n");
        assert_eq!(pieces(&long), [Input::Unreadable("A line was too long, and was skipped."), line("a\n")]);
    }
}
