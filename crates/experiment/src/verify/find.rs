//! Finding the traces that figures are about, whatever their files are called.

use std::path::{Path, PathBuf};

use trace::Trace;
use trace::readers::{CsvOptions, ReadOptions};

use super::tables::{KnownTrace, Tables};
use crate::{Error, open_trace};

/// Endings of files that hold no trace and would be read in vain.
const NO_TRACES: &[&str] = &["md", "toml", "py", "sh"];

/// A trace and the names that figures have for it.
#[derive(Debug)]
pub struct Found {
    /// The requests.
    pub trace: Trace,
    /// See [`KnownTrace::name`]; several if figures differ in what they make of its sizes.
    pub names: Vec<String>,
}

/// The files below a folder that may hold a trace, in order.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let fail = |path: &Path| {
        let path = path.to_path_buf();
        move |source| Error::Io { path, source }
    };
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(fail(&folder))? {
            let path = entry.map_err(fail(&folder))?.path();
            let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() && !NO_TRACES.contains(&ending.as_str()) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a file as what it is called, then as what it looks like, then strictly as every format that
/// a known trace has, until its counts are those of a known trace.
pub fn recognise(path: &Path, tables: &Tables) -> Option<Found> {
    let plain = ReadOptions { ignore_time: true, ignore_op: true, ..ReadOptions::default() };
    let named = tables.traces.iter().filter(|known| is_called(known, path));
    let by_name =
        named.filter(|known| !known.format.is_empty()).map(|known| as_known(known, &plain));
    let mut formats: Vec<&str> =
        tables.traces.iter().map(|known| known.format.as_str()).filter(|f| !f.is_empty()).collect();
    formats.sort_unstable();
    formats.dedup();
    let by_trial = formats.into_iter().map(|format| ReadOptions {
        format: Some(format.to_string()),
        strict: true,
        ..plain.clone()
    });
    by_name.chain([plain.clone()]).chain(by_trial).find_map(|options| {
        let trace = open_trace(path, &options, &mut |_, _| {}).ok()?;
        let names: Vec<String> = tables
            .traces
            .iter()
            .filter(|known| is_of(known, &trace))
            .map(|known| known.name.clone())
            .collect();
        (!names.is_empty()).then_some(Found { trace, names })
    })
}

/// Whether this is one of the usual names of the trace's file.
fn is_called(known: &KnownTrace, path: &Path) -> bool {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = file.split('.').next().unwrap_or_default();
    known.names.split(' ').any(|name| name.eq_ignore_ascii_case(stem))
}

fn as_known(known: &KnownTrace, plain: &ReadOptions) -> ReadOptions {
    let column = |wanted: &str| {
        let pairs = known.columns.split(' ').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(name, _)| *name == wanted).map(|(_, place)| place.to_string())
    };
    ReadOptions {
        format: Some(known.format.clone()),
        csv: CsvOptions { key: column("key"), size: column("size"), ..CsvOptions::default() },
        ..plain.clone()
    }
}

fn is_of(known: &KnownTrace, trace: &Trace) -> bool {
    known.requests == Some(trace.n_requests() as u64)
        && known.objects == Some(u64::from(trace.n_objects()))
        && known.requested_bytes.is_none_or(|bytes| bytes == trace.requested_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, counts: (u64, u64), bytes: Option<u64>, format: &str) -> KnownTrace {
        KnownTrace {
            name: name.into(),
            requests: Some(counts.0),
            objects: Some(counts.1),
            requested_bytes: bytes,
            format: format.into(),
            columns: String::new(),
            names: "gli".into(),
            about: String::new(),
        }
    }

    #[test]
    fn counts_decide_and_names_only_help() {
        let tables = Tables {
            traces: vec![
                known("five", (5, 3), None, "lirs"),
                known("five, of 5 bytes", (5, 3), Some(5), ""),
                known("five, of 9 bytes", (5, 3), Some(9), ""),
            ],
            ..Tables::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(dir.path().join(name), text).unwrap();
            recognise(&dir.path().join(name), &tables).map(|found| found.names)
        };
        let names = Some(vec!["five".to_string(), "five, of 5 bytes".into()]);
        assert_eq!(write("gli.trace", "1\n2\n*\n1\n3\n1\n"), names);
        assert_eq!(write("renamed.bin", "1\n2\n*\n1\n3\n1\n"), names, "found by trial");
        assert_eq!(write("GLI.txt", "1\n2\n*\n1\n3\n"), None, "four requests");
        assert_eq!(write("words", "no trace\n"), None);
        write("README.md", "1\n2\n1\n3\n1\n");
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join("sub/x"), "1\n").unwrap();
        let names: Vec<_> = files(dir.path()).unwrap();
        assert!(names.iter().all(|path| path.extension().is_none_or(|ending| ending != "md")));
        assert!(names.is_sorted() && names.contains(&dir.path().join("sub/x")));
        assert!(files(&dir.path().join("none")).is_err());
    }
}
