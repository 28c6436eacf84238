//! The error of this crate: what went wrong, where, and what to try.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where in a source something was found. Rows count from 1, bytes from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// Line or record number, from 1; 0 where rows have no meaning.
    pub row: u64,
    /// Offset into the decompressed content, from 0.
    pub byte: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}, byte {}", self.row, self.byte)
    }
}

/// Anything that stops a trace from being read, made or sampled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path is a directory.
    #[error("{}: is a directory, expected a trace file", .0.display())]
    IsDirectory(PathBuf),
    /// There is not one request to replay.
    #[error("{file}: holds no requests{}", hint(.note))]
    Empty {
        /// Name of the source.
        file: String,
        /// Why it may be empty.
        note: Option<String>,
    },
    /// The content does not say which format it is in.
    #[error("{file}: cannot tell the trace format from its content; say which with --trace-format\nhint: it could be {}", .candidates.join(", "))]
    UnknownFormat {
        /// Name of the source.
        file: String,
        /// Formats the content does not rule out.
        candidates: Vec<&'static str>,
    },
    /// No format goes by this name.
    #[error("no trace format is called `{name}`{}", hint(&.nearest.as_ref().map(|n| format!("did you mean `{n}`? `cache-strategy trace formats` lists them"))))]
    NoSuchFormat {
        /// The name asked for.
        name: String,
        /// The closest existing name.
        nearest: Option<String>,
    },
    /// A row or record that cannot be read, where reading must stop.
    #[error("{file}: {position}: {what}{}", hint(.note))]
    Malformed {
        /// Name of the source.
        file: String,
        /// Where.
        position: Position,
        /// What was found and what was expected.
        what: String,
        /// What to try.
        note: Option<String>,
    },
    /// More distinct objects than ids.
    #[error(
        "{file}: more than 4,294,967,295 distinct objects\nhint: sample it first with `trace sample`"
    )]
    TooManyObjects {
        /// Name of the source.
        file: String,
    },
    /// A recipe or option that makes no sense.
    #[error("{what}{}", hint(.note))]
    Invalid {
        /// What is wrong.
        what: String,
        /// What to try.
        note: Option<String>,
    },
}

fn hint(note: &Option<String>) -> String {
    note.as_ref().map(|n| format!("\nhint: {n}")).unwrap_or_default()
}

impl Error {
    /// An [`Error::Invalid`] without a hint.
    pub fn invalid(what: impl Into<String>) -> Self {
        Error::Invalid { what: what.into(), note: None }
    }
}

/// The name in `names` closest to `wanted`, if any is close enough to be a slip of the keyboard.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).max(1);
    // Of equally near ones, the one that begins alike: the last letters are the ones doubled.
    let unlike = |name: &str| std::cmp::Reverse(common_prefix(wanted, name));
    names
        .into_iter()
        .map(|name| (edit_distance(wanted, name), unlike(name), name))
        .filter(|(distance, ..)| *distance <= limit)
        .min()
        .map(|(.., name)| name)
}

/// From serde's "unknown field `x`, expected one of `a`, `b`": "did you mean `a`?", if one is near.
pub fn did_you_mean(message: &str) -> Option<String> {
    let (_, unknown) = message.split_once("unknown ")?;
    let (unknown, expected) = unknown.split_once("expected")?;
    let wanted = unknown.split('`').nth(1)?;
    nearest(wanted, expected.split('`').skip(1).step_by(2))
        .map(|name| format!("did you mean `{name}`?"))
}

fn common_prefix(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count()
}

/// Optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let substitution = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitution.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_nonsense_finds_none() {
        let names = ["lru", "arc", "s3-fifo", "sieve"];
        assert_eq!(nearest("s3fifo", names), Some("s3-fifo"));
        assert_eq!(nearest("seive", names), Some("sieve"));
        assert_eq!(nearest("lur", names), Some("lru"));
        assert_eq!(nearest("lruu", ["lrfu", "lru"]), Some("lru"));
        assert_eq!(nearest("memcached", names), None);
    }
}
