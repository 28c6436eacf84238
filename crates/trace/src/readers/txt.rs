//! One key a line, whatever it is: libCacheSim's `txt`, or a list of URLs.

use crate::builder::{Has, Row};
use crate::error::Error;
use crate::input::Input;
use crate::interner::Key;
use crate::trace::Trace;

use super::lines::each_line;
use super::{Evidence, Format, Kind, Prefix, ReadOptions, rows::Rows};

pub(super) static FORMAT: Format = Format {
    name: "txt",
    aliases: &["lines", "keys"],
    doc: "One key a line, number or text.",
    layout: "text: key",
    kind: Kind::Text,
    detect,
    read,
};

/// Any text may be keys; text alone never says so.
fn detect(_: &Prefix<'_>) -> Evidence {
    Evidence::Possible
}

fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let mut rows = Rows::new(&FORMAT, input, options, Has::default())?;
    each_line(input, &mut rows, |line, rows| {
        Ok(rows.push(&Row::of(Key::Text(line.trim_ascii())))?)
    })?;
    rows.finish()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ids, keys, options, problem};
    use crate::readers::read_bytes;

    #[test]
    fn lines_are_keys_in_whatever_encoding() {
        let text = b"\xEF\xBB\xBF/a b\n7\r\n\xFF\n/a b\n\xFE\n";
        let trace = read_bytes("urls.txt", text, &options("txt")).unwrap();
        assert_eq!(ids(&trace), [0, 1, 2, 0, 3]);
        assert_eq!(keys(&trace), ["/a b", "7", "\u{FFFD}", "\u{FFFD}"]);
    }

    #[test]
    fn text_alone_does_not_say_that_it_is_keys() {
        assert!(problem("x", b"/a\n/b\n", "").contains("it could be txt"));
        assert!(problem("x", b"", "txt").contains("holds no requests"));
        assert!(problem("x", b"a\0b\n", "txt").contains("this is binary data"));
    }
}
