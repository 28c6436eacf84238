//! Readers of foreign trace formats: one file each, one list, one way in.
//!
//! A format is detected only from content that leaves no doubt; otherwise the error lists what it
//! may be. Broken rows are counted with their place and passed over, unless reading is strict. No
//! input makes a reader panic, and none makes it take more memory than the trace itself needs.

mod adapt_size;
mod address;
mod arc;
mod cloud_physics_csv;
mod combined_log;
mod csv;
mod lcs;
mod lines;
mod lirs;
mod mooncake;
mod options;
mod oracle_general;
mod parse;
mod pieces;
mod records;
mod redis_monitor;
mod rows;
#[cfg(test)]
mod testing;
mod txt;
mod vscsi;
mod words;

use std::path::Path;

use crate::error::{Error, nearest};
use crate::input::{Input, PREFIX, Progress};
use crate::trace::Trace;

pub use options::{CsvOptions, LogOptions, ReadOptions, TimeUnit};

/// Every format, in the order in which detection asks them: the first that is certain is it.
pub static FORMATS: &[&Format] = &[
    &lcs::FORMAT,
    &oracle_general::FORMAT,
    &vscsi::FORMAT,
    &words::CACHE2K,
    &words::CLOUD_PHYSICS,
    &words::CORDA,
    &arc::FORMAT,
    &lirs::FORMAT,
    &address::FORMAT,
    &address::PENALTIES,
    &adapt_size::FORMAT,
    &mooncake::FORMAT,
    &combined_log::FORMAT,
    &redis_monitor::FORMAT,
    &cloud_physics_csv::FORMAT,
    &csv::FORMAT,
    &txt::FORMAT,
];

/// A trace format.
#[derive(Debug)]
pub struct Format {
    /// What it is called.
    pub name: &'static str,
    /// What else it may be called.
    pub aliases: &'static [&'static str],
    /// What it is, in a line.
    pub doc: &'static str,
    /// What is where, in a line.
    pub layout: &'static str,
    kind: Kind,
    detect: fn(&Prefix<'_>) -> Evidence,
    read: fn(&mut Input<'_>, &ReadOptions) -> Result<Trace, Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

/// What a prefix of the content says about being in a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Evidence {
    No,
    Possible,
    Certain,
}

impl Evidence {
    fn certain_if(certain: bool) -> Self {
        if certain { Evidence::Certain } else { Evidence::No }
    }
}

/// The first bytes of the content.
struct Prefix<'a> {
    bytes: &'a [u8],
    /// There is nothing after them.
    whole: bool,
}

impl Prefix<'_> {
    /// Whole lines that are not blank.
    fn lines(&self) -> impl Iterator<Item = &[u8]> + Clone {
        lines::sample(self.bytes, self.whole)
    }

    /// Could be text, in some encoding that extends ASCII.
    fn is_text(&self) -> bool {
        memchr::memchr(0, self.bytes).is_none()
    }

    /// Could only be text.
    fn is_ascii_text(&self) -> bool {
        self.bytes.iter().all(|byte| matches!(byte, b'\t'..=b'\r' | b' '..=b'~'))
    }

    fn fits(&self, kind: Kind) -> bool {
        match kind {
            Kind::Text => self.is_text(),
            Kind::Binary => !self.is_ascii_text(),
        }
    }
}

/// The format of this name or alias; case, `_` and `-` do not matter.
pub fn find(name: &str) -> Result<&'static Format, Error> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-', ' '], "");
    let names = |format: &&'static Format| {
        std::iter::once(format.name).chain(format.aliases.iter().copied())
    };
    let wanted = plain(name);
    FORMATS
        .iter()
        .find(|format| names(format).any(|known| plain(known) == wanted))
        .copied()
        .ok_or_else(|| Error::NoSuchFormat {
            name: name.to_string(),
            nearest: nearest(name, FORMATS.iter().flat_map(names)).map(str::to_string),
        })
}

/// Reads a trace from a file. `progress` is called with the bytes read so far and in total, as
/// they lie on disk.
pub fn read(path: &Path, options: &ReadOptions, progress: Progress<'_>) -> Result<Trace, Error> {
    read_input(Input::open(path, progress)?, options)
}

/// Reads a trace from bytes, compressed or not, under the file name `name`.
pub fn read_bytes(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Trace, Error> {
    let mut progress = |_, _| {};
    read_input(Input::of_bytes(name, bytes, &mut progress)?, options)
}

fn read_input(mut input: Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let named = options.format.as_deref().map(find).transpose()?;
    let file = input.file();
    input.fill(PREFIX)?;
    let unread = input.unread();
    let prefix = Prefix {
        bytes: &unread[..unread.len().min(PREFIX)],
        whole: input.ended() && unread.len() <= PREFIX,
    };
    if prefix.bytes.is_empty() {
        return Err(Error::Empty { file, note: None });
    }
    let format = match named {
        Some(format) if prefix.fits(format.kind) => format,
        Some(format) => return Err(wrong_kind(file, format, &prefix)),
        None => detect(file, &prefix)?,
    };
    (format.read)(&mut input, options)
}

fn detect(file: String, prefix: &Prefix<'_>) -> Result<&'static Format, Error> {
    let mut candidates = Vec::new();
    for format in FORMATS.iter().filter(|format| prefix.fits(format.kind)) {
        match (format.detect)(prefix) {
            Evidence::Certain => return Ok(format),
            Evidence::Possible => candidates.push(format.name),
            Evidence::No => {}
        }
    }
    if candidates.is_empty() {
        return Err(Error::Invalid {
            what: format!("{file}: is in no trace format that is known here"),
            note: Some("`cache-strategy trace formats` lists them".into()),
        });
    }
    Err(Error::UnknownFormat { file, candidates })
}

fn wrong_kind(file: String, format: &Format, prefix: &Prefix<'_>) -> Error {
    let (expected, found) = match format.kind {
        Kind::Binary => {
            let start = &prefix.bytes[..prefix.bytes.len().min(40)];
            ("binary records", format!("text that starts `{}`", start.escape_ascii()))
        }
        Kind::Text => ("lines of text", "binary data".to_string()),
    };
    Error::Malformed {
        file,
        position: Default::default(),
        what: format!("`{}` is {expected}, but this is {found}", format.name),
        note: Some("leave out --trace-format to have the format detected".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{options, problem};
    use super::*;

    #[test]
    fn names_are_found_however_they_are_spelt() {
        assert_eq!(find("oracleGeneral").unwrap().name, "oracle-general");
        assert_eq!(find("Combined_Log").unwrap().name, "combined-log");
        assert_eq!(find("scarab").unwrap().name, "corda");
        let slip = find("mooncaek").unwrap_err().to_string();
        assert!(slip.contains("did you mean `mooncake`"), "{slip}");
        assert!(find("").is_err());
    }

    #[test]
    fn no_two_formats_share_a_name() {
        for format in FORMATS {
            for name in format.aliases.iter().chain([&format.name]) {
                assert!(std::ptr::eq(find(name).unwrap(), *format), "{name}");
            }
        }
    }

    #[test]
    fn what_is_no_file_is_said() {
        let mut ignore = |_, _| {};
        let directory = read(&std::env::temp_dir(), &options(""), &mut ignore);
        assert!(matches!(directory, Err(Error::IsDirectory(_))));
        let missing = read(Path::new("/no/such/file"), &options(""), &mut ignore).unwrap_err();
        assert!(missing.to_string().starts_with("/no/such/file: "), "{missing}");
    }

    #[test]
    fn emptiness_is_an_error_packed_or_not() {
        for bytes in [&b""[..], &zstd::encode_all(&b""[..], 1).unwrap()] {
            assert!(matches!(read_bytes("x", bytes, &options("")), Err(Error::Empty { .. })));
            assert!(matches!(read_bytes("x", bytes, &options("lirs")), Err(Error::Empty { .. })));
        }
        assert!(matches!(read_bytes("x", b"\n\n", &options("lirs")), Err(Error::Empty { .. })));
    }

    #[test]
    fn sizes_tell_objects_apart_only_where_there_are_sizes() {
        let joined = ReadOptions { key_with_size: true, ..options("lirs") };
        let message = read_bytes("x", b"1\n2\n", &joined).unwrap_err().to_string();
        assert!(message.contains("states no sizes"), "{message}");
    }

    #[test]
    fn doubt_lists_what_it_may_be() {
        let message = problem("x", b"some words\nmore\n", "");
        assert!(message.contains("hint: it could be txt"), "{message}");
    }
}
