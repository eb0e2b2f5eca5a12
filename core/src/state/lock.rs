//! Lock files: held by one process at a time, with one moment in them that outlives it.

use super::trust;
use crate::clock::Timestamp;
use std::fs::{File, TryLockError};
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
        // Windows does not remove a file that somebody has open.
        #[cfg(not(unix))]
        return path.exists();
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
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "8\n");
        lock.note(None).unwrap();
        assert_eq!(lock.noted(at(9_000)).unwrap(), None);
        std::fs::write(&path, "garbage").unwrap();
        assert_eq!(lock.noted(at(9_000)).unwrap(), None);

        std::fs::remove_file(&path).unwrap();
        assert!(!lock.is_file(&path));
        let another = Lock::take(&path).unwrap().unwrap();
        assert!(!lock.is_file(&path) && another.is_file(&path));
    }
}
