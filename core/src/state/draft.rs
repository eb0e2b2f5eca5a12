//! Drafts: a file that others read is written as one beside its place, `.<name>.<32 hex digits>.tmp`, and then put there.
//!
//! A process that is killed in between leaves its draft behind. Old ones are removed: a day is longer than any process
//! writes one. Nobody else gives files such names, so this holds in a tool's own directory, too, of whose files nothing
//! else is touched.

use super::trust::{check_size, private_file};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// From when on nobody can be about to put a draft in its place.
const LEFT_AFTER: Duration = Duration::from_secs(86_400);

/// The hexadecimal digits of a UUID.
const ID_DIGITS: usize = 32;

/// Writes a draft of a file.
pub(super) fn write(path: &Path, content: &[u8]) -> io::Result<(PathBuf, File)> {
    check_size(content.len() as u64)?;
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", uuid::Uuid::new_v4().simple()));
    let draft = directory(path).join(name);
    let mut file: File = private_file().write(true).create_new(true).open(&draft)?;
    match file.write_all(content) {
        Ok(()) => Ok((draft, file)),
        Err(error) => {
            let _ = std::fs::remove_file(&draft);
            Err(error)
        }
    }
}

/// Removes old drafts of these files. What cannot be removed stays.
pub(crate) fn sweep(files: &[PathBuf]) {
    let mut names: BTreeMap<&Path, Vec<&OsStr>> = BTreeMap::new();
    for file in files {
        names.entry(directory(file)).or_default().extend(file.file_name());
    }
    for (directory, names) in names {
        sweep_dir(directory, |name| names.iter().any(|file| is_draft(name, file)));
    }
}

/// Removes old files from a directory: those that `is_draft` picks by their names.
pub(crate) fn sweep_dir(directory: &Path, is_draft: impl Fn(&OsStr) -> bool) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        // Those of a link itself, not of what it points to.
        let data = || entry.metadata().ok().filter(std::fs::Metadata::is_file);
        let age = || data()?.modified().ok()?.elapsed().ok();
        if is_draft(&entry.file_name()) && age().is_some_and(|age| age >= LEFT_AFTER) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn is_draft(name: &OsStr, of: &OsStr) -> bool {
    let name = name.as_encoded_bytes().strip_prefix(b".");
    let id = name.and_then(|name| name.strip_prefix(of.as_encoded_bytes())?.strip_prefix(b".")?.strip_suffix(b".tmp"));
    id.is_some_and(|id| id.len() == ID_DIGITS && id.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')))
}

fn directory(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn only_old_drafts_of_the_named_files_go() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (dir.path().join("metadata.json"), dir.path().join("client_id"));
        write(&one, b"{}").unwrap(); // young
        let left = [format!(".metadata.json.{ID}.tmp"), format!(".client_id.{ID}.tmp")];
        let stay = [
            "metadata.json",
            ".metadata.json.tmp",
            ".metadata.json.overt-lock",
            &format!("metadata.json.{ID}.tmp"),
            &format!(".metadata.json.{ID}"),
            &format!(".metadata.json.{}.tmp", ID.to_uppercase()),
            &format!(".metadata.json.{}.tmp", &ID[1..]),
            &format!(".metadata.json.{ID}0.tmp"),
            &format!(".metadata.json.bak.{ID}.tmp"),
            &format!(".settings.json.{ID}.tmp"),
            &format!(".{ID}.tmp"),
        ];
        let long_ago = SystemTime::now() - LEFT_AFTER;
        for name in left.iter().map(String::as_str).chain(stay) {
            std::fs::write(dir.path().join(name), "").unwrap();
            File::options().write(true).open(dir.path().join(name)).unwrap().set_modified(long_ago).unwrap();
        }
        let directory = dir.path().join(format!(".client_id.{}.tmp", ID.replace('0', "1")));
        std::fs::create_dir(&directory).unwrap();
        #[cfg(unix)] // elsewhere a directory cannot be opened like a file
        File::open(&directory).unwrap().set_modified(long_ago).unwrap();

        let found = || {
            let names = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
            names.map(|name| name.into_string().unwrap()).collect::<std::collections::BTreeSet<_>>()
        };
        let before = found();
        sweep(&[one, other]);
        let gone: Vec<_> = before.difference(&found()).cloned().collect();
        assert_eq!(gone, [left[1].clone(), left[0].clone()]);
    }

    #[test]
    fn a_place_that_is_not_there_is_no_error() {
        sweep(&[PathBuf::from("/nonexistent/file"), PathBuf::from("/"), PathBuf::new()]);
    }
}
