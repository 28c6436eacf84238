//! Finished cells on disk, a line of JSON each, so that a run that ends early is not in vain.
//!
//! A line says by a digest which question its counts answer: trace, policy with all parameters,
//! capacity, unit, seed, and the very program. Lines that answer other questions are left alone. What
//! is written last may be torn: a line counts only with its end, and what comes after the last end
//! is cut off before anything is added. Any other line that is no cell is damage, and an error: whatever
//! spoilt one line may have spoilt more.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cache::Counts;
use serde::{Deserialize, Serialize};
use trace::Trace;

use crate::Error;
use crate::flat::Cell;

/// A journal, locked against other programs while it is open.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
    /// Which program counts.
    build: String,
    /// The last line, if it had no end and was cut off.
    torn: Option<usize>,
    /// Cells and the lines they stand in.
    known: BTreeMap<String, (usize, Kept)>,
}

/// A line. What it is about is for people; the digest decides.
#[derive(Serialize, Deserialize)]
struct Line {
    cell: String,
    trace: String,
    policy: String,
    capacity: u64,
    unit: String,
    #[serde(flatten)]
    kept: Kept,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    requests: u64,
    hits: u64,
    bytes: u64,
    hit_bytes: u64,
    oversized: u64,
    refused: u64,
}

impl Journal {
    /// Opens or begins the journal in `path`. `build` names the program that counts: its version and
    /// whatever else tells two builds apart that may count differently.
    pub fn open(path: &Path, build: &str) -> Result<Journal, Error> {
        let fail = |source| Error::Io { path: path.to_path_buf(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(fail)?;
        }
        let options = OpenOptions::new().read(true).append(true).create(true).open(path);
        let mut file = options.map_err(fail)?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            let what = "another comparison is writing here\nhint: give this one another --out";
            return Err(Error::Unfit(format!("{}: {what}", path.display())));
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).map_err(fail)?;
        file.read_to_end(&mut bytes).map_err(fail)?;
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if end < bytes.len() {
            file.set_len(end as u64).map_err(fail)?;
        }
        let mut known = BTreeMap::new();
        let lines = bytes[..end].split_inclusive(|byte| *byte == b'\n');
        for (line, number) in lines.zip(1..) {
            let Line { cell, kept, .. } = serde_json::from_slice(line)
                .map_err(|error| damaged(path, number, &format!("no finished cell: {error}")))?;
            // Of one that answers nothing, nobody would ask for the counts.
            if cell.len() != 64 || !cell.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(damaged(path, number, "no finished cell: its digest is none"));
            }
            known.insert(cell, (number, kept));
        }
        let torn =
            (end < bytes.len()).then(|| bytes[..end].split_inclusive(|b| *b == b'\n').count() + 1);
        let (path, file, build) = (path.to_path_buf(), Mutex::new(file), build.to_string());
        Ok(Journal { path, file, build, torn, known })
    }

    /// The line, from 1, that was cut off since it had no end, if there was one: its cell is counted anew.
    pub fn torn(&self) -> Option<usize> {
        self.torn
    }

    /// The digest of a question. `policy` is the policy with all its parameters.
    pub(super) fn key(&self, trace: &Trace, cell: &Cell, policy: &str, seed: u64) -> String {
        let question = serde_json::json!([
            self.build,
            trace.digest().to_string(),
            policy,
            cell.capacity,
            cell.unit,
            seed
        ]);
        blake3::hash(question.to_string().as_bytes()).to_hex().to_string()
    }

    /// The counts that answer the question, if they are here.
    pub(super) fn get(&self, key: &str, trace: &Trace) -> Result<Option<Counts>, Error> {
        let Some((line, kept)) = self.known.get(key) else { return Ok(None) };
        let Kept { requests, hits, bytes, hit_bytes, oversized, refused } = *kept;
        if requests != trace.n_requests() as u64 || hits > requests || hit_bytes > bytes {
            let what = format!("counts that cannot be those of {}", trace.name());
            return Err(damaged(&self.path, *line, &what));
        }
        let kept =
            Counts { requests, hits, bytes, hit_bytes, oversized, refused, ..Counts::default() };
        Ok(Some(kept))
    }

    /// Adds an answer, in one write.
    pub(super) fn add(
        &self,
        key: &str,
        trace: &Trace,
        cell: &Cell,
        counts: &Counts,
    ) -> Result<(), Error> {
        let Counts { requests, hits, bytes, hit_bytes, oversized, refused, .. } = *counts;
        let line = Line {
            cell: key.to_string(),
            trace: trace.name().to_string(),
            policy: cell.spec.to_string(),
            capacity: cell.capacity,
            unit: cell.unit.name().to_string(),
            kept: Kept { requests, hits, bytes, hit_bytes, oversized, refused },
        };
        let text = serde_json::to_string(&line).expect("a line is plain JSON") + "\n";
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(text.as_bytes()).map_err(|source| self.fail(source))
    }

    /// Waits until the disk has it all: a killed program loses nothing, a machine without power only
    /// the cells of its last trace.
    pub(super) fn sync(&self) -> Result<(), Error> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.sync_data().map_err(|source| self.fail(source))
    }

    fn fail(&self, source: std::io::Error) -> Error {
        Error::Io { path: self.path.clone(), source }
    }
}

fn damaged(path: &Path, line: usize, what: &str) -> Error {
    let hint =
        "hint: take the line out and run again; its cell is counted anew, the others are kept";
    Error::Unfit(format!("{}:{line}: {what}\n{hint}", path.display()))
}
