//! One whole number a line, as in the LIRS paper's traces.
//!
//! There, a line `*` is a checkpoint of a printout, not a request. A plain list of numbers reads the
//! same either way, so any such list is taken for this format.

use crate::builder::Has;
use crate::error::Error;
use crate::input::Input;
use crate::trace::Trace;

use super::lines::each_line;
use super::parse::whole;
use super::{Evidence, Format, Kind, Prefix, ReadOptions, rows::Rows};

pub(super) static FORMAT: Format = Format {
    name: "lirs",
    aliases: &["numbers"],
    doc: "Plain numbers, and the LIRS paper's traces; lines of `*` are no requests.",
    layout: "text: one whole number",
    kind: Kind::Text,
    detect,
    read,
};

fn detect(prefix: &Prefix<'_>) -> Evidence {
    let mut lines = prefix.lines().map(<[u8]>::trim_ascii).filter(|line| line != b"*").peekable();
    Evidence::certain_if(lines.peek().is_some() && lines.all(|line| whole(line).is_some()))
}

fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let mut rows = Rows::new(&FORMAT, input, options, Has::default())?;
    each_line(input, &mut rows, |line, rows| match line.trim_ascii() {
        b"*" => {
            rows.filter("lines of `*`");
            Ok(())
        }
        line => Ok(rows.push_key(whole(line).ok_or("not a whole number")?)?),
    })?;
    rows.finish()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ids, options, problem, reasons};
    use super::*;
    use crate::error::Error;
    use crate::readers::read_bytes;

    #[test]
    fn numbers_are_requests_stars_and_blank_lines_are_not() {
        let trace = read_bytes("cs.trace", b"7\r\n7\n*\n\n 9 \n*\n7", &options("")).unwrap();
        assert_eq!((trace.name(), ids(&trace)), ("cs", vec![0, 0, 1, 0]));
        assert_eq!(
            reasons(&trace.report().filtered),
            [("empty lines", 1, 4, 7), ("lines of `*`", 2, 3, 5)]
        );
    }

    #[test]
    fn broken_rows_are_counted_with_their_place() {
        let trace = read_bytes("x", b"1\n2\nx\n3\n4\n-5\n6", &options("lirs")).unwrap();
        assert_eq!(ids(&trace), [0, 1, 2, 3, 4]);
        assert_eq!(reasons(&trace.report().skipped), [("not a whole number", 2, 3, 4)]);
    }

    #[test]
    fn strict_reading_stops_at_the_first() {
        let strict = ReadOptions { strict: true, ..options("lirs") };
        let error = read_bytes("x", b"1\n2\nx\n3", &strict).unwrap_err();
        assert!(
            matches!(&error, Error::Malformed { position, .. } if position.row == 3),
            "{error}"
        );
    }

    #[test]
    fn what_is_mostly_broken_is_another_format() {
        assert!(problem("x", b"a\nb\nc", "lirs").contains("3 rows were skipped"));
        assert!(problem("x", b"a\nb\n1", "lirs").contains("more than half"));
        let mut text = b"1\n".to_vec();
        text.extend(b"word\n".repeat(2000));
        assert!(problem("x", &text, "lirs").contains("row 2, byte 2: not a whole number"));
    }

    #[test]
    fn endless_lines_are_skipped_and_counted() {
        let text = [b"1\n".as_slice(), &vec![b'9'; 3 << 20], b"\n2\n3"].concat();
        let trace = read_bytes("x", &text, &options("lirs")).unwrap();
        assert_eq!(ids(&trace), [0, 1, 2]);
        assert_eq!(reasons(&trace.report().skipped), [("the line is longer than 1 MiB", 1, 2, 2)]);
    }
}
