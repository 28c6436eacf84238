//! Redis Cluster's hash slots.
//!
//! A key belongs to slot CRC16(key) mod 16,384. If it has a `{`, and a `}` after it with at least one
//! byte between the first of each, only these bytes are hashed: the *hash tag*, by which an
//! application puts keys together. Source: Redis Cluster Specification, sections "Key distribution
//! model" and "Hash tags"; the CRC is CRC-16/XMODEM: polynomial 0x1021, initial value 0, nothing
//! reflected.

use trace::Trace;

use super::keys::map_keys;

/// How many slots there are.
pub const N_SLOTS: u16 = 16_384;

const POLYNOMIAL: u16 = 0x1021;

/// What each value of the high byte does to the rest.
const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 != 0 { crc << 1 ^ POLYNOMIAL } else { crc << 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

/// CRC-16/XMODEM.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| crc << 8 ^ TABLE[usize::from(crc >> 8 ^ u16::from(*byte))])
}

/// The slot of a key, as `CLUSTER KEYSLOT` gives it.
pub fn slot_of(key: &[u8]) -> u16 {
    crc16(hashed_part(key)) % N_SLOTS
}

/// The hash tag, if the key has one, else all of it.
fn hashed_part(key: &[u8]) -> &[u8] {
    let tag = || {
        let open = key.iter().position(|byte| *byte == b'{')?;
        let rest = &key[open + 1..];
        let close = rest.iter().position(|byte| *byte == b'}')?;
        Some(&rest[..close])
    };
    tag().filter(|tag| !tag.is_empty()).unwrap_or(key)
}

/// The slot of every object.
pub(super) fn slots_of(trace: &Trace) -> Vec<u16> {
    map_keys(trace, slot_of)
}

/// The master of every slot as `redis-cli --cluster create` deals them out: ranges of equal length,
/// rounded, in the single precision that it computes in.
pub(super) fn dealt_out(n_masters: u16) -> Vec<u16> {
    let share = f32::from(N_SLOTS) / f32::from(n_masters);
    let mut owners = Vec::with_capacity(usize::from(N_SLOTS));
    let mut cursor = 0.0;
    for master in 0..n_masters {
        cursor += share;
        let end = if master == n_masters - 1 { N_SLOTS } else { cursor.round() as u16 };
        owners.resize(usize::from(end.min(N_SLOTS)), master);
    }
    owners
}

#[cfg(test)]
mod tests {
    use trace::{Columns, Keys, ObjectId, ReadReport, TextKeys};

    use super::*;

    /// The test vector of the specification's appendix A.
    #[test]
    fn the_crc_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(crc16(b""), 0);
    }

    /// The specification's examples of hash tags, and slots that Redis's documentation prints.
    #[test]
    fn hash_tags_of_the_specification() {
        assert_eq!(hashed_part(b"{user1000}.following"), b"user1000");
        assert_eq!(hashed_part(b"{user1000}.followers"), b"user1000");
        assert_eq!(hashed_part(b"foo{}{bar}"), b"foo{}{bar}");
        assert_eq!(hashed_part(b"foo{{bar}}zap"), b"{bar");
        assert_eq!(hashed_part(b"foo{bar}{zap}"), b"bar");
        assert_eq!(hashed_part(b"foo{bar"), b"foo{bar");
        assert_eq!(hashed_part(b"foo}bar{"), b"foo}bar{");
        assert_eq!(hashed_part(b""), b"");
        assert_eq!(slot_of(b"somekey"), 11_058);
        assert_eq!(slot_of(b"foo"), 12_182);
        assert_eq!(slot_of(b"foo{hash_tag}"), 2515);
        assert_eq!(slot_of(b"bar{hash_tag}"), 2515);
    }

    /// The ranges that every tutorial shows: 0-5460, 5461-10922, 10923-16383.
    #[test]
    fn three_masters_have_the_usual_ranges() {
        let owners = dealt_out(3);
        let ends: Vec<_> = (0..3u16).map(|m| owners.iter().rposition(|o| *o == m)).collect();
        assert_eq!(ends, [Some(5460), Some(10_922), Some(16_383)]);
        assert!(owners.is_sorted());
        for n_masters in [1, 2, 5, 7, 100, 1000] {
            let owners = dealt_out(n_masters);
            assert_eq!(owners.len(), 16_384);
            assert!(owners.is_sorted() && *owners.last().unwrap() == n_masters - 1);
        }
    }

    #[test]
    fn keys_of_all_kinds_have_slots() {
        let plain = || Columns::untimed(vec![ObjectId(0), ObjectId(1)]);
        let slots = |keys| {
            let mut columns = plain();
            columns.keys = keys;
            slots_of(&Trace::new("t", columns, ReadReport::default()).unwrap())
        };
        let mut text = TextKeys::default();
        text.push(b"{user1000}.following");
        text.push(&[0xff, b'{', b'x', b'}']);
        assert_eq!(slots(Some(Keys::Text(text))), [slot_of(b"user1000"), slot_of(b"x")]);
        assert_eq!(slots(Some(Keys::Ints(vec![42, 7]))), [slot_of(b"42"), slot_of(b"7")]);
        let pairs = Keys::Pairs(vec![(1, 2), (3, 4)]);
        assert_eq!(slots(Some(pairs)), [slot_of(b"1:2"), slot_of(b"3:4")]);
        assert_eq!(slots(None), [slot_of(b"0"), slot_of(b"1")]);
    }
}
