//! The state directory: where everything that overt keeps lies, and how its files are made and opened.
//!
//! ```text
//! <state_dir>/                      default: the per-user state directory, `overt`, then the app's name
//!   consent                         the stored choice: "on" or "off", then when it was made
//!   consent_file.json               where the stored choice is, if the tool keeps it in a file of its own
//!   client_id                       the client ID (unless the tool keeps it in a file of its own)
//!   salt                            what makes this installation's hashes its own: see `salt`
//!   notice                          when the notice was shown
//!   spool/<destination>/            one directory for each wire, endpoint and key: they never mix
//!     destination.json              where to and how the waiting events are sent
//!     *.v1.jsonl, *.v1.done, …      the spool: see `spool`
//!     ledger.json, sent.jsonl       what was delivered and lost
//!     *.lock                        who delivers, who uploads: see `lock`
//! ```
//!
//! Directories are made with mode 0700, files with 0600. A file that others read is written whole under another name
//! and then put in place, so nobody ever sees half of it: see [`draft`]. Whom a file may belong to, and where it may lie, is
//! in [`trust`]; how a file of the tool's own is changed, in [`member`].

mod busy;
mod draft;
mod lock;
mod member;
mod trust;

pub(crate) use busy::{remove_all, rename};
pub(crate) use draft::{sweep, sweep_dir};
pub(crate) use lock::Lock;
pub(crate) use member::{Member, PERSONS_PATIENCE};
pub(crate) use trust::{
    check_file_owner, check_place, check_size, has_anothers_rights, make_private_dir, max_file_bytes, open,
    private_file, read, read_anyones,
};

use crate::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The names of the files of one app.
#[derive(Clone, Debug)]
pub(crate) struct StateDir {
    root: PathBuf,
}

impl StateDir {
    /// The directory that was asked for, or the platform's place for the app's state.
    pub(crate) fn new(asked: Option<&Path>, app: &str) -> Result<Self, Error> {
        if let Some(asked) = asked {
            // The host may change its working directory.
            let root = std::path::absolute(asked);
            return root.map(|root| Self { root }).map_err(|error| Error::storage("state_dir", &error));
        }
        let base = dirs::state_dir()
            .or_else(dirs::data_local_dir)
            .ok_or_else(|| Error::new(crate::ErrorKind::Storage, "this user has no home directory"))?;
        Ok(Self { root: base.join("overt").join(app) })
    }

    /// Refuses a place that others can change. Asked before anything is made, replaced or removed there.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if has_anothers_rights() {
            return Err(Error::new(crate::ErrorKind::Storage, "a program with another user's rights keeps nothing"));
        }
        trust::check_place(&self.root).map_err(|error| Error::storage("the state directory is not safe", &error))
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn consent(&self) -> PathBuf {
        self.root.join("consent")
    }

    pub(crate) fn consent_file(&self) -> PathBuf {
        self.root.join("consent_file.json")
    }

    pub(crate) fn client_id(&self) -> PathBuf {
        self.root.join("client_id")
    }

    pub(crate) fn salt(&self) -> PathBuf {
        self.root.join("salt")
    }

    pub(crate) fn notice(&self) -> PathBuf {
        self.root.join("notice")
    }

    /// The files beside the spools.
    pub(crate) fn files(&self) -> [PathBuf; 5] {
        [self.consent(), self.consent_file(), self.client_id(), self.salt(), self.notice()]
    }

    pub(crate) fn spools(&self) -> PathBuf {
        self.root.join("spool")
    }

    pub(crate) fn spool(&self, destination: &str) -> PathBuf {
        self.spools().join(destination)
    }
}

/// Makes a directory and its missing parents, for this user only.
pub(crate) fn make_dir(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file that does not exist yet, whole or not at all. `AlreadyExists`: another process was first.
pub(crate) fn create_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let (draft, _) = draft::write(path, content)?;
    // A hard link fails where the name is taken; renaming would replace the winner's file.
    let linked = std::fs::hard_link(&draft, path);
    let _ = std::fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::Unsupported || error.kind() == io::ErrorKind::PermissionDenied => {
            // A file system without hard links: creating it is still exclusive, though not whole after a crash.
            private_file().write(true).create_new(true).open(path)?.write_all(content)
        }
        other => other,
    }
}

/// Writes a file whole, in place of whatever has its name.
pub(crate) fn replace_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let (draft, _) = draft::write(path, content)?;
    put(&draft, path)
}

fn put(draft: &Path, path: &Path) -> io::Result<()> {
    rename(draft, path).inspect_err(|_| drop(std::fs::remove_file(draft)))
}

/// Writes a file whole unless it has this content already.
pub(crate) fn keep_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    if read(path).is_ok_and(|present| present == content) { Ok(()) } else { replace_whole(path, content) }
}

/// Adds to the end of a file, by one `write(2)`, making it if there is none.
pub(crate) fn append(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = open(path, private_file().append(true).create(true))?;
    check_size(file.metadata()?.len() + text.len() as u64)?;
    file.write_all(text)
}

/// Removes a file; that there is none is no error.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
