//! Files that somebody has open: how they are replaced and removed all the same.
//!
//! On Unix an open file is in nobody's way. On Windows it is, unless the system and the file system both have POSIX
//! semantics for that (NTFS since Windows 10 1607; not FAT, network shares or Wine), and whoever has it open lets it happen,
//! which scanners often do not. So there:
//!
//! - a file is replaced as soon as nobody has it open, which those who read a small file have for a moment only;
//! - what is removed loses its content at once, and its name at the latest when the last who has it open closes it.

use std::io;
use std::path::Path;

pub(crate) use os::{remove_all, rename};

#[cfg(unix)]
mod os {
    use super::{Path, io};

    pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    /// Removes a directory with everything in it; that there is none is no error.
    pub(crate) fn remove_all(dir: &Path) -> io::Result<()> {
        match std::fs::remove_dir_all(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(not(unix))]
mod os {
    use super::{Path, io};
    use std::fs::{File, FileType};
    use std::io::ErrorKind;
    use std::time::{Duration, Instant};

    /// How long a file is waited for that somebody has open. Whoever reads one of ours has it for less than a millisecond,
    /// but then come others: twenty that count at once have kept one of them out for 250 ms.
    const PATIENCE: Duration = Duration::from_secs(1);
    const TRY_EVERY: Duration = Duration::from_millis(1);
    /// `ERROR_SHARING_VIOLATION`
    const SHARING_VIOLATION: i32 = 32;

    pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
        let started = Instant::now();
        loop {
            match std::fs::rename(from, to) {
                Err(error) if is_busy(&error) && may_be_replaced(to) && started.elapsed() < PATIENCE => {
                    std::thread::sleep(TRY_EVERY);
                }
                done => return done,
            }
        }
    }

    fn is_busy(error: &io::Error) -> bool {
        error.kind() == ErrorKind::PermissionDenied || error.raw_os_error() == Some(SHARING_VIOLATION)
    }

    /// Waiting would not help against what a person made read-only, or a directory.
    fn may_be_replaced(path: &Path) -> bool {
        std::fs::metadata(path).map_or(true, |data| data.is_file() && !data.permissions().readonly())
    }

    /// Removes a directory with everything in it; that there is none is no error. An error: some content is still there.
    pub(crate) fn remove_all(dir: &Path) -> io::Result<()> {
        let entries = match std::fs::read_dir(dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let mut done = Ok(());
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            done = done.and(if kind.is_dir() { remove_all(&path) } else { remove(&path, kind) });
        }
        // What is still open keeps it for a while.
        let _ = std::fs::remove_dir(dir);
        done
    }

    fn remove(path: &Path, kind: FileType) -> io::Result<()> {
        if kind.is_file() {
            let _ = File::options().write(true).truncate(true).open(path);
        }
        match std::fs::remove_file(path) {
            Err(error) if std::fs::metadata(path).is_ok_and(|data| data.len() > 0) => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Read, Write};

    #[test]
    fn a_file_is_replaced_as_soon_as_nobody_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        std::fs::write(&to, "before").unwrap();
        let reader = File::open(&to).unwrap();
        std::thread::scope(|scope| {
            let replaced = scope.spawn(|| {
                std::fs::write(&from, "after")?;
                rename(&from, &to)
            });
            std::thread::yield_now();
            drop(reader);
            replaced.join().unwrap().unwrap();
        });
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "after");
        std::fs::write(&from, "more").unwrap();
        assert!(rename(&from, dir.path()).is_err(), "a directory");
    }

    #[test]
    fn what_is_removed_loses_its_content_though_somebody_has_it_open() {
        let dir = tempfile::tempdir().unwrap();
        let (all, inner) = (dir.path().join("all"), dir.path().join("all").join("inner"));
        remove_all(&all).unwrap();
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("closed"), "text").unwrap();
        let path = inner.join("open");
        let mut open = File::options().append(true).create_new(true).open(&path).unwrap();
        open.write_all(b"text").unwrap();

        remove_all(&all).unwrap();
        assert!(!inner.join("closed").exists());
        let mut left = String::new();
        let _ = File::open(&path).and_then(|mut file| file.read_to_string(&mut left));
        assert_eq!(left, "");
        drop(open);
        assert!(!path.exists());
        remove_all(&all).unwrap();
        assert!(!all.exists());
    }
}
