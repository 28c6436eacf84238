//! What can be known of the traces of a study without reading them: whether they are there, and how long
//! some are. It is said at their entries in the file of the study.

use std::path::Path;

use trace::generate::Recipe;

use crate::check::{FlatStudy, Study};
use crate::load::{Kind, kind, recipe};
use crate::resolve::WARMUP_HINT;
use crate::scenario::Warmup;
use crate::{Error, Resolved, Setting, Source};

/// An entry of a study.
struct Entry<'a> {
    path: &'a Path,
    format: Option<&'a str>,
}

impl Study {
    /// Checks that the traces of the study, which `file` and `settings` resolve to, are there and, where
    /// it can be told at once, that the warm-up leaves something of them.
    ///
    /// # Errors
    ///
    /// At the entry of the first trace that will not do.
    pub fn check_traces(&self, file: &Path, settings: &[Setting]) -> Result<(), Error> {
        match self {
            Study::Stack(study) => study.check_traces(file, settings),
            Study::Flat(study) => study.check_traces(file),
        }
    }
}

impl Resolved {
    /// As [`Study::check_traces`] does.
    ///
    /// # Errors
    ///
    /// At the entry of the first trace that will not do.
    pub fn check_traces(&self, file: &Path, settings: &[Setting]) -> Result<(), Error> {
        self.traces.iter().enumerate().try_for_each(|(number, trace)| {
            let trace = Entry { path: &trace.path, format: trace.format.as_deref() };
            check((file, settings), number, &trace, self.warmup)
        })
    }
}

impl FlatStudy {
    fn check_traces(&self, file: &Path) -> Result<(), Error> {
        self.traces.iter().enumerate().try_for_each(|(number, trace)| {
            let trace = Entry { path: &trace.path, format: trace.format.as_deref() };
            check((file, &[]), number, &trace, Warmup::default())
        })
    }
}

fn check(
    (file, settings): (&Path, &[Setting]),
    number: usize,
    entry: &Entry<'_>,
    warmup: Warmup,
) -> Result<(), Error> {
    let number = number.to_string();
    let error = |at: &[&str], message: &str, hint: Option<&str>| {
        Err(Source::again(file, settings, at).error_at(at, message, hint))
    };
    let at = ["traces", &number, "path"];
    let path = entry.path.display();
    if !entry.path.exists() {
        let hint = "paths start at the folder of the scenario";
        return error(&at, &format!("the trace {path} is not there"), Some(hint));
    }
    if entry.path.is_dir() {
        return error(&at, &format!("{path} is a directory, expected a trace file"), None);
    }
    match length(entry)? {
        Some(n) if n > 0 && warmup.of(n) == n => {
            let message =
                format!("the warm-up of {warmup} leaves none of the {n} requests of {path}");
            error(&["warmup"], &message, Some(WARMUP_HINT))
        }
        _ => Ok(()),
    }
}

/// Requests of a trace that says so itself.
fn length(entry: &Entry<'_>) -> Result<Option<usize>, Error> {
    Ok(match kind(entry.path, entry.format) {
        Kind::Recipe => {
            let Recipe { phases, .. } = recipe(entry.path)?;
            let sum = phases.iter().try_fold(0u64, |sum, phase| sum.checked_add(phase.requests));
            sum.and_then(|sum| usize::try_from(sum).ok())
        }
        Kind::Native => Some(frames::trace_length(entry.path)?),
        Kind::Foreign => None,
    })
}
