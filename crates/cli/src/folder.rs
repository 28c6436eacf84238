//! The folder of a report, looked at before the work begins.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// How the head of a page of ours says whose it is.
const MARK: &str = "<meta name=\"generator\" content=\"cache-strategy ";

/// The mark stands before anything that grows.
const HEAD: u64 = 4096;

/// Refuses what cannot be the folder of a report, and one whose page somebody else made, unless `force`.
///
/// # Errors
///
/// If a file is in the way, or a page that is not ours.
pub(crate) fn check(dir: &Path, force: bool) -> Result<()> {
    if dir == Path::new("-") {
        bail!("`-` is no folder for a report\nhint: `./-` is one that is called so");
    }
    if let Some(file) = dir.ancestors().find(|part| part.exists() && !part.is_dir()) {
        bail!(
            "{}: is a file, expected a folder for the report\nhint: give another with --out",
            file.display()
        );
    }
    let page = dir.join("index.html");
    if page.exists() && !force && !is_ours(&page)? {
        bail!(
            "{}: is not a report of this program, and would be overwritten\nhint: give another folder with --out, or say --force",
            page.display()
        );
    }
    Ok(())
}

fn is_ours(page: &Path) -> Result<bool> {
    let mut head = Vec::new();
    let file = File::open(page).with_context(|| page.display().to_string())?;
    file.take(HEAD).read_to_end(&mut head).with_context(|| page.display().to_string())?;
    Ok(String::from_utf8_lossy(&head).contains(MARK))
}
