//! Bytes in: opens a source, sees through its compression, and hands out the content through one
//! reused buffer.
//!
//! Compression is told by magic bytes, never by file name. Nothing is read twice or sought, so a
//! pipe works as well as a file, and no content is ever held as a whole.

use std::fs::File;
use std::io::{BufReader, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// What a detector may look at.
pub(crate) const PREFIX: usize = 64 << 10;
/// Lines beyond this are passed over without ever being held.
pub(crate) const MAX_LINE: usize = 1 << 20;
/// Large enough that system calls do not count, small enough for the second-level cache.
const CHUNK: usize = 256 << 10;
/// What decompressors are fed with. Smaller than [`CHUNK`], so that reads of plain content, which ask
/// for almost all of a chunk, go past this buffer.
const FEED: usize = 64 << 10;
/// `xz -9` needs 65 MiB; a file that wants more than this wants to exhaust us.
const XZ_MEMORY: u64 = 256 << 20;
const MAGIC_LEN: usize = 6;

/// Called with the bytes read so far and in total, as they lie on disk; total 0 is unknown.
pub(crate) type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// A stream of decompressed content with a window of unread bytes.
pub(crate) struct Input<'a> {
    source: Box<dyn Read + 'a>,
    path: PathBuf,
    compression: Option<&'static str>,
    /// Length of the content, where it is known before reading.
    content_len: Option<u64>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes consumed: where `buffer[start]` lies in the content.
    offset: u64,
    ended: bool,
}

/// Where the next line ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    /// After this many unread bytes, the newline included where there is one.
    After(usize),
    /// Not within [`MAX_LINE`].
    TooFar,
    /// There is no next line.
    NoLine,
}

/// Passes bytes on and reports how many.
struct Metered<'a, R> {
    inner: R,
    done: u64,
    total: u64,
    progress: Progress<'a>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.done += n as u64;
        (self.progress)(self.done, self.total);
        Ok(n)
    }
}

impl<'a> Input<'a> {
    /// Opens a file.
    pub(crate) fn open(path: &Path, progress: Progress<'a>) -> Result<Self, Error> {
        let fail = |source| Error::Io { path: path.to_path_buf(), source };
        let file = File::open(path).map_err(fail)?;
        let about = file.metadata().map_err(fail)?;
        if about.is_dir() {
            return Err(Error::IsDirectory(path.to_path_buf()));
        }
        let total = if about.is_file() { about.len() } else { 0 };
        Input::new(path.to_path_buf(), file, total, progress)
    }

    /// Content that is in memory already, under a name to report it by.
    pub(crate) fn of_bytes(
        name: &str,
        bytes: &'a [u8],
        progress: Progress<'a>,
    ) -> Result<Self, Error> {
        Input::new(PathBuf::from(name), bytes, bytes.len() as u64, progress)
    }

    fn new(
        path: PathBuf,
        raw: impl Read + 'a,
        total: u64,
        progress: Progress<'a>,
    ) -> Result<Self, Error> {
        let fail = |source| Error::Io { path: path.clone(), source };
        let mut raw = Metered { inner: raw, done: 0, total, progress };
        let mut magic = Vec::with_capacity(MAGIC_LEN);
        raw.by_ref().take(MAGIC_LEN as u64).read_to_end(&mut magic).map_err(fail)?;
        let compression = compression(&magic);
        if let Some(archive) = unread_archive(&magic) {
            return Err(Error::Invalid {
                what: format!("{}: is {archive}, which is not read", path.display()),
                note: Some("unpack it first; gzip, xz and zstd are read as they are".into()),
            });
        }
        let raw = BufReader::with_capacity(FEED, Cursor::new(magic).chain(raw));
        let source: Box<dyn Read + 'a> = match compression {
            Some("gzip") => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
            Some("xz") => {
                let flags = liblzma::stream::CONCATENATED;
                let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, flags)
                    .map_err(|error| fail(error.into()))?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(raw, stream))
            }
            Some(_) => Box::new(zstd::stream::read::Decoder::with_buffer(raw).map_err(fail)?),
            // A read larger than the BufReader's own buffer goes past it, straight to the file.
            None => Box::new(raw),
        };
        Ok(Input {
            source,
            compression,
            content_len: (compression.is_none() && total > 0).then_some(total),
            path,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            offset: 0,
            ended: false,
        })
    }

    /// The source as messages name it.
    pub(crate) fn file(&self) -> String {
        self.path.display().to_string()
    }

    /// The source as its trace is called.
    pub(crate) fn trace_name(&self) -> String {
        trace_name(&self.path)
    }

    /// Length of the content, where it is known before reading.
    pub(crate) fn content_len(&self) -> Option<u64> {
        self.content_len
    }

    /// Where in the content the unread bytes begin.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes read from the source and not yet consumed.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// No more will come than [`Input::unread`].
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Drops the first `n` unread bytes.
    pub(crate) fn consume(&mut self, n: usize) {
        debug_assert!(n <= self.end - self.start);
        self.start += n;
        self.offset += n as u64;
    }

    /// Reads until `wanted` bytes are unread or the source ends.
    pub(crate) fn fill(&mut self, wanted: usize) -> Result<&[u8], Error> {
        if self.end - self.start < wanted && !self.ended {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            if self.buffer.len() < wanted {
                self.buffer.resize(wanted.next_power_of_two(), 0);
            }
            while self.end < wanted && !self.ended {
                self.read_some()?;
            }
        }
        Ok(self.unread())
    }

    fn read_some(&mut self) -> Result<(), Error> {
        match self.source.read(&mut self.buffer[self.end..]) {
            Ok(0) => self.ended = true,
            Ok(n) => self.end += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(self.failed(error)),
        }
        Ok(())
    }

    /// Decoders say little; an error that is not the system's own is about the compressed data.
    fn failed(&self, error: std::io::Error) -> Error {
        let source = match self.compression {
            Some(name) if error.raw_os_error().is_none() => std::io::Error::new(
                error.kind(),
                format!("the {name} data is corrupt or cut short ({error})"),
            ),
            _ => error,
        };
        Error::Io { path: self.path.clone(), source }
    }

    /// Finds the end of the next line, reading as far as it takes but no further than a line may.
    pub(crate) fn line_end(&mut self) -> Result<LineEnd, Error> {
        let mut searched = 0;
        loop {
            let unread = self.unread();
            if let Some(i) = memchr::memchr(b'\n', &unread[searched..]) {
                return Ok(LineEnd::After(searched + i + 1));
            }
            searched = unread.len();
            if searched > MAX_LINE {
                return Ok(LineEnd::TooFar);
            }
            if self.ended {
                return Ok(if searched == 0 { LineEnd::NoLine } else { LineEnd::After(searched) });
            }
            self.fill(searched + 1)?;
        }
    }

    /// Consumes up to and with the next newline, however far it is.
    pub(crate) fn skip_line(&mut self) -> Result<(), Error> {
        loop {
            let unread = self.fill(1)?;
            let newline = memchr::memchr(b'\n', unread);
            let n = newline.map_or(unread.len(), |i| i + 1);
            self.consume(n);
            if newline.is_some() || n == 0 {
                return Ok(());
            }
        }
    }
}

fn compression(magic: &[u8]) -> Option<&'static str> {
    match magic {
        [0x1F, 0x8B, 8, ..] => Some("gzip"),
        [0xFD, b'7', b'z', b'X', b'Z', 0] => Some("xz"),
        [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Some("zstd"),
        _ => None,
    }
}

fn unread_archive(magic: &[u8]) -> Option<&'static str> {
    match magic {
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some("bzip2 data"),
        [b'P', b'K', 3, 4, ..] => Some("a zip archive"),
        [b'7', b'z', 0xBC, 0xAF, ..] => Some("a 7z archive"),
        [0x04, 0x22, 0x4D, 0x18, ..] => Some("lz4 data"),
        _ => None,
    }
}

/// The file name without the endings of compressions and formats: `OLTP.lis.zst` is `OLTP`.
fn trace_name(path: &Path) -> String {
    const ENDINGS: [&str; 21] = [
        "gz",
        "xz",
        "zst",
        "zstd",
        "22",
        "addr",
        "lis",
        "trace",
        "log",
        "csv",
        "tsv",
        "txt",
        "bin",
        "oraclegeneral",
        "lcs",
        "vscsi",
        "json",
        "jsonl",
        "monitor",
        "dat",
        "parquet",
    ];
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let mut name = name.as_ref();
    while let Some((stem, ending)) = name.rsplit_once('.')
        && !stem.is_empty()
        && ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
    {
        name = stem;
    }
    name.to_string()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn content(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let mut progress = |_, _| {};
        let mut input = Input::of_bytes("test", bytes, &mut progress)?;
        let mut all = Vec::new();
        while !input.fill(1)?.is_empty() {
            all.extend_from_slice(input.unread());
            input.consume(input.unread().len());
        }
        Ok(all)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn xz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn compressions_of_one_and_of_several_members_are_seen_through() {
        for compress in [gzip, xz, zstd] {
            let long: Vec<u8> = (0..600_000u32).flat_map(|i| i.to_le_bytes()).collect();
            assert_eq!(content(&compress(&long)).unwrap(), long);
            let two = [compress(b"one "), compress(b"two")].concat();
            assert_eq!(content(&two).unwrap(), b"one two");
            assert_eq!(content(&compress(b"")).unwrap(), b"");
        }
        assert_eq!(content(b"plain").unwrap(), b"plain");
        assert_eq!(content(b"").unwrap(), b"");
    }

    #[test]
    fn corrupt_or_cut_data_names_the_file() {
        let noise: Vec<u8> = (0..5000u32).map(|i| (i.wrapping_mul(i) >> 3) as u8).collect();
        for compress in [gzip, xz, zstd] {
            let good = compress(&noise);
            let cut = content(&good[..good.len() / 2]).unwrap_err().to_string();
            assert!(cut.starts_with("test: the ") && cut.contains("cut short"), "{cut}");
            let mut bad = good.clone();
            let middle = good.len() / 2;
            bad[middle..middle + 20].fill(0xAA);
            assert!(matches!(content(&bad), Err(Error::Io { .. })));
        }
    }

    #[test]
    fn archives_we_do_not_read_are_named() {
        let error = content(b"BZh91AY&SY").unwrap_err().to_string();
        assert!(error.contains("bzip2"), "{error}");
    }

    #[test]
    fn progress_counts_bytes_on_disk() {
        let packed = gzip(&vec![7; 1 << 20]);
        let mut last = (0, 0);
        let mut progress = |done, total| last = (done, total);
        let mut input = Input::of_bytes("test", &packed, &mut progress).unwrap();
        while !input.fill(1).unwrap().is_empty() {
            input.consume(input.unread().len());
        }
        drop(input);
        assert_eq!(last, (packed.len() as u64, packed.len() as u64));
    }

    #[test]
    fn long_lines_are_found_and_endless_ones_are_not_held() {
        let long = vec![b'x'; MAX_LINE - 1];
        let endless = vec![b'y'; 3 * MAX_LINE];
        let bytes = [b"a\n", long.as_slice(), b"\n", &endless, b"\nlast"].concat();
        let mut progress = |_, _| {};
        let mut input = Input::of_bytes("test", &bytes, &mut progress).unwrap();
        assert_eq!(input.line_end().unwrap(), LineEnd::After(2));
        input.consume(2);
        assert_eq!(input.line_end().unwrap(), LineEnd::After(MAX_LINE));
        input.consume(MAX_LINE);
        assert_eq!(input.line_end().unwrap(), LineEnd::TooFar);
        input.skip_line().unwrap();
        assert!(input.buffer.len() <= 2 * MAX_LINE);
        assert_eq!(input.line_end().unwrap(), LineEnd::After(4));
        input.consume(4);
        assert_eq!(input.line_end().unwrap(), LineEnd::NoLine);
    }

    #[test]
    fn a_trace_is_called_what_its_file_is_without_endings() {
        for (file, name) in [
            ("/data/OLTP.lis.zst", "OLTP"),
            ("web-crawl.log.zst", "web-crawl"),
            ("cloudPhysicsIO.oracleGeneral.bin", "cloudPhysicsIO"),
            ("w106.oracleGeneral.zst.22", "w106"),
            ("v1.2.csv", "v1.2"),
            (".csv", ".csv"),
            ("corda-vaultservice.gz", "corda-vaultservice"),
        ] {
            assert_eq!(trace_name(Path::new(file)), name);
        }
    }
}
