//! The report as files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Document, Error, Theme, charts, page};

/// Writes `index.html`, `charts/*.svg` and `charts/*.png`, and returns their paths, the page last.
///
/// Each file is written under another name and renamed when complete, so that a reader never sees half a file.
pub fn write(dir: &Path, document: &Document<'_>) -> Result<Vec<PathBuf>, Error> {
    let figures = dir.join("charts");
    fs::create_dir_all(&figures).map_err(|source| Error::Io { path: figures.clone(), source })?;
    let mut written = Vec::new();
    for chart in charts(document.results) {
        let svg = chart.svg(Theme::Light)?;
        written.push(complete(figures.join(format!("{}.svg", chart.id)), svg.as_bytes())?);
        written.push(complete(figures.join(format!("{}.png", chart.id)), &chart.png()?)?);
    }
    written.push(complete(dir.join("index.html"), page(document)?.as_bytes())?);
    Ok(written)
}

fn complete(path: PathBuf, bytes: &[u8]) -> Result<PathBuf, Error> {
    let mut name = path.clone().into_os_string();
    name.push(format!(".{}.partial", std::process::id()));
    let partial = PathBuf::from(name);
    let done = fs::write(&partial, bytes).and_then(|()| fs::rename(&partial, &path));
    match done {
        Ok(()) => Ok(path),
        Err(source) => {
            let _ = fs::remove_file(&partial);
            Err(Error::Io { path, source })
        }
    }
}
