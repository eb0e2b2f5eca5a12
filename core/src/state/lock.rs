//! Lock files: held by one process at a time, with one moment in them that outlives it.

use super::trust;
use crate::clock::Timestamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// No moment is longer.
const MAX_BYTES: u64 = 32;

/// How often somebody who waits for a lock tries again; whoever holds one writes a small file meanwhile.
const TRY_EVERY: Duration = Duration::from_millis(1);

/// A lock that this process holds. It goes with the process at the latest.
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock; `None` if another process has it.
    pub(crate) fn take(path: &Path) -> io::Result<Option<Self>> {
        let mut options = trust::private_file();
        options.read(true).write(true).create(true).truncate(false);
        stay_while_open(&mut options);
        let file = trust::open(path, &options)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether the file of this name is the one that is locked.
    pub(crate) fn is_file(&self, path: &Path) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let number = |data: std::fs::Metadata| (data.dev(), data.ino());
            let (ours, named) = (self.0.metadata().map(number), std::fs::metadata(path).map(number));
            ours.is_ok_and(|ours| named.is_ok_and(|named| ours == named))
        }
        #[cfg(not(unix))]
        return path.is_file();
    }

    /// Takes a lock by `take`, at the latest when `patience` is over; `None` if another still has it then.
    pub(crate) fn wait<T>(patience: Duration, take: impl Fn() -> io::Result<Option<T>>) -> io::Result<Option<T>> {
        let started = Instant::now();
        loop {
            match take()? {
                None if started.elapsed() < patience => std::thread::sleep(TRY_EVERY),
                taken => return Ok(taken),
            }
        }
    }

    /// The moment that stands in the file. One of the future is that of a clock that was set back since, and is none.
    pub(crate) fn noted(&mut self, now: Timestamp) -> io::Result<Option<Timestamp>> {
        let mut text = String::new();
        self.0.rewind()?;
        (&self.0).take(MAX_BYTES).read_to_string(&mut text)?;
        let noted = text.trim().parse().ok().map(Timestamp::from_unix_millis_saturating);
        Ok(noted.filter(|noted| *noted <= now))
    }

    /// Writes a moment into the file, or takes out what stands there.
    pub(crate) fn note(&mut self, moment: Option<Timestamp>) -> io::Result<()> {
        if self.0.metadata()?.len() > 0 {
            self.0.set_len(0)?;
        }
        let Some(moment) = moment else { return Ok(()) };
        self.0.rewind()?;
        trust::check_size(MAX_BYTES)?;
        self.0.write_all(format!("{}\n", moment.unix_millis()).as_bytes())
    }
}

/// Where a file cannot be told from another one that has got its name (`Lock::is_file`), a lock that somebody has open is
/// neither removed nor renamed by others: `FILE_SHARE_READ`, `FILE_SHARE_WRITE`, and not `FILE_SHARE_DELETE`.
fn stay_while_open(options: &mut OpenOptions) {
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(options, 1 | 2);
    let _ = options;
}

impl Drop for Lock {
    /// Closing would not do: a child that was forked meanwhile has the file open, too.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_and_what_he_noted_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (path, at) = (dir.path().join("x.lock"), Timestamp::from_unix_millis_saturating);
        let mut lock = Lock::take(&path).unwrap().unwrap();
        assert!(Lock::take(&path).unwrap().is_none());
        assert!(lock.is_file(&path) && !lock.is_file(dir.path()));
        assert_eq!(lock.noted(at(9)).unwrap(), None);
        lock.note(Some(at(7_000))).unwrap();
        drop(lock);

        let mut lock = Lock::take(&path).unwrap().unwrap();
        assert_eq!(lock.noted(at(7_000)).unwrap(), Some(at(7_000)));
        assert_eq!(lock.noted(at(6_999)).unwrap(), None, "the clock was set back");
        lock.note(Some(at(8))).unwrap();
        assert_eq!(lock.noted(at(9_000)).unwrap(), Some(at(8)), "and nothing of the longer one");
        lock.note(None).unwrap();
        assert_eq!(lock.noted(at(9_000)).unwrap(), None);
        drop(lock);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
        std::fs::write(&path, "garbage").unwrap();
        assert_eq!(Lock::take(&path).unwrap().unwrap().noted(at(9_000)).unwrap(), None);
    }

    #[test]
    fn it_is_the_file_of_its_name_or_known_not_to_be() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let lock = Lock::take(&path).unwrap().unwrap();
        let removed = std::fs::remove_file(&path);
        assert_eq!(removed.is_ok(), cfg!(unix));
        assert_eq!(lock.is_file(&path), removed.is_err());
        drop(lock);
        let another = Lock::take(&path).unwrap().unwrap();
        assert!(another.is_file(&path));
    }

    #[cfg(unix)]
    #[test]
    fn another_file_of_its_name_is_another_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let lock = Lock::take(&path).unwrap().unwrap();
        std::fs::remove_file(&path).unwrap();
        let another = Lock::take(&path).unwrap().unwrap();
        assert!(!lock.is_file(&path) && another.is_file(&path));
    }
}
