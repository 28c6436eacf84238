//! libCacheSim's oracleGeneral: 24-byte records with the next access precomputed.
//!
//! The next access is not kept, since any change to a trace would make it wrong; it serves to
//! recognise the format, because no other content points at its own repeats.

use crate::builder::{Has, Row};
use crate::error::{Error, Position};
use crate::input::Input;
use crate::interner::Key;
use crate::trace::Trace;

use super::records::{each_run, le, reserve};
use super::rows::Rows;
use super::{Evidence, Format, Kind, Prefix, ReadOptions};

pub(super) const RECORD: usize = 24;
/// No trace has more requests: 2^40 records fill 24 TiB.
const FARTHEST: u64 = 1 << 40;
const SECOND: u64 = 1_000_000_000;
/// Records decoded together: their columns stay in the first-level cache.
const BLOCK: usize = 512;
/// Records without a single pointer to check that are still convincing by their order.
const CONVINCING: usize = 8;

pub(super) static FORMAT: Format = Format {
    name: "oracle-general",
    aliases: &["gl-cache"],
    doc: "libCacheSim's binary traces, as published by CMU.",
    layout: "little-endian: u32 time in s, u64 id, u32 size, i64 next access",
    kind: Kind::Binary,
    detect,
    read,
};

fn detect(prefix: &Prefix<'_>) -> Evidence {
    let records = prefix.bytes.as_chunks::<RECORD>().0;
    if prefix.whole && !prefix.bytes.len().is_multiple_of(RECORD) {
        return Evidence::No;
    }
    judge(records, prefix.whole)
}

/// Certain if next accesses point at records with the same id, or if there is none to check but
/// everything is in order. Writers count records from 1 or from 0.
fn judge(records: &[[u8; RECORD]], whole: bool) -> Evidence {
    let in_order = records.is_sorted_by_key(|record| le::<4>(record, 0));
    match confirmed(records, 1, whole).max(confirmed(records, 0, whole)) {
        Some(1..) => Evidence::Certain,
        Some(0) if in_order && records.len() >= CONVINCING => Evidence::Certain,
        Some(_) if !records.is_empty() => Evidence::Possible,
        _ => Evidence::No,
    }
}

/// How many next accesses, counted from `base`, point at a record at hand with the same id; `None`
/// if one points at another id, backwards, or nowhere.
fn confirmed(records: &[[u8; RECORD]], base: u64, whole: bool) -> Option<usize> {
    let mut confirmed = 0;
    for (i, record) in records.iter().enumerate() {
        let next = le::<8>(record, 16);
        if next == u64::MAX || next == i64::MAX as u64 {
            continue;
        }
        let target = next.checked_sub(base).filter(|target| *target > i as u64)?;
        match records.get(target as usize) {
            Some(same) if same[4..12] == record[4..12] => confirmed += 1,
            None if !whole && target <= FARTHEST => {}
            _ => return None,
        }
    }
    Some(confirmed)
}

fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let has = Has { time: true, size: true, ..Has::default() };
    let mut rows = Rows::new(&FORMAT, input, options, has)?;
    reserve(input, &mut rows, 0, RECORD as u64)?;
    read_records(input, &mut rows)?;
    rows.finish()
}

/// Reads what is left of the input as records; the first version of lcs has the same after its
/// header.
pub(super) fn read_records(input: &mut Input<'_>, rows: &mut Rows<'_>) -> Result<(), Error> {
    rows.set_resolution(SECOND);
    let mut keys = [0; BLOCK];
    let mut times = [0; BLOCK];
    let mut sizes = [0; BLOCK];
    each_run(input, rows, RECORD, |run, rows| {
        let first = rows.at;
        for (i, block) in run.as_chunks::<RECORD>().0.chunks(BLOCK).enumerate() {
            let before = (i * BLOCK) as u64;
            rows.at =
                Position { row: first.row + before, byte: first.byte + before * RECORD as u64 };
            let n = block.len();
            for (j, record) in block.iter().enumerate() {
                times[j] = le::<4>(record, 0) * SECOND;
                keys[j] = le::<8>(record, 4);
                sizes[j] = le::<4>(record, 12);
            }
            push(rows, &keys[..n], &times[..n], &sizes[..n])?;
        }
        Ok(())
    })
}

fn push(rows: &mut Rows<'_>, keys: &[u64], times: &[u64], sizes: &[u64]) -> Result<(), Error> {
    if rows.takes_blocks() {
        return rows.push_block(keys, times, sizes, RECORD);
    }
    let first = rows.at;
    for (i, ((key, time_ns), size)) in keys.iter().zip(times).zip(sizes).enumerate() {
        let i = i as u64;
        rows.at = Position { row: first.row + i, byte: first.byte + i * RECORD as u64 };
        rows.push(&Row { time_ns: *time_ns, size: *size, ..Row::of(Key::Int(*key)) })?;
    }
    Ok(())
}

/// Records as libCacheSim would write them, for tests.
#[cfg(test)]
pub(super) fn encode(requests: &[(u32, u64, u32)]) -> Vec<u8> {
    let mut upcoming = std::collections::HashMap::new();
    let mut records: Vec<[u8; RECORD]> = Vec::new();
    for (i, (time, id, size)) in requests.iter().enumerate().rev() {
        let next = upcoming.insert(id, i as i64 + 1).unwrap_or(-1);
        let mut record = [0; RECORD];
        record[..4].copy_from_slice(&time.to_le_bytes());
        record[4..12].copy_from_slice(&id.to_le_bytes());
        record[12..16].copy_from_slice(&size.to_le_bytes());
        record[16..].copy_from_slice(&next.to_le_bytes());
        records.push(record);
    }
    records.reverse();
    records.concat()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{counts, ids, keys, options, problem, reasons, sizes, times};
    use super::*;
    use crate::readers::read_bytes;

    const SAMPLE: [(u32, u64, u32); 4] = [(10, 7, 512), (10, 8, 0), (12, 7, 512), (11, 9, 1)];

    #[test]
    fn it_is_recognised_by_its_pointers() {
        let trace = read_bytes("t.oracleGeneral.bin", &encode(&SAMPLE), &options("")).unwrap();
        assert_eq!((trace.name(), trace.report().format.as_str()), ("t", "oracle-general"));
        assert_eq!(ids(&trace), [0, 1, 0, 2]);
        assert_eq!(sizes(&trace), [512, 1, 512, 1]);
        assert_eq!(times(&trace), [0, 0, 2 * SECOND, 2 * SECOND]);
        assert_eq!(trace.columns().clock.resolution_ns, SECOND);
        assert_eq!(
            reasons(&trace.report().adjusted),
            [
                ("sizes of 0, raised to 1", 1, 2, 24),
                ("stamps before their predecessor, set to it", 1, 4, 72)
            ]
        );
    }

    #[test]
    fn pointers_astray_are_not_believed() {
        let mut bytes = encode(&SAMPLE);
        bytes[16] = 4;
        assert_eq!(judge(bytes.as_chunks().0, true), Evidence::No);
        assert!(problem("t", &bytes, "").contains("--trace-format"));
        assert_eq!(counts(&read_bytes("t", &bytes, &options("oracleGeneral")).unwrap()), (4, 3));
    }

    #[test]
    fn a_cut_record_is_an_error() {
        let bytes = encode(&SAMPLE);
        let message = problem("t", &bytes[..90], "oracle-general");
        assert!(
            message.contains("row 4, byte 72: the last record has 18 of 24 bytes"),
            "{message}"
        );
    }

    #[test]
    fn text_is_not_read_as_records() {
        let message = problem("t", b"0 1 2\n3 4 5\n", "oracle-general");
        assert!(message.contains("this is text that starts `0 1 2\\n"), "{message}");
    }

    #[test]
    fn strict_reading_does_not_go_back_in_time() {
        let strict = ReadOptions { strict: true, ..options("") };
        let message = read_bytes("t", &encode(&SAMPLE), &strict).unwrap_err().to_string();
        assert!(message.contains("row 4, byte 72"), "{message}");
    }

    #[test]
    fn options_change_what_an_object_is_and_which_columns_are_kept() {
        let bytes = encode(&[(1_600_000_000, 7, 1), (1_600_000_000, 7, 2), (1_600_000_000, 7, 1)]);
        let joined = ReadOptions { key_with_size: true, ..options("") };
        let trace = read_bytes("t", &bytes, &joined).unwrap();
        assert_eq!((ids(&trace), keys(&trace)), (vec![0, 1, 0], vec!["7:1".into(), "7:2".into()]));
        assert_eq!(trace.columns().clock.epoch_unix_ns, Some(1_600_000_000 * SECOND));
        let bare = ReadOptions { ignore_time: true, ignore_size: true, ..options("") };
        let trace = read_bytes("t", &bytes, &bare).unwrap();
        assert!(trace.columns().time_ns.is_none() && trace.columns().size.is_none());
        assert_eq!(ids(&trace), [0, 0, 0]);
    }
}
