//! The client ID: a random UUID in a small text file, made only once consent stands.
//!
//! - Written whole or not at all, 0600; of two processes that race, the first wins and the second takes its ID.
//! - An existing file of the tool's own is taken over: its text is the ID, as long as it can be a distinct ID.
//! - A file that holds none (empty, damaged) is replaced. An ID that cannot be stored is not used: an installation
//!   that got a new ID in each run would be counted many times.

use crate::error::{Error, ErrorKind};
use crate::state;
use std::io::ErrorKind as IoKind;
use std::path::Path;
use uuid::Uuid;

/// A distinct ID's limit, in bytes: PostHog's.
const MAX_DISTINCT_ID_BYTES: usize = 200;

/// Texts that programs send by mistake, and under which a server would merge everybody into one person.
const NOBODY: [&str; 17] = [
    "0",
    "[object object]",
    "anonymous",
    "guest",
    "null",
    "none",
    "nan",
    "undefined",
    "true",
    "false",
    "id",
    "email",
    "user",
    "system",
    "backend",
    "distinct_id",
    "not_authenticated",
];

/// Refuses an ID that no server accepts, or that identifies nobody.
pub(crate) fn check_distinct_id(id: &str) -> Result<(), Error> {
    let refuse = |message: &'static str| Err(Error::new(ErrorKind::InvalidDistinctId, message));
    let bare = id.trim();
    if bare.is_empty() || id.len() > MAX_DISTINCT_ID_BYTES {
        return refuse("a distinct ID has 1 to 200 bytes");
    }
    let nil = Uuid::try_parse(bare).is_ok_and(|uuid| uuid.is_nil());
    if nil || NOBODY.iter().any(|nobody| bare.eq_ignore_ascii_case(nobody)) {
        return refuse("this distinct ID identifies nobody");
    }
    Ok(())
}

/// Whose file the ID is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// In the state directory, where nothing is trusted that is not ours.
    Overt,
    /// The tool's, which may well be a symbolic link to where its user keeps such files.
    Tool,
}

/// The stored ID, if there is a usable one. Creates nothing.
pub(crate) fn load(path: &Path, keeper: Keeper) -> Option<String> {
    let text = match keeper {
        Keeper::Overt => state::read(path),
        Keeper::Tool => state::read_anyones(path),
    };
    let text = String::from_utf8(text.ok()?).ok()?;
    let id = text.trim();
    is_usable(id).then(|| id.to_owned())
}

/// Whether a text that was found can be a client ID.
pub(crate) fn is_usable(id: &str) -> bool {
    check_distinct_id(id).is_ok() && !id.contains(char::is_whitespace) && !id.contains(char::is_control)
}

/// The stored ID, or a new one.
pub(crate) fn load_or_create(path: &Path, keeper: Keeper) -> Result<String, Error> {
    if let Some(id) = load(path, keeper) {
        return Ok(id);
    }
    let id = Uuid::new_v4().to_string();
    match make_parent(path).and_then(|()| state::create_whole(path, id.as_bytes())) {
        Ok(()) => Ok(id),
        Err(error) if error.kind() == IoKind::AlreadyExists => match load(path, keeper) {
            Some(winner) => Ok(winner),
            None => replace(path),
        },
        Err(error) => Err(Error::storage("the client ID cannot be stored", &error)),
    }
}

/// A new ID in place of whatever is there.
pub(crate) fn replace(path: &Path) -> Result<String, Error> {
    let id = Uuid::new_v4().to_string();
    make_parent(path)
        .and_then(|()| state::replace_whole(path, id.as_bytes()))
        .map_err(|error| Error::storage("the client ID cannot be stored", &error))?;
    Ok(id)
}

fn make_parent(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), state::make_dir)
}

/// Removes the ID.
pub(crate) fn erase(path: &Path) -> Result<(), Error> {
    state::remove_if_there(path).map_err(|error| Error::storage("the client ID cannot be removed", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_made_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("client_id");
        assert_eq!(load(&path, Keeper::Overt), None);
        assert!(!path.exists(), "looking must not create");
        let id = load_or_create(&path, Keeper::Overt).unwrap();
        assert_eq!(Uuid::parse_str(&id).unwrap().get_version_num(), 4);
        assert_eq!(load_or_create(&path, Keeper::Overt).unwrap(), id);
        assert_ne!(replace(&path).unwrap(), id);
        erase(&path).unwrap();
        erase(&path).unwrap();
        assert_eq!(load(&path, Keeper::Overt), None);
    }

    #[test]
    fn of_many_racing_threads_one_id_wins() {
        for _ in 0..20 {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("client_id");
            let start = std::sync::Barrier::new(8);
            let race = || {
                start.wait();
                load_or_create(&path, Keeper::Overt).unwrap()
            };
            let ids: Vec<_> = std::thread::scope(|scope| {
                let racers: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).collect()
            });
            assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays behind");
        }
    }

    #[test]
    fn an_existing_id_is_taken_over_and_a_damaged_file_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".starfish_config");
        std::fs::write(&path, "36be4c46-4e1b-431d-b9db-1b315f537a85\n").unwrap();
        assert_eq!(load_or_create(&path, Keeper::Overt).unwrap(), "36be4c46-4e1b-431d-b9db-1b315f537a85");
        for damaged in [&b""[..], b"\n", b"\0\0\0\0", b"\xff\xfe", b"two words", b"null"] {
            std::fs::write(&path, damaged).unwrap();
            let id = load_or_create(&path, Keeper::Overt).unwrap();
            assert!(Uuid::parse_str(&id).is_ok(), "{damaged:?} gave {id}");
        }
    }

    #[test]
    fn ids_that_identify_nobody_are_refused() {
        for id in ["", "  ", "0", " NULL ", "[object Object]", "00000000-0000-0000-0000-000000000000", "Anonymous"] {
            assert_eq!(check_distinct_id(id).unwrap_err().kind(), ErrorKind::InvalidDistinctId, "{id:?}");
        }
        assert!(check_distinct_id(&"x".repeat(200)).is_ok());
        assert!(check_distinct_id(&"x".repeat(201)).is_err());
        assert!(check_distinct_id("00000000-0000-0000-0000-000000000001").is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new").join("client_id");
        load_or_create(&path, Keeper::Overt).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }
}
