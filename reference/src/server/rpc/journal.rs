//! The daemon's journal: what it must not forget, as records with checksums.
//!
//! A journal rather than a database: the state is bounded and small enough to read at once, a record costs one write, and there is no other
//! file to trust. A record is a frame of the family and its CRC-32. A process killed while writing leaves at most an incomplete record at the
//! end, which was never acknowledged and is cut off. A complete record with a wrong checksum is damage, and no daemon starts with it.

use relayspec::rpc::{Frame, Message};

/// The length prefix of a frame, in bytes.
const PREFIX: usize = 4;
/// The checksum after it, in bytes.
const CHECKSUM: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal is damaged at byte {at}: {problem}")]
pub struct DamagedJournal {
    /// Where the record begins.
    pub at: usize,
    /// The damage.
    pub problem: &'static str,
}

pub(super) fn write(message: Message, journal: &mut Vec<u8>) {
    let start = journal.len();
    Frame { id: 0, message }.encode_to(journal);
    let checksum = crc32(&journal[start..]);
    journal.extend(checksum.to_le_bytes());
}

/// Reads all complete records, and returns their length in bytes.
pub(super) fn read(journal: &[u8], mut each: impl FnMut(&Message)) -> Result<usize, DamagedJournal> {
    let mut at = 0;
    loop {
        let rest = &journal[at..];
        let Some(prefix) = rest.first_chunk::<PREFIX>() else { return Ok(at) };
        let length = PREFIX + u32::from_be_bytes(*prefix) as usize;
        let Some((frame, checksum)) = rest.get(..length + CHECKSUM).map(|record| record.split_at(length)) else {
            return Ok(at);
        };
        let damaged = |problem| DamagedJournal { at, problem };
        if crc32(frame).to_le_bytes() != checksum {
            return Err(damaged("the checksum is wrong"));
        }
        let frame = Frame::decode(frame).map_err(|_| damaged("the message is invalid"))?;
        each(&frame.message);
        at += length + CHECKSUM;
    }
}

/// CRC-32 as in Ethernet, gzip and PNG.
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

    fn count(journal: &[u8]) -> Result<(usize, usize), DamagedJournal> {
        let mut records = 0;
        read(journal, |_| records += 1).map(|length| (records, length))
    }

    #[test]
    fn crc32_has_the_check_value_of_its_polynomial() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn ignores_an_incomplete_record_at_the_end() {
        let whole = journal();
        let record = whole.len() / 3;
        for length in 0..=whole.len() {
            assert_eq!(count(&whole[..length]), Ok((length / record, length / record * record)), "of {length} bytes");
        }
    }

    #[test]
    fn detects_a_change_of_any_byte() {
        let whole = journal();
        for at in PREFIX..whole.len() / 3 {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert_eq!(count(&damaged).map_err(|damaged| damaged.at), Err(0), "byte {at}");
        }
    }
}
