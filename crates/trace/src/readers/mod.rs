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
mod lackey;
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
    &lackey::FORMAT,
    &lackey::DATA,
    &lackey::INSTRUCTIONS,
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

/// Formats whose keys are addresses of bytes in memory.
const MEMORY: [&Format; 5] =
    [&address::FORMAT, &address::PENALTIES, &lackey::FORMAT, &lackey::DATA, &lackey::INSTRUCTIONS];

/// Whether the keys of the trace are addresses of bytes in memory, by the format it was read from.
pub fn keys_are_addresses(trace: &Trace) -> bool {
    // Samples append what they are samples of.
    let format = trace.report().format.split(',').next().unwrap_or("");
    MEMORY.iter().any(|memory| memory.name == format)
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
    use super::testing::{counts, options, problem, reasons, sizes, times};
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
    fn memory_traces_are_known_by_their_format() {
        let memory = read_bytes("x", b"I  1,3\n S 2,8\n", &options("")).unwrap();
        assert!(keys_are_addresses(&memory));
        assert!(keys_are_addresses(&crate::sample::by_index(&memory, 0..1).unwrap()));
        assert!(!keys_are_addresses(&read_bytes("x", b"1\n2\n", &options("")).unwrap()));
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
    fn what_would_overflow_sums_is_a_broken_row() {
        let text = b"key,size,time\na,1,0\nb,281474976710656,0\nc,281474976710657,0\n\
            d,18446744073709551614,0\ne,5,9223372036.854775808\nf,5,9223372036.854775809\n\
            g,7,9223372036.854775808\n";
        let trace = read_bytes("x", text, &options("csv")).unwrap();
        assert_eq!((counts(&trace), sizes(&trace)), ((4, 4), vec![1, 1 << 48, 5, 7]));
        assert_eq!(times(&trace), [0, 0, 1 << 63, 1 << 63]);
        assert_eq!(
            reasons(&trace.report().skipped),
            [
                ("the size is above 2^48 bytes (256 TiB)", 2, 4, 40),
                ("the time is beyond 2^63 ns", 1, 7, 110)
            ]
        );
        let strict = ReadOptions { strict: true, ..options("csv") };
        let message = read_bytes("x", text, &strict).unwrap_err().to_string();
        assert!(message.contains("row 4, byte 40: the size is above 2^48 bytes"), "{message}");
        // What is not read cannot be wrong.
        let bare = ReadOptions { ignore_time: true, ignore_size: true, ..strict };
        assert_eq!(counts(&read_bytes("x", text, &bare).unwrap()), (7, 7));
    }

    #[test]
    fn times_too_large_for_their_unit_are_broken_rows() {
        for (unit, most) in [
            (TimeUnit::Seconds, 9_223_372_036u64),
            (TimeUnit::Millis, 9_223_372_036_854),
            (TimeUnit::Micros, 9_223_372_036_854_775),
            (TimeUnit::Nanos, 9_223_372_036_854_775_808),
        ] {
            let csv = CsvOptions { time_unit: unit, ..CsvOptions::default() };
            let text = format!("time,key\n0,a\n{most},b\n{},c\n{},d\n", most + 1, u64::MAX);
            let trace = read_bytes("x", text.as_bytes(), &ReadOptions { csv, ..options("csv") });
            let trace = trace.unwrap();
            assert_eq!(times(&trace), [0, most * unit.nanos()], "{unit:?}");
            assert_eq!(trace.report().n_skipped(), 2, "{unit:?}");
        }
    }

    #[test]
    fn a_header_is_no_row_left_out() {
        for text in ["key,size\na,1\n", "version,time,op,size,lbn\n1,5,2a,512,9\n"] {
            let trace = read_bytes("x", text.as_bytes(), &options("")).unwrap();
            assert_eq!((counts(&trace), trace.report().to_string().as_str()), ((1, 1), ""));
        }
    }

    /// A pipe gives what it has, in pieces, cannot be sought and does not know its length.
    #[cfg(unix)]
    #[test]
    fn a_pipe_is_as_good_as_a_file() {
        use std::io::Write;
        use std::os::fd::AsRawFd;

        let lines: String = (0..100_000u64).map(|i| format!("{}\n", i * i % 7919)).collect();
        let text = lines.into_bytes();
        let words: Vec<u8> = (0..100_000u32).flat_map(|i| (i * 7 % 7919).to_be_bytes()).collect();
        let packed = zstd::encode_all(&text[..], 1).unwrap();
        for (content, format) in [(text, ""), (words, "cache2k"), (packed, "")] {
            let whole = read_bytes("x", &content, &options(format)).unwrap();
            let (reader, mut writer) = std::io::pipe().unwrap();
            let path = format!("/dev/fd/{}", reader.as_raw_fd());
            let piped = std::thread::scope(|scope| {
                scope.spawn(move || {
                    content.chunks(1009).for_each(|some| writer.write_all(some).unwrap())
                });
                let mut totals = Vec::new();
                let trace =
                    read(path.as_ref(), &options(format), &mut |_, total| totals.push(total));
                assert!(totals.iter().all(|total| *total == 0), "nobody knows how much will come");
                trace.unwrap()
            });
            assert_eq!(piped.columns(), whole.columns());
            assert_eq!(piped.report(), whole.report());
        }
    }

    #[test]
    fn doubt_lists_what_it_may_be() {
        let message = problem("x", b"some words\nmore\n", "");
        assert!(message.contains("hint: it could be txt"), "{message}");
    }
}
