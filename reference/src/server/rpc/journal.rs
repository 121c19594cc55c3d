//! The journal: what the daemon was told and must not forget, one record after the other, each with a checksum.
//!
//! A journal rather than a database: what is kept is bounded and small enough to be read in one pass, a record costs one write, and nothing but
//! this file has to be trusted. A record is a frame of the family and its CRC-32. A process that is killed while it writes leaves at most a piece of a record at the end,
//! which nobody was told of, and which is cut off. A whole record with a wrong checksum is damage, and no daemon starts with it.

use relayspec::rpc::{Frame, Message};

/// The length of a frame in front of it, in bytes.
const PREFIX: usize = 4;
/// The checksum behind it, in bytes.
const CHECKSUM: usize = 4;

/// A record that was written and is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal is damaged at byte {at}: {problem}")]
pub struct Damaged {
    /// Where the record begins.
    pub at: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// Writes a record behind others.
pub(super) fn write(message: Message, journal: &mut Vec<u8>) {
    let start = journal.len();
    Frame { id: 0, message }.encode_to(journal);
    let checksum = crc32(&journal[start..]);
    journal.extend(checksum.to_le_bytes());
}

/// Reads all records; how many bytes they take. What follows is a piece of one.
pub(super) fn read(journal: &[u8], mut see: impl FnMut(&Message)) -> Result<usize, Damaged> {
    let mut at = 0;
    loop {
        let rest = &journal[at..];
        let Some(prefix) = rest.first_chunk::<PREFIX>() else { return Ok(at) };
        let length = PREFIX + u32::from_be_bytes(*prefix) as usize;
        let Some((frame, checksum)) = rest.get(..length + CHECKSUM).map(|record| record.split_at(length)) else {
            return Ok(at);
        };
        let damaged = |problem| Damaged { at, problem };
        if crc32(frame).to_le_bytes() != checksum {
            return Err(damaged("the checksum is wrong"));
        }
        let frame = Frame::decode(frame).map_err(|_| damaged("it is no message"))?;
        see(&frame.message);
        at += length + CHECKSUM;
    }
}

/// CRC-32 as Ethernet, gzip and PNG have it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| TABLE[usize::from(crc as u8 ^ byte)] ^ crc >> 8)
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < table.len() {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { 0xEDB8_8320 ^ crc >> 1 } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Vec<u8> {
        let mut journal = Vec::new();
        (0..3).for_each(|_| write(Message::Ack, &mut journal));
        journal
    }

    fn count(journal: &[u8]) -> Result<(usize, usize), Damaged> {
        let mut seen = 0;
        read(journal, |_| seen += 1).map(|length| (seen, length))
    }

    #[test]
    fn the_check_value_of_the_polynomial() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_piece_at_the_end_is_no_record() {
        let whole = journal();
        let record = whole.len() / 3;
        for length in 0..=whole.len() {
            assert_eq!(count(&whole[..length]), Ok((length / record, length / record * record)), "of {length} bytes");
        }
    }

    #[test]
    fn whatever_byte_of_a_whole_record_changes_is_found() {
        let whole = journal();
        for at in PREFIX..whole.len() / 3 {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 1;
            assert_eq!(count(&spoilt).map_err(|damaged| damaged.at), Err(0), "byte {at}");
        }
    }
}
