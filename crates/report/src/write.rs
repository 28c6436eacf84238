//! The report as files.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use frames::Curves;

use crate::{
    Chart, ComparisonDocument, Document, Error, TestDocument, Theme, charts, comparison_charts,
    comparison_page, curve_charts, latex_table, page, summary, test_charts, test_page,
};

/// Writes `index.html`, `charts/*.svg` and `charts/*.png`, and returns their paths, the page last.
/// Charts of an earlier report that this one does not have are removed.
///
/// Each file is written under another name and renamed when complete, so that a reader never sees half a file.
pub fn write(dir: &Path, document: &Document<'_>) -> Result<Vec<PathBuf>, Error> {
    files(dir, charts(document.results), || page(document))
}

/// Writes the same files for a comparison, and `summary.txt` and `table.tex` for papers.
pub fn write_comparison(
    dir: &Path,
    document: &ComparisonDocument<'_>,
) -> Result<Vec<PathBuf>, Error> {
    let ComparisonDocument { comparison, baseline, version, .. } = *document;
    let summary = summary(comparison, baseline, version).join("\n\n") + "\n";
    let mut written = vec![
        complete(dir.join("summary.txt"), summary.as_bytes())?,
        complete(dir.join("table.tex"), latex_table(comparison, baseline).as_bytes())?,
    ];
    let charts = comparison_charts(comparison, baseline);
    written.extend(files(dir, charts, || comparison_page(document))?);
    Ok(written)
}

/// Writes the same files for A/B tests.
pub fn write_tests(dir: &Path, document: &TestDocument<'_>) -> Result<Vec<PathBuf>, Error> {
    files(dir, test_charts(document.tests), || test_page(document))
}

/// Writes the same files for miss-ratio curves.
pub fn write_curves(dir: &Path, curves: &Curves, version: &str) -> Result<Vec<PathBuf>, Error> {
    files(dir, curve_charts(curves), || crate::page::curves::page(curves, version))
}

fn files(
    dir: &Path,
    charts: Vec<Chart>,
    page: impl FnOnce() -> Result<String, Error>,
) -> Result<Vec<PathBuf>, Error> {
    let figures = dir.join("charts");
    let mut written = Vec::new();
    for chart in charts {
        let svg = chart.svg(Theme::Light)?;
        written.push(complete(figures.join(format!("{}.svg", chart.id)), svg.as_bytes())?);
        written.push(complete(figures.join(format!("{}.png", chart.id)), &chart.png()?)?);
    }
    remove_others(&figures, &written)?;
    written.push(complete(dir.join("index.html"), page()?.as_bytes())?);
    Ok(written)
}

fn complete(path: PathBuf, bytes: &[u8]) -> Result<PathBuf, Error> {
    frames::write_atomically::<Error>(&path, |file| {
        file.write_all(bytes).map_err(|source| Error::Io { path: path.clone(), source })
    })?;
    Ok(path)
}

fn remove_others(figures: &Path, written: &[PathBuf]) -> Result<(), Error> {
    let fail = |source| Error::Io { path: figures.to_path_buf(), source };
    // Without charts there is no folder.
    let Ok(entries) = fs::read_dir(figures) else { return Ok(()) };
    for entry in entries {
        let path = entry.map_err(fail)?.path();
        let is_chart = path.extension().is_some_and(|ending| ending == "svg" || ending == "png");
        if is_chart && !written.contains(&path) {
            fs::remove_file(&path).map_err(fail)?;
        }
    }
    Ok(())
}
