//! The history: a line of JSON for every check, in a file that is only ever appended to.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::baseline::Baseline;
use super::detail::RunKey;
use super::judge::{Judged, Verdict};
use super::measure::Measured;
use super::metric::Figure;
use super::study::digest;
use crate::Error;

/// What one check found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Entry {
    /// Version of this form: 1.
    schema: u32,
    /// What was checked, such as a commit.
    pub commit: String,
    /// Version of the program.
    pub program: String,
    /// Name of the study.
    pub study: String,
    /// Seed of all draws.
    pub seed: u64,
    /// Digest of the study.
    pub scenario: String,
    /// Digests of the traces.
    pub traces: BTreeMap<String, String>,
    /// How the check ended.
    pub verdict: String,
    /// The figures that the baseline keeps.
    pub runs: Vec<EntryRun>,
}

/// The figures of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EntryRun {
    /// Which run.
    #[serde(flatten)]
    pub key: RunKey,
    /// By metric. What is not a number is left out.
    pub figures: BTreeMap<String, serde_json::Number>,
}

impl Entry {
    /// Of a check that was made.
    pub fn new(
        measured: &Measured,
        baseline: &Baseline,
        judged: &Judged,
        program: &str,
        commit: &str,
    ) -> Entry {
        let number = |figure: &Figure| match figure {
            Figure::Whole(value) => Some((*value).into()),
            Figure::Real(value) => serde_json::Number::from_f64(*value),
        };
        let metrics = &baseline.file.metrics;
        let figures = |figures: &super::metric::Figures| {
            let kept = metrics.iter().filter_map(|name| Some((name, figures.get(name)?)));
            kept.filter_map(|(name, figure)| Some((name.clone(), number(figure)?))).collect()
        };
        Entry {
            schema: 1,
            commit: commit.to_string(),
            program: program.to_string(),
            study: measured.study.clone(),
            seed: measured.seed,
            scenario: digest(&measured.leaves),
            traces: measured.traces.clone(),
            verdict: Verdict::word(judged.verdict).to_string(),
            runs: measured
                .runs
                .iter()
                .map(|run| EntryRun { key: run.key.clone(), figures: figures(&run.figures) })
                .collect(),
        }
    }

    /// Appends it to the file in `path`, in one write. Jobs that do so at once wait for one another.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn append(&self, path: &Path) -> Result<(), Error> {
        let fail = |source| Error::Io { path: path.to_path_buf(), source };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(fail)?;
        }
        let options = OpenOptions::new().read(true).append(true).create(true).open(path);
        let mut file = options.map_err(fail)?;
        file.lock().map_err(fail)?;
        let mut line = serde_json::to_string(self).expect("an entry is plain JSON") + "\n";
        // A writer that was killed may have left half a line: it stays, as a line of its own.
        let mut last = [b'\n'];
        if file.seek(SeekFrom::End(0)).map_err(fail)? > 0 {
            file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).map_err(fail)?;
        }
        if last != *b"\n" {
            line.insert(0, '\n');
        }
        file.write_all(line.as_bytes()).map_err(fail)
    }
}

/// Reads a history.
///
/// # Errors
///
/// If it cannot be read, or a line is no entry; the line is named.
pub fn read(path: &Path) -> Result<Vec<Entry>, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let entry = |(line, number): (&str, usize)| {
        let fail = |what: String| {
            let hint = "hint: take the line out; the others stand by themselves";
            Error::Unfit(format!("{}:{number}: {what}\n{hint}", path.display()))
        };
        let entry: Entry = serde_json::from_str(line)
            .map_err(|error| fail(format!("no entry of a history: {error}")))?;
        match entry.schema {
            1 => Ok(entry),
            schema => Err(fail(format!("schema {schema} is not known to this version"))),
        }
    };
    lines.map(entry).collect()
}
