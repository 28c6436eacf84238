//! The loop of all text formats, and what their detectors see.

use crate::error::{Error, Position};
use crate::input::{Input, LineEnd};

use super::rows::{Problem, Rows};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// Lines a detector judges by.
const SAMPLE: usize = 1000;

/// Gives every line that is not blank to `parse`, without its line ending, until there are enough
/// requests. A last line needs no newline.
pub(super) fn each_line(
    input: &mut Input<'_>,
    rows: &mut Rows<'_>,
    mut parse: impl FnMut(&[u8], &mut Rows<'_>) -> Result<(), Problem>,
) -> Result<(), Error> {
    let mut row = 0;
    while !rows.is_full() {
        let end = input.line_end()?;
        row += 1;
        let at = Position { row, byte: input.offset() };
        match end {
            LineEnd::NoLine => break,
            LineEnd::TooFar => {
                rows.at = at;
                rows.skip("the line is longer than 1 MiB")?;
                input.skip_line()?;
            }
            LineEnd::After(n) => {
                rows.at = at;
                let line = trim(&input.unread()[..n], row == 1);
                if line.trim_ascii_start().is_empty() {
                    rows.filter("empty lines");
                } else {
                    let done = parse(line, rows);
                    rows.settle(done)?;
                }
                input.consume(n);
            }
        }
    }
    Ok(())
}

fn trim(line: &[u8], first: bool) -> &[u8] {
    let line = if first { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) } else { line };
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The lines of a prefix that are whole and not blank, up to a sample.
pub(super) fn sample(prefix: &[u8], whole: bool) -> impl Iterator<Item = &[u8]> + Clone {
    let end = match memchr::memrchr(b'\n', prefix) {
        Some(newline) if !whole => newline + 1,
        _ => prefix.len(),
    };
    prefix[..end]
        .split_inclusive(|byte| *byte == b'\n')
        .enumerate()
        .map(|(i, line)| trim(line, i == 0))
        .filter(|line| !line.trim_ascii_start().is_empty())
        .take(SAMPLE)
}
