//! Files that are there whole or not at all.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::Error;
use crate::guard::io;

/// Temporary files being written, for [`remove_temporaries`].
static UNDER_WAY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes the temporary files of all writes under way. For a program about to end by a signal.
pub fn remove_temporaries() {
    for path in UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // It may just have been renamed: then there is nothing to remove.
        let _ = std::fs::remove_file(path);
    }
}

/// Writes `path` through a temporary file beside it, renamed when `write` has succeeded. Missing
/// folders are made. What is no regular file, such as a pipe, a terminal or a link, is written to as it is.
pub fn write_atomically<E: From<Error>>(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    if is_special(path) {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .map_err(io(path))?;
        return write(&mut file);
    }
    let dir = match path.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(dir).map_err(io(dir))?;
    let mut temporary = tempfile::Builder::new()
        .prefix(".cache-strategy-")
        .permissions_like_any_file()
        .tempfile_in(dir)
        .map_err(io(path))?;
    let name = temporary.path().to_path_buf();
    let under_way = || UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
    under_way().push(name.clone());
    let done = write(temporary.as_file_mut()).and_then(|()| {
        temporary.persist(path).map_err(|error| io(path)(error.error))?;
        Ok(())
    });
    under_way().retain(|other| *other != name);
    done
}

/// Whether something is there, and it is no file that could be replaced.
fn is_special(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

trait AnyPermissions {
    fn permissions_like_any_file(&mut self) -> &mut Self;
}

impl AnyPermissions for tempfile::Builder<'_, '_> {
    /// Temporary files are private by default; results are for others to read.
    #[cfg(unix)]
    fn permissions_like_any_file(&mut self) -> &mut Self {
        use std::os::unix::fs::PermissionsExt;
        self.permissions(std::fs::Permissions::from_mode(0o644))
    }

    #[cfg(not(unix))]
    fn permissions_like_any_file(&mut self) -> &mut Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_to_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let reader = std::thread::spawn({
            let path = path.clone();
            move || std::fs::read_to_string(path).unwrap()
        });
        write_atomically::<Error>(&path, |file| file.write_all(b"one").map_err(io(&path))).unwrap();
        assert_eq!(reader.join().unwrap(), "one");
        assert!(is_special(&path), "it is a pipe still");
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new").join("a.txt");
        write_atomically::<Error>(&path, |file| file.write_all(b"one").map_err(io(&path))).unwrap();
        let failed = write_atomically::<Error>(&path, |file| {
            file.write_all(b"tw").map_err(io(&path))?;
            Err(Error::MissingColumn("x"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
