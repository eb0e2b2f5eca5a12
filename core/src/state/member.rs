//! A member of a JSON file of the tool's own, in which its user's choice or its client ID stands among other settings.
//!
//! - A change reads, edits and replaces the file under a lock, so that processes which change different members lose
//!   nothing of each other's; the lock is a file of ours beside it, `.<name>.overt-lock`, which nobody else looks at. What
//!   the tool itself writes without it can be lost, as it can be lost to any other process of the tool.
//! - Nothing but the member changes. The new text is on disk before it takes the old one's place, because a power cut must
//!   not take what is not ours. The file keeps its mode; a new one has 0600. Where a symbolic link stands, its target is
//!   replaced.
//! - A file that is no JSON object, an empty one included, is never written: what a person may still read in it, or what a
//!   crash has left of it, is not ours to throw away.

use super::{Lock, draft, make_dir, put, trust};
use crate::json::{Document, new_document};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a person who chooses waits for others who change the file. They do it in a moment, unless the machine is
/// overloaded or one of them was stopped.
pub(crate) const PERSONS_PATIENCE: Duration = Duration::from_secs(2);

/// As many symbolic links as Linux follows.
const MAX_LINKS: usize = 40;

/// Where a member is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    path: PathBuf,
    key: String,
}

impl Member {
    pub(crate) fn new(path: &Path, key: &str) -> Self {
        // The host may change its working directory.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { path, key: key.to_owned() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file itself: what a symbolic link leads to.
    pub(crate) fn file(&self) -> PathBuf {
        behind_links(&self.path)
    }

    /// The values under the key, as JSON: one, or none, or several if the key stands there several times. `InvalidData`: the
    /// file is no JSON object.
    pub(crate) fn values(&self) -> io::Result<Vec<String>> {
        let Some(text) = read(&self.path)? else { return Ok(Vec::new()) };
        let document = Document::parse(&text).ok_or_else(no_object)?;
        Ok(document.values(&self.key).map(str::to_owned).collect())
    }

    /// Gives the member the value that `decide` makes of those that stand there; `None` leaves it as it is. Says whether it
    /// was changed. Waits at most `patience` for others who change the file.
    pub(crate) fn set(&self, patience: Duration, decide: impl FnOnce(&[String]) -> Option<String>) -> io::Result<bool> {
        self.change(patience, |text| match text {
            None => Ok(decide(&[]).map(|value| new_document(&self.key, &value))),
            Some(text) => {
                let document = Document::parse(text).ok_or_else(no_object)?;
                let present: Vec<String> = document.values(&self.key).map(str::to_owned).collect();
                Ok(decide(&present).map(|value| document.with(&self.key, &value)))
            }
        })
    }

    /// Removes the member; that there is none is no error.
    pub(crate) fn remove(&self, patience: Duration) -> io::Result<()> {
        if self.values()?.is_empty() {
            return Ok(());
        }
        let without = |text: &str| Ok(Document::parse(text).ok_or_else(no_object)?.without(&self.key));
        self.change(patience, |text| text.map(without).transpose()).map(drop)
    }

    fn change(
        &self,
        patience: Duration,
        edit: impl FnOnce(Option<&str>) -> io::Result<Option<String>>,
    ) -> io::Result<bool> {
        if trust::has_anothers_rights() {
            return Err(ErrorKind::PermissionDenied.into());
        }
        let file = self.file();
        trust::check_owner(&file)?;
        file.parent().map_or(Ok(()), make_dir)?;
        let lock = lock_file(&file);
        let _lock = Lock::wait(patience, || Lock::take(&lock))?.ok_or(ErrorKind::TimedOut)?;
        let text = read(&file)?;
        let Some(changed) = edit(text.as_deref())?.filter(|changed| Some(changed) != text.as_ref()) else {
            return Ok(false);
        };
        let (draft, written) = draft::write(&file, changed.as_bytes())?;
        let kept = match std::fs::metadata(&file) {
            Ok(data) => written.set_permissions(data.permissions()),
            Err(_) => Ok(()),
        };
        match kept.and_then(|()| written.sync_all()) {
            Ok(()) => put(&draft, &file).map(|()| true),
            Err(error) => {
                let _ = std::fs::remove_file(&draft);
                Err(error)
            }
        }
    }
}

/// The file's text; `None` if there is no file, nor a place for one.
fn read(path: &Path) -> io::Result<Option<String>> {
    match trust::read_anyones(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| no_object()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

fn no_object() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "it is no JSON object, and was left as it is")
}

/// What the path's last part leads to, whether that exists or not: a name that is replaced must not be a link's.
fn behind_links(path: &Path) -> PathBuf {
    let mut file = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(target) = std::fs::read_link(&file) else { break };
        file = file.parent().unwrap_or(Path::new("")).join(target);
    }
    file
}

fn lock_file(file: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(".overt-lock");
    file.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn set(member: &Member, value: &str) -> io::Result<bool> {
        member.set(PATIENCE, |_| Some(value.to_owned()))
    }

    #[test]
    fn a_member_is_set_read_and_removed_and_everything_else_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new").join("metadata.json");
        let (choice, id) = (Member::new(&path, "telemetryEnabled"), Member::new(&path, "installationId"));
        assert!(choice.values().unwrap().is_empty());
        choice.remove(PATIENCE).unwrap();
        assert!(!path.parent().unwrap().exists(), "looking and removing make nothing");
        assert!(set(&choice, "true").unwrap() && set(&id, "\"i\"").unwrap());
        assert!(!set(&id, "\"i\"").unwrap(), "it stands there already");
        let both = "{\n    \"telemetryEnabled\": true,\n    \"installationId\": \"i\"\n}\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), both);
        assert_eq!(id.values().unwrap(), ["\"i\""]);
        id.remove(PATIENCE).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\n    \"telemetryEnabled\": true\n}\n");
        let mut names: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().flatten().collect();
        names.sort_by_key(std::fs::DirEntry::file_name);
        let names: Vec<_> = names.iter().map(|entry| entry.file_name().into_string().unwrap()).collect();
        assert_eq!(names, [".metadata.json.overt-lock", "metadata.json"], "no draft stays behind");
    }

    #[test]
    fn a_file_that_is_no_object_is_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.json");
        let member = Member::new(&path, "k");
        for damaged in [&b""[..], b" \n", b"{\"k\": tr", b"[]", b"\xff", b"\xef\xbb\xbf{}"] {
            std::fs::write(&path, damaged).unwrap();
            for failed in [member.values().map(drop), set(&member, "true").map(drop), member.remove(PATIENCE)] {
                assert_eq!(failed.unwrap_err().kind(), ErrorKind::InvalidData, "{damaged:?}");
            }
            assert_eq!(std::fs::read(&path).unwrap(), damaged);
        }
    }

    #[test]
    fn who_holds_the_lock_is_waited_for_and_not_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.json");
        let member = Member::new(&path, "k");
        let held = Lock::take(&lock_file(&path)).unwrap().unwrap();
        let late = member.set(Duration::from_millis(5), |_| Some("1".into())).unwrap_err();
        assert_eq!((late.kind(), path.exists()), (ErrorKind::TimedOut, false));
        let waiting = std::thread::spawn(move || set(&member, "1").unwrap());
        drop(held);
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn threads_that_set_different_members_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.json");
        std::thread::scope(|scope| {
            for n in 0..8 {
                let member = Member::new(&path, &format!("k{n}"));
                scope.spawn(move || (0..20).for_each(|round| assert!(set(&member, &round.to_string()).unwrap())));
            }
        });
        for n in 0..8 {
            assert_eq!(Member::new(&path, &format!("k{n}")).values().unwrap(), ["19"]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_file_keeps_its_mode_and_its_link() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("dotfiles").join("real.json"), dir.path().join("settings.json"));
        symlink("dotfiles/real.json", &link).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let member = Member::new(&link, "k");
        set(&member, "1").unwrap();
        assert_eq!((mode(&real), mode(real.parent().unwrap())), (0o600, 0o700), "a link that led nowhere yet");
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o644)).unwrap();
        set(&member, "2").unwrap();
        assert_eq!((mode(&real), std::fs::read_link(&link).unwrap()), (0o644, "dotfiles/real.json".into()));
        assert_eq!(member.values().unwrap(), ["2"]);
    }
}
