//! libCacheSim's own binary format, versions 1 to 8: a header of 8 KiB between two magic numbers,
//! then fixed-size records that grew by operation, tenant, time to live and features.
//!
//! Tenants become clients. The next access is not kept, as in [`super::oracle_general`].

use crate::builder::{Has, Row};
use crate::error::Error;
use crate::input::Input;
use crate::interner::Key;
use crate::trace::{NO_TTL, Op, Trace};

use super::oracle_general;
use super::records::{each_run, le, reserve};
use super::rows::{Problem, Rows};
use super::{Evidence, Format, Kind, Prefix, ReadOptions};

const MAGIC: u64 = 0x1234_5678_9ABC_DEF0;
const HEADER: usize = 8192;
/// The layout of 2024 had a header of 1 KiB and its own field table; it was soon given up.
const OLD_HEADER: usize = 1024;
const SECOND: u64 = 1_000_000_000;

pub(super) static FORMAT: Format = Format {
    name: "lcs",
    aliases: &["libcachesim"],
    doc: "libCacheSim's binary traces with a header, versions 1 to 8.",
    layout: "8 KiB header; little-endian: u32 time in s, u64 id, u32 size (i64 from v3), \
             from v2 u8 op, u24 tenant, from v3 u32 ttl, i64 next access, from v4 features",
    kind: Kind::Binary,
    detect,
    read,
};

fn detect(prefix: &Prefix<'_>) -> Evidence {
    Evidence::certain_if(prefix.bytes.len() >= 8 && le::<8>(prefix.bytes, 0) == MAGIC)
}

fn record_len(version: u64) -> Option<usize> {
    match version {
        1 => Some(24),
        2 => Some(28),
        3 => Some(36),
        4..=8 => Some(36 + (4 << (version - 4))),
        _ => None,
    }
}

fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let version = read_header(input)?;
    let record_len = record_len(version).ok_or_else(|| {
        broken(input, format!("version {version} of lcs is not known, only 1 to 8"))
    })?;
    let tagged = version >= 2;
    let has = Has {
        time: true,
        size: true,
        op: tagged,
        client: tagged,
        ttl: version >= 3,
        ..Has::default()
    };
    let mut rows = Rows::new(&FORMAT, input, options, has)?;
    rows.set_resolution(SECOND);
    reserve(input, &mut rows, HEADER as u64, record_len as u64)?;
    if !tagged {
        oracle_general::read_records(input, &mut rows)?;
        return rows.finish();
    }
    let parse = if version == 2 { parse_v2 } else { parse_v3 };
    each_run(input, &mut rows, record_len, |run, rows| {
        let first = rows.at;
        for (i, record) in run.chunks_exact(record_len).enumerate() {
            rows.at.row = first.row + i as u64;
            rows.at.byte = first.byte + (i * record_len) as u64;
            let done = parse(record, rows);
            rows.settle(done)?;
        }
        Ok(())
    })?;
    rows.finish()
}

/// Checks and consumes the header, and gives the version.
fn read_header(input: &mut Input<'_>) -> Result<u64, Error> {
    let header = input.fill(HEADER)?;
    let magic_at = |at: usize| header.len() >= at + 8 && le::<8>(header, at) == MAGIC;
    if !magic_at(0) {
        return Err(broken(input, "the magic number of lcs is missing".into()));
    }
    if !magic_at(HEADER - 8) {
        let what = match magic_at(OLD_HEADER - 8) {
            true => "is in the lcs layout of 2024, with a header of 1 KiB, which is not read",
            false => "the header of lcs is damaged or cut short",
        };
        return Err(broken(input, what.into()));
    }
    let version = le::<8>(header, 8);
    input.consume(HEADER);
    Ok(version)
}

fn broken(input: &Input<'_>, what: String) -> Error {
    Error::Malformed { file: input.file(), position: Default::default(), what, note: None }
}

fn parse_v2(record: &[u8], rows: &mut Rows<'_>) -> Result<(), Problem> {
    push(record, le::<4>(record, 12), le::<4>(record, 16), NO_TTL, rows)
}

fn parse_v3(record: &[u8], rows: &mut Rows<'_>) -> Result<(), Problem> {
    let size = le::<8>(record, 12);
    if size > i64::MAX as u64 {
        return Err("negative size".into());
    }
    let ttl_ns = match le::<4>(record, 24) {
        0 | 0xFFFF_FFFF => NO_TTL,
        seconds => seconds * SECOND,
    };
    push(record, size, le::<4>(record, 20), ttl_ns, rows)
}

fn push(
    record: &[u8],
    size: u64,
    op_and_tenant: u64,
    ttl_ns: u64,
    rows: &mut Rows<'_>,
) -> Result<(), Problem> {
    let op = op(op_and_tenant & 0xFF).ok_or("the operation is not known")?;
    let mut digits = [0; 8];
    let client = decimal(op_and_tenant >> 8, &mut digits);
    let time_ns = le::<4>(record, 0) * SECOND;
    let key = Key::Int(le::<8>(record, 4));
    Ok(rows.push(&Row { time_ns, size, op, client, ttl_ns, ..Row::of(key) })?)
}

/// libCacheSim's numbers for memcached's commands and for reads and writes.
fn op(code: u64) -> Option<Op> {
    match code {
        // 0 is "no operation recorded", 255 "invalid": a request all the same.
        0 | 1 | 2 | 12 | 255 => Some(Op::Get),
        3..=8 | 10 | 11 | 13 | 14 => Some(Op::Set),
        9 => Some(Op::Delete),
        _ => None,
    }
}

/// A number below 10^8 in decimal.
fn decimal(mut number: u64, digits: &mut [u8; 8]) -> &[u8] {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[start..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ids, keys, options, problem, sizes, times};
    use super::*;
    use crate::readers::read_bytes;

    fn header(version: u64) -> Vec<u8> {
        let mut header = vec![0; HEADER];
        header[..8].copy_from_slice(&MAGIC.to_le_bytes());
        header[8..16].copy_from_slice(&version.to_le_bytes());
        header[HEADER - 8..].copy_from_slice(&MAGIC.to_le_bytes());
        header
    }

    /// Three gets of two objects, then a delete, of tenants 5 and 1234567.
    fn encode(version: u64) -> Vec<u8> {
        let mut bytes = header(version);
        for (time, id, op, tenant) in [(5u32, 7u64, 1u32, 5u32), (6, 8, 1, 5), (6, 7, 9, 1_234_567)]
        {
            bytes.extend(time.to_le_bytes());
            bytes.extend(id.to_le_bytes());
            match version {
                1 | 2 => bytes.extend(100u32.to_le_bytes()),
                _ => bytes.extend(100i64.to_le_bytes()),
            }
            if version >= 2 {
                bytes.extend((op | tenant << 8).to_le_bytes());
            }
            if version >= 3 {
                bytes.extend(60u32.to_le_bytes());
            }
            bytes.extend((-1i64).to_le_bytes());
            bytes.extend(vec![0; record_len(version).unwrap().saturating_sub(36)]);
        }
        bytes
    }

    #[test]
    fn every_version_reads_the_same() {
        for version in 1..=8 {
            let bytes = encode(version);
            assert_eq!(bytes.len(), HEADER + 3 * record_len(version).unwrap());
            let trace = read_bytes("t.lcs", &bytes, &options("")).unwrap();
            assert_eq!((ids(&trace), sizes(&trace)), (vec![0, 1, 0], vec![100; 3]));
            assert_eq!(times(&trace), [0, SECOND, SECOND]);
            let columns = trace.columns();
            assert_eq!(columns.op.is_some(), version >= 2);
            assert_eq!(columns.ttl_ns, (version >= 3).then(|| vec![60 * SECOND; 3]));
            if let Some(clients) = &columns.client {
                assert_eq!(clients.ids, [0, 0, 1]);
                assert_eq!(clients.names.label(crate::ObjectId(1)), "1234567");
            }
            assert_eq!(keys(&trace), ["7", "8"]);
            assert!(problem("t", &bytes[..bytes.len() - 3], "").contains("the last record has"));
        }
    }

    #[test]
    fn broken_headers_are_told_apart() {
        assert!(problem("t", &header(9), "").contains("version 9 of lcs is not known"));
        assert!(problem("t", &header(1)[..100], "").contains("damaged or cut short"));
        assert!(problem("t", &header(1), "").contains("holds no requests"));
        assert!(problem("t", &[1, 0, 0, 0], "lcs").contains("magic number"));
        let mut old = header(1);
        old[HEADER - 8..].fill(0);
        old[OLD_HEADER - 8..OLD_HEADER].copy_from_slice(&MAGIC.to_le_bytes());
        assert!(problem("t", &old, "").contains("layout of 2024"));
    }
}
