//! Memory references: `l` or `s`, a hexadecimal address, instructions since the last one; with
//! penalties, also what a hit and a miss cost.
//!
//! The address is the key, whole: caches with lines longer than a byte are the simulator's business.

use crate::builder::{Has, Row};
use crate::error::Error;
use crate::input::Input;
use crate::interner::Key;
use crate::trace::{Op, Trace};

use super::lines::each_line;
use super::parse::{field, hexadecimal, whole};
use super::rows::{Problem, Rows};
use super::{Evidence, Format, Kind, Prefix, ReadOptions};

pub(super) static FORMAT: Format = Format {
    name: "address",
    aliases: &[],
    doc: "Loads and stores of a processor, as in the UCSD address traces.",
    layout: "text: l or s, 0xaddress, instructions since the last",
    kind: Kind::Text,
    detect: |prefix| detect(prefix, 3),
    read: |input, options| {
        let has = Has { op: true, ..Has::default() };
        let mut rows = Rows::new(&FORMAT, input, options, has)?;
        each_line(input, &mut rows, |mut line, rows| {
            let row = reference(&mut line)?;
            Ok(rows.push(&row)?)
        })?;
        rows.finish()
    },
};

pub(super) static PENALTIES: Format = Format {
    name: "address-penalties",
    aliases: &[],
    doc: "Loads and stores of a processor with the cost of a miss.",
    layout: "text: l or s, 0xaddress, instructions since the last, hit penalty, miss penalty",
    kind: Kind::Text,
    detect: |prefix| detect(prefix, 5),
    read: read_with_penalties,
};

fn detect(prefix: &Prefix<'_>, n_fields: usize) -> Evidence {
    let fits = |mut line: &[u8]| {
        let fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        fields.count() == n_fields && reference(&mut line).is_ok()
    };
    let mut lines = prefix.lines().peekable();
    Evidence::certain_if(lines.peek().is_some() && lines.all(fits))
}

fn read_with_penalties(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let has = Has { op: true, miss_penalty: true, ..Has::default() };
    let mut rows = Rows::new(&PENALTIES, input, options, has)?;
    each_line(input, &mut rows, |mut line, rows| {
        let row = reference(&mut line)?;
        let _gap = field(&mut line);
        let _hit_penalty = field(&mut line);
        let miss_penalty = whole(field(&mut line))
            .and_then(|penalty| u32::try_from(penalty).ok())
            .ok_or("the miss penalty is not a whole number below 2^32")?;
        Ok(rows.push(&Row { miss_penalty, ..row })?)
    })?;
    rows.finish()
}

fn reference(line: &mut &[u8]) -> Result<Row<'static>, Problem> {
    let op = match field(line) {
        b"l" => Op::Get,
        b"s" => Op::Set,
        _ => return Err("neither a load `l` nor a store `s`".into()),
    };
    let address = hexadecimal(field(line)).ok_or("the address is not hexadecimal")?;
    Ok(Row { op, ..Row::of(Key::Int(address)) })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{counts, options, reasons};
    use super::*;
    use crate::readers::read_bytes;

    #[test]
    fn loads_get_and_stores_set() {
        let trace = read_bytes("gcc", b"s 0x1fffff50 1\nl 0x1fffff50 6", &options("")).unwrap();
        assert_eq!((trace.report().format.as_str(), counts(&trace)), ("address", (2, 1)));
        assert_eq!(trace.columns().op, Some(vec![Op::Set, Op::Get]));
        let loads = ReadOptions { ignore_op: true, ..options("") };
        assert!(read_bytes("gcc", b"s 0x1 1", &loads).unwrap().columns().op.is_none());
    }

    #[test]
    fn penalties_are_those_of_misses() {
        let text = b"s 0x1fffff50 1 1 100\nl 0x1fffff58 6 1 10";
        let trace = read_bytes("gcc", text, &options("")).unwrap();
        assert_eq!(trace.report().format, "address-penalties");
        assert_eq!(trace.columns().miss_penalty, Some(vec![100, 10]));
    }

    #[test]
    fn broken_references_are_counted() {
        let text = b"l 0x1 1\nx 0x1 1\nl 1 1\nl 0x11112222333344445 1\nl 0x2 1\nl 0x3 1";
        let trace = read_bytes("gcc", text, &options("address")).unwrap();
        assert_eq!(counts(&trace), (3, 3));
        assert_eq!(
            reasons(&trace.report().skipped),
            [
                ("neither a load `l` nor a store `s`", 1, 2, 8),
                ("the address is not hexadecimal", 2, 3, 16)
            ]
        );
    }
}
