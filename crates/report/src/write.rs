//! The report as files.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use frames::Curves;

use crate::{Chart, Document, Error, Theme, charts, curve_charts, page};

/// Writes `index.html`, `charts/*.svg` and `charts/*.png`, and returns their paths, the page last.
/// Charts of an earlier report that this one does not have are removed.
///
/// Each file is written under another name and renamed when complete, so that a reader never sees half a file.
pub fn write(dir: &Path, document: &Document<'_>) -> Result<Vec<PathBuf>, Error> {
    let mut written = write_charts(dir, charts(document.results))?;
    written.push(complete(dir.join("index.html"), page(document)?.as_bytes())?);
    Ok(written)
}

/// Writes the page and the charts of miss-ratio curves likewise, and returns the path of the page.
pub fn write_curves(dir: &Path, curves: &Curves, version: &str) -> Result<PathBuf, Error> {
    write_charts(dir, curve_charts(curves))?;
    let page = crate::page::curves::page(curves, version)?;
    complete(dir.join("index.html"), page.as_bytes())
}

fn write_charts(dir: &Path, charts: Vec<Chart>) -> Result<Vec<PathBuf>, Error> {
    let figures = dir.join("charts");
    let mut written = Vec::new();
    for chart in charts {
        let svg = chart.svg(Theme::Light)?;
        written.push(complete(figures.join(format!("{}.svg", chart.id)), svg.as_bytes())?);
        written.push(complete(figures.join(format!("{}.png", chart.id)), &chart.png()?)?);
    }
    remove_others(&figures, &written)?;
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
