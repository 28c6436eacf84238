//! The loop of all formats of fixed-size binary records.

use crate::error::{Error, Position};
use crate::input::Input;

use super::rows::{Problem, Rows};

/// Gives runs of whole records to `take`, until there are enough requests. A last record that is
/// cut short is an error: either the file is damaged or it is another format.
pub(super) fn each_run(
    input: &mut Input<'_>,
    rows: &mut Rows<'_>,
    record_len: usize,
    mut take: impl FnMut(&[u8], &mut Rows<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut row = 1;
    while !rows.is_full() {
        let byte = input.offset();
        rows.at = Position { row, byte };
        let unread = input.fill(record_len)?;
        let n = unread.len() / record_len;
        if unread.is_empty() {
            rows.at.row -= 1;
            break;
        }
        if n == 0 {
            let what = format!("the last record has {} of {record_len} bytes", unread.len());
            let note = "the file is cut short, or it is in another format";
            return Err(rows.malformed(rows.at, &what, Some(note)));
        }
        take(&unread[..n * record_len], rows)?;
        input.consume(n * record_len);
        row += n as u64;
    }
    Ok(())
}

/// Gives every record to `parse`.
pub(super) fn each_record<const N: usize>(
    input: &mut Input<'_>,
    rows: &mut Rows<'_>,
    mut parse: impl FnMut(&[u8; N], &mut Rows<'_>) -> Result<(), Problem>,
) -> Result<(), Error> {
    each_run(input, rows, N, |run, rows| {
        let first = rows.at;
        for (i, record) in run.as_chunks::<N>().0.iter().enumerate() {
            let i = i as u64;
            rows.at = Position { row: first.row + i, byte: first.byte + i * N as u64 };
            let done = parse(record, rows);
            rows.settle(done)?;
            if rows.is_full() {
                break;
            }
        }
        Ok(())
    })
}

/// Reserves room where the content's length says how many records come.
pub(super) fn reserve(
    input: &Input<'_>,
    rows: &mut Rows<'_>,
    header_len: u64,
    record_len: u64,
) -> Result<(), Error> {
    match input.content_len() {
        Some(len) => rows.reserve(len.saturating_sub(header_len) / record_len),
        None => Ok(()),
    }
}

/// The little-endian bytes of a record from `at` on, zero-extended to 64 bits.
#[inline]
pub(super) fn le<const N: usize>(record: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word[..N].copy_from_slice(&record[at..at + N]);
    u64::from_le_bytes(word)
}
