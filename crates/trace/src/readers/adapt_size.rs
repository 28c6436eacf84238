//! Web requests as AdaptSize, LRB and webcachesim write them: `time id size`, then features that
//! are not used here.

use std::collections::HashMap;

use crate::builder::{Has, Row};
use crate::error::Error;
use crate::input::Input;
use crate::interner::Key;
use crate::trace::Trace;

use super::lines::each_line;
use super::parse::{decimal_time, field, size, whole};
use super::rows::{Problem, Rows};
use super::{Evidence, Format, Kind, Prefix, ReadOptions};

const SECOND: u64 = 1_000_000_000;

pub(super) static FORMAT: Format = Format {
    name: "adapt-size",
    aliases: &["lrb", "webcachesim"],
    doc: "Web requests with sizes, as AdaptSize, LRB and webcachesim use them.",
    layout: "text: time in s, id, size, then anything",
    kind: Kind::Text,
    detect,
    read,
};

/// Numbers of which the first never falls, and ids that come again mostly come with the same size:
/// only so is it (time, id, size) and not (time, size, id).
fn detect(prefix: &Prefix<'_>) -> Evidence {
    let mut sizes = HashMap::new();
    let (mut last, mut repeats, mut same) = (0, 0, 0);
    for mut line in prefix.lines() {
        let numbers: [Option<u64>; 3] = std::array::from_fn(|_| whole(field(&mut line)));
        let [Some(time), Some(id), Some(size)] = numbers else { return Evidence::No };
        let mut features =
            std::iter::repeat_with(|| field(&mut line)).take_while(|f| !f.is_empty());
        if time < last || !features.all(|feature| whole(feature).is_some()) {
            return Evidence::No;
        }
        last = time;
        if let Some(before) = sizes.insert(id, size) {
            repeats += 1;
            same += usize::from(before == size);
        }
    }
    match () {
        () if sizes.is_empty() => Evidence::No,
        () if repeats > 0 && same * 2 > repeats => Evidence::Certain,
        () => Evidence::Possible,
    }
}

fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let has = Has { time: true, size: true, ..Has::default() };
    let mut rows = Rows::new(&FORMAT, input, options, has)?;
    rows.set_resolution(SECOND);
    each_line(input, &mut rows, parse)?;
    rows.finish()
}

fn parse(mut line: &[u8], rows: &mut Rows<'_>) -> Result<(), Problem> {
    let time = decimal_time(field(&mut line), SECOND)?;
    let id = whole(field(&mut line)).ok_or("the id is not a whole number")?;
    let size = size(field(&mut line))?;
    Ok(rows.push(&Row { time_ns: time.nanos, size, ..Row::of(Key::Int(id)) })?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{counts, options, problem, reasons, sizes};
    use super::*;
    use crate::readers::read_bytes;

    const SAMPLE: &[u8] = b"1 7 100\n2 8 30 4 5\n2 7 100\n3 7 200\n4 8 30";

    #[test]
    fn ids_that_keep_their_size_give_it_away() {
        let trace = read_bytes("x", SAMPLE, &options("")).unwrap();
        assert_eq!(trace.report().format, "adapt-size");
        assert_eq!((counts(&trace), sizes(&trace)), ((5, 2), vec![100, 30, 100, 200, 30]));
        let swapped = problem("x", b"1 100 7\n2 100 8\n3 100 9", "");
        assert!(swapped.contains("adapt-size"), "{swapped}");
    }

    #[test]
    fn another_size_may_be_another_object() {
        let joined = ReadOptions { key_with_size: true, ..options("") };
        assert_eq!(counts(&read_bytes("x", SAMPLE, &joined).unwrap()), (5, 3));
    }

    #[test]
    fn broken_fields_are_named() {
        let text = b"1 7 1\n2 7 -4\nx 7 1\n-1 7 1\n3 y 1\n4 7\n5 7 0\n6 7 1\n7 7 1\n8 7 1\n5 7 1";
        let trace = read_bytes("x", text, &options("lrb")).unwrap();
        assert_eq!(counts(&trace), (6, 1));
        assert_eq!(
            reasons(&trace.report().skipped),
            [
                ("negative size", 1, 2, 6),
                ("negative time", 1, 4, 19),
                ("the id is not a whole number", 1, 5, 26),
                ("the size is not a whole number", 1, 6, 32),
                ("the time is not a number", 1, 3, 13),
            ]
        );
        assert_eq!(trace.report().adjusted.len(), 2);
    }
}
