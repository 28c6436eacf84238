//! VMware's SCSI traces, version 1 and 2, of a virtual disk: records of 32 and 40 bytes.
//!
//! The key is the first block of an I/O, as libCacheSim takes it; I/Os are not split into blocks.

use crate::builder::{Has, Row};
use crate::error::Error;
use crate::input::Input;
use crate::interner::Key;
use crate::trace::{Op, Trace};

use super::records::{each_record, le, reserve};
use super::rows::{Problem, Rows, TOO_LATE};
use super::{Evidence, Format, Kind, Prefix, ReadOptions};

const MICROSECOND: u64 = 1_000;
/// A record alone may look like one by chance.
const CONVINCING: usize = 2;

pub(super) static FORMAT: Format = Format {
    name: "vscsi",
    aliases: &["vscsi1", "vscsi2"],
    doc: "I/O of a virtual disk as VMware's vscsiStats records it, versions 1 and 2.",
    layout: "little-endian: v1 u32 serial, u32 bytes, u32 parts, u16 command, u16 version, u64 block, u64 us; \
             v2 u16 command, u16 version, u32 serial, u32 bytes, u32 parts, u64 block, u64 us, u64 response",
    kind: Kind::Binary,
    detect,
    read,
};

/// Where the fields of a version lie.
struct Layout {
    version: u64,
    record: usize,
    command_at: usize,
    version_at: usize,
    bytes_at: usize,
    block_at: usize,
    time_at: usize,
}

const V1: Layout = Layout {
    version: 1,
    record: 32,
    bytes_at: 4,
    command_at: 12,
    version_at: 14,
    block_at: 16,
    time_at: 24,
};
const V2: Layout = Layout {
    version: 2,
    record: 40,
    command_at: 0,
    version_at: 2,
    bytes_at: 8,
    block_at: 16,
    time_at: 24,
};

impl Layout {
    /// A command is one byte, and the version stands in the high byte of its field.
    fn fits(&self, record: &[u8]) -> bool {
        le::<2>(record, self.version_at) >> 8 == self.version
            && le::<2>(record, self.command_at) < 0x100
    }

    /// Records of the prefix, if all of them fit.
    fn confirmed(&self, prefix: &Prefix<'_>) -> Option<usize> {
        let records = prefix.bytes.chunks_exact(self.record);
        let fitting = records.clone().take_while(|record| self.fits(record)).count();
        (fitting > 0 && fitting == records.len()).then_some(fitting)
    }
}

fn detect(prefix: &Prefix<'_>) -> Evidence {
    match V1.confirmed(prefix).max(V2.confirmed(prefix)) {
        Some(CONVINCING..) => Evidence::Certain,
        Some(_) => Evidence::Possible,
        None => Evidence::No,
    }
}

fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let has = Has { time: true, size: true, op: true, ..Has::default() };
    let mut rows = Rows::new(&FORMAT, input, options, has)?;
    rows.set_resolution(MICROSECOND);
    // Of a damaged first record nothing can be said; version 1 then counts what does not fit.
    if input.unread().len() >= V2.record && V2.fits(input.unread()) && !V1.fits(input.unread()) {
        reserve(input, &mut rows, 0, V2.record as u64)?;
        each_record::<40>(input, &mut rows, |record, rows| parse(&V2, record, rows))?;
    } else {
        reserve(input, &mut rows, 0, V1.record as u64)?;
        each_record::<32>(input, &mut rows, |record, rows| parse(&V1, record, rows))?;
    }
    rows.finish()
}

fn parse(layout: &Layout, record: &[u8], rows: &mut Rows<'_>) -> Result<(), Problem> {
    if !layout.fits(record) {
        return Err("the record's version is not that of vscsi".into());
    }
    let command = le::<2>(record, layout.command_at);
    let Some(op) = scsi_op(command) else {
        rows.filter(&format!("SCSI command {command:#04x}"));
        return Ok(());
    };
    let time_ns = le::<8>(record, layout.time_at).checked_mul(MICROSECOND).ok_or(TOO_LATE)?;
    let key = Key::Int(le::<8>(record, layout.block_at));
    Ok(rows.push(&Row { time_ns, size: le::<4>(record, layout.bytes_at), op, ..Row::of(key) })?)
}

/// Reads get and writes set, in commands of 6, 10, 12 and 16 bytes.
pub(super) fn scsi_op(command: u64) -> Option<Op> {
    match command {
        0x08 | 0x28 | 0x88 | 0xA8 => Some(Op::Get),
        0x0A | 0x2A | 0x8A | 0xAA => Some(Op::Set),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{counts, ids, options, problem, reasons, sizes, times};
    use super::*;
    use crate::readers::read_bytes;

    fn encode(layout: &Layout, (command, bytes, block, us): (u16, u32, u64, u64)) -> Vec<u8> {
        let mut record = vec![0; layout.record];
        let mut put = |at: usize, bytes: &[u8]| record[at..at + bytes.len()].copy_from_slice(bytes);
        put(layout.command_at, &command.to_le_bytes());
        put(layout.version_at, &((layout.version as u16) << 8).to_le_bytes());
        put(layout.bytes_at, &bytes.to_le_bytes());
        put(layout.block_at, &block.to_le_bytes());
        put(layout.time_at, &us.to_le_bytes());
        record
    }

    const SAMPLE: [(u16, u32, u64, u64); 4] =
        [(0x2A, 512, 9, 100), (0x28, 1024, 9, 101), (0x00, 0, 0, 102), (0x88, 512, 7, 103)];

    #[test]
    fn both_versions_are_told_by_their_version_fields() {
        for layout in [V1, V2] {
            let bytes: Vec<u8> = SAMPLE.iter().flat_map(|io| encode(&layout, *io)).collect();
            let trace = read_bytes("disk.vscsi", &bytes, &options("")).unwrap();
            assert_eq!(trace.report().format, "vscsi");
            assert_eq!((ids(&trace), sizes(&trace)), (vec![0, 0, 1], vec![512, 1024, 512]));
            assert_eq!(times(&trace), [0, 1_000, 3_000]);
            assert_eq!(trace.columns().op, Some(vec![Op::Set, Op::Get, Op::Get]));
            assert_eq!(
                reasons(&trace.report().filtered),
                [("SCSI command 0x00", 1, 3, 2 * layout.record as u64)]
            );
            assert!(problem("disk", &bytes[..bytes.len() - 1], "vscsi").contains("bytes"));
        }
    }

    #[test]
    fn damaged_records_are_counted() {
        let mut bytes: Vec<u8> = SAMPLE.iter().flat_map(|io| encode(&V1, *io)).collect();
        bytes[32 + 15] = 9;
        let trace = read_bytes("disk", &bytes, &options("vscsi")).unwrap();
        assert_eq!(counts(&trace), (2, 2));
        assert_eq!(
            reasons(&trace.report().skipped),
            [("the record's version is not that of vscsi", 1, 2, 32)]
        );
    }
}
