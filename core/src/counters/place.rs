//! Where the counters' file lies, and what lies beside it.
//!
//! | file | what it is |
//! |---|---|
//! | `telemetry.yaml` | the counters; the name is the tool's |
//! | `telemetry.yaml.bad` | the last content that could not all be read |
//! | `telemetry-last-upload-timestamp` | when the last upload began, in decimal Unix seconds |
//! | `telemetry.yaml.overt/lock` | locked by who writes any of these |
//! | `telemetry.yaml.overt/<32 hex>.count` | a command that was counted while another process wrote: `code path` |
//! | `telemetry.yaml.overt/folding` | which of them the file holds, while they are entered |
//! | `telemetry.yaml.overt/draft` | what is about to take a file's place |
//! | `telemetry.yaml.overt/reported.json` | what of the counts was reported as events |

use crate::state::{self, Lock};
use std::ffi::OsString;
use std::fs::Permissions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// More than the file of [`MAX_COUNTERS`](super::document::MAX_COUNTERS) counters with the longest names.
pub(super) const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The names of the files.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The file itself: what a symbolic link points to.
    pub file: PathBuf,
    dir: PathBuf,
}

/// A file that was there.
pub(super) struct Found {
    /// `None` if it is larger than any file of counters.
    pub content: Option<Vec<u8>>,
    pub permissions: Permissions,
}

impl Place {
    /// The place of a file, which may be a link to one.
    pub(super) fn of(path: &Path) -> Self {
        let file = std::fs::canonicalize(path).unwrap_or_else(|_| match std::fs::read_link(path) {
            // A link to what is not there yet.
            Ok(target) => path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => path.to_owned(),
        });
        let dir = beside(&file, ".overt");
        Self { file, dir }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn bad(&self) -> PathBuf {
        beside(&self.file, ".bad")
    }

    pub(super) fn stamp(&self) -> PathBuf {
        let mut name = self.file.file_stem().unwrap_or_default().to_owned();
        name.push("-last-upload-timestamp");
        self.file.with_file_name(name)
    }

    pub(super) fn folding(&self) -> PathBuf {
        self.dir.join("folding")
    }

    pub(super) fn reported(&self) -> PathBuf {
        self.dir.join("reported.json")
    }

    fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// Makes the directories, if this is a place that nobody else can change. The tool's own directory keeps its mode.
    pub(super) fn make(&self) -> io::Result<()> {
        let parent = self.file.parent().unwrap_or(Path::new("/"));
        state::check_place(parent)?;
        if !self.dir.is_dir() {
            state::make_dir(parent)?;
        }
        state::make_private_dir(&self.dir)
    }

    /// Takes the right to write; `None` if another has it.
    pub(super) fn hold(&self) -> io::Result<Option<Lock>> {
        let lock = Lock::take(&self.lock())?;
        // Nobody's, if an opt-out removed the file between our opening and our locking it.
        Ok(lock.filter(|lock| lock.is_file(&self.lock())))
    }

    /// Whether there is anything.
    pub(super) fn exists(&self) -> bool {
        self.file.exists() || self.dir.exists()
    }

    /// The file's content; `None` if there is no file. One that we may not replace is an error.
    pub(super) fn read(&self) -> io::Result<Option<Found>> {
        let data = match std::fs::metadata(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        if !data.is_file() {
            return Err(io::Error::other("not a file"));
        }
        state::check_file_owner(&data)?;
        let permissions = data.permissions();
        if data.len() > MAX_FILE_BYTES {
            return Ok(Some(Found { content: None, permissions }));
        }
        let mut content = Vec::with_capacity(usize::try_from(data.len()).unwrap_or(0));
        let file = state::private_file().read(true).open(&self.file)?;
        file.take(MAX_FILE_BYTES).read_to_end(&mut content)?;
        Ok(Some(Found { content: Some(content), permissions }))
    }

    /// Puts a content in a file's place, whole. Only for who holds the lock: there is one draft.
    pub(super) fn put(&self, target: &Path, content: &[u8], permissions: Option<&Permissions>) -> io::Result<()> {
        state::check_size(content.len() as u64)?;
        let draft = self.dir.join("draft");
        state::remove_if_there(&draft)?;
        let mut file = state::private_file().write(true).create_new(true).open(&draft)?;
        let written =
            file.write_all(content).and_then(|()| permissions.map_or(Ok(()), |p| file.set_permissions(p.clone())));
        written.and_then(|()| state::rename(&draft, target)).inspect_err(|_| drop(std::fs::remove_file(&draft)))
    }

    /// Removes everything that has counts or an ID, and gives the lock up.
    pub(super) fn erase(&self, lock: Option<Lock>) -> io::Result<()> {
        let files = [self.file.clone(), self.bad(), self.stamp()].map(|file| state::remove_if_there(&file));
        // Windows does not remove a lock that is open; on Unix it is held to the end.
        let lock = lock.filter(|_| cfg!(unix));
        let dir = state::remove_all(&self.dir);
        drop(lock);
        files.into_iter().chain([dir]).collect()
    }
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}
