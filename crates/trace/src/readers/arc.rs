//! The format of the ARC paper's traces: `start count ignored number`, a line for every I/O.
//!
//! Every one of the `count` blocks of 512 bytes is a request; only so do requests and objects come
//! out as in Table III of Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache",
//! FAST '03. Reads and writes are not distinguished.

use crate::builder::Has;
use crate::error::Error;
use crate::input::Input;
use crate::trace::Trace;

use super::lines::each_line;
use super::parse::{field, whole};
use super::rows::{Problem, Rows};
use super::{Evidence, Format, Kind, Prefix, ReadOptions};

/// 32 MiB in one I/O is beyond any disk; without a bound one line could ask for 2^64 requests.
const MAX_BLOCKS: u64 = 1 << 16;

pub(super) static FORMAT: Format = Format {
    name: "arc",
    aliases: &["lis"],
    doc: "Block I/O as in the ARC paper; every block of a line is a request.",
    layout: "text: start count ignored number",
    kind: Kind::Text,
    detect,
    read,
};

/// Four whole numbers, the third always 0 and the last, the I/O's number, never falling.
fn detect(prefix: &Prefix<'_>) -> Evidence {
    let mut last = 0;
    let mut n = 0;
    for mut line in prefix.lines() {
        let numbers: [Option<u64>; 4] = std::array::from_fn(|_| whole(field(&mut line)));
        let [Some(_), Some(1..=MAX_BLOCKS), Some(0), Some(number)] = numbers else {
            return Evidence::No;
        };
        if !line.trim_ascii().is_empty() || number < last {
            return Evidence::No;
        }
        last = number;
        n += 1;
    }
    Evidence::certain_if(n > 0)
}

fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let mut rows = Rows::new(&FORMAT, input, options, Has::default())?;
    each_line(input, &mut rows, parse)?;
    rows.finish()
}

fn parse(mut line: &[u8], rows: &mut Rows<'_>) -> Result<(), Problem> {
    let start = whole(field(&mut line)).ok_or("the first block is not a whole number")?;
    let count = whole(field(&mut line)).ok_or("the count of blocks is not a whole number")?;
    if count == 0 {
        return Err("the count of blocks is 0".into());
    }
    if count > MAX_BLOCKS {
        return Err("the count of blocks is above 65536".into());
    }
    let end = start.checked_add(count).ok_or("the blocks end beyond 2^64")?;
    for block in start..end {
        rows.push_key(block)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{counts, ids, options, problem, reasons};
    use super::*;
    use crate::readers::read_bytes;

    #[test]
    fn every_block_of_a_line_is_a_request() {
        let trace = read_bytes("x.lis", b"5 3 0 0\n6 1 0 1\n4 2 0 2\n", &options("")).unwrap();
        assert_eq!(trace.report().format, "arc");
        assert_eq!(ids(&trace), [0, 1, 2, 1, 3, 0]);
        assert!(trace.columns().time_ns.is_none() && trace.columns().size.is_none());
    }

    #[test]
    fn a_limit_counts_requests_not_lines() {
        let limited = ReadOptions { limit: Some(2), ..options("arc") };
        assert_eq!(counts(&read_bytes("x", b"5 3 0 0\n6 1 0 1", &limited).unwrap()), (2, 2));
    }

    #[test]
    fn absurd_counts_are_broken_rows() {
        let text = b"1 1 0 0\n1 1000000000000000000 0 1\n1 0 0 2\n2 1 0 3\n3 1 0 3\n4";
        let trace = read_bytes("x", text, &options("arc")).unwrap();
        assert_eq!(counts(&trace), (3, 3));
        assert_eq!(
            reasons(&trace.report().skipped),
            [
                ("the count of blocks is 0", 1, 3, 34),
                ("the count of blocks is above 65536", 1, 2, 8),
                ("the count of blocks is not a whole number", 1, 6, 58),
            ]
        );
        assert!(problem("x", b"18446744073709551615 2 0 0", "arc").contains("no requests"));
    }
}
