//! The client ID: a random UUID in a small text file, or in a JSON file of the tool's own, made only once consent stands.
//!
//! - Written whole or not at all, 0600; of two processes that race, the first wins and the second takes its ID.
//! - An existing file of the tool's own is taken over: its text, or the text under its key, is the ID, as long as it can be
//!   a distinct ID.
//! - A text file that holds none (empty, damaged) is replaced; a JSON file that is damaged holds other things too, and is
//!   left alone. An ID that cannot be stored is not used: an installation that got a new ID in each run would be counted
//!   many times.

use crate::error::{Error, ErrorKind};
use crate::state::{self, Member, PERSONS_PATIENCE};
use std::io::{self, ErrorKind as IoKind};
use std::path::{Path, PathBuf};
use std::time::Duration;
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

/// How long the first event of an installation waits for others who change the tool's JSON file, of whom each takes some
/// milliseconds. If it waited in vain the next event tries again.
const PATIENCE: Duration = Duration::from_secs(1);

/// The file that the ID is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IdFile {
    /// In the state directory, where nothing is trusted that is not ours.
    Overt(PathBuf),
    /// A text file of the tool's, which may well be a symbolic link to where its user keeps such files.
    Text(PathBuf),
    /// A JSON file of the tool's.
    Json(Member),
}

impl IdFile {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Overt(path) | Self::Text(path) => path,
            Self::Json(member) => member.path(),
        }
    }

    /// The file that is replaced when the ID changes.
    pub(crate) fn file(&self) -> PathBuf {
        match self {
            Self::Overt(path) | Self::Text(path) => path.clone(),
            Self::Json(member) => member.file(),
        }
    }

    /// The stored ID, if there is a usable one. Creates nothing.
    pub(crate) fn load(&self) -> Option<String> {
        self.look().ok().flatten()
    }

    /// As `load`; `None` is only that there is none, and an error that nobody can say. `InvalidData`: what is there is no ID.
    pub(crate) fn look(&self) -> io::Result<Option<String>> {
        let text = match self {
            Self::Overt(path) => state::read(path),
            Self::Text(path) => state::read_anyones(path),
            Self::Json(member) => {
                let values = member.values()?;
                return if values.is_empty() { Ok(None) } else { of_json(&values).map(Some).ok_or_else(no_id) };
            }
        };
        match text {
            Err(error) if error.kind() == IoKind::NotFound => Ok(None),
            text => String::from_utf8(text?).ok().and_then(|text| usable(&text)).map(Some).ok_or_else(no_id),
        }
    }

    /// The stored ID, or a new one.
    pub(crate) fn load_or_create(&self) -> Result<String, Error> {
        if let Some(id) = self.load() {
            return Ok(id);
        }
        let id = Uuid::new_v4().to_string();
        let (path, created) = match self {
            Self::Json(member) => return create_in_json(member, id),
            Self::Overt(path) | Self::Text(path) => (path, create(self.path(), &id)),
        };
        match created {
            Ok(()) => Ok(id),
            Err(error) if error.kind() == IoKind::AlreadyExists => match self.load() {
                Some(winner) => Ok(winner),
                None => {
                    state::replace_whole(path, id.as_bytes()).map(|()| id).map_err(|error| not_stored(path, &error))
                }
            },
            Err(error) => Err(not_stored(path, &error)),
        }
    }

    /// Removes the ID, and nothing else of the tool's.
    pub(crate) fn erase(&self) -> Result<(), Error> {
        let erased = match self {
            Self::Overt(path) | Self::Text(path) => state::remove_if_there(path),
            Self::Json(member) => member.remove(PERSONS_PATIENCE),
        };
        erased.map_err(|error| {
            Error::storage(&format!("the client ID cannot be removed from {}", self.path().display()), &error)
        })
    }
}

fn no_id() -> io::Error {
    io::Error::new(IoKind::InvalidData, "there is no client ID in it")
}

fn usable(text: &str) -> Option<String> {
    let id = text.trim();
    is_usable(id).then(|| id.to_owned())
}

/// Whether a text that was found can be a client ID.
pub(crate) fn is_usable(id: &str) -> bool {
    check_distinct_id(id).is_ok() && !id.contains(char::is_whitespace) && !id.contains(char::is_control)
}

/// As most readers have it, the last value of a key counts.
fn of_json(values: &[String]) -> Option<String> {
    usable(&serde_json::from_str::<String>(values.last()?).ok()?)
}

fn create(path: &Path, id: &str) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), state::make_dir)?;
    state::create_whole(path, id.as_bytes())
}

fn create_in_json(member: &Member, id: String) -> Result<String, Error> {
    let mut winner = None;
    let stored = member.set(PATIENCE, |values| {
        winner = of_json(values);
        winner.is_none().then(|| format!("\"{id}\""))
    });
    stored.map(|_| winner.unwrap_or(id)).map_err(|error| not_stored(member.path(), &error))
}

fn not_stored(path: &Path, error: &std::io::Error) -> Error {
    Error::storage(&format!("the client ID cannot be stored in {}", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overt(path: &Path) -> IdFile {
        IdFile::Overt(path.to_owned())
    }

    #[test]
    fn the_id_is_made_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("client_id");
        let file = overt(&path);
        assert_eq!(file.load(), None);
        assert!(!path.exists(), "looking must not create");
        let id = file.load_or_create().unwrap();
        assert_eq!(Uuid::parse_str(&id).unwrap().get_version_num(), 4);
        assert_eq!(file.load_or_create().unwrap(), id);
        file.erase().unwrap();
        file.erase().unwrap();
        assert_eq!(file.load(), None);
        assert_ne!(file.load_or_create().unwrap(), id);
    }

    #[test]
    fn of_many_racing_threads_one_id_wins() {
        for n in 0..20 {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("client_id");
            let json = IdFile::Json(Member::new(&path, "id"));
            let file = if n % 2 == 0 { overt(&path) } else { json };
            let start = std::sync::Barrier::new(8);
            let race = || {
                start.wait();
                file.load_or_create().unwrap()
            };
            let ids: Vec<_> = std::thread::scope(|scope| {
                let racers: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).collect()
            });
            assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
            let files = std::fs::read_dir(dir.path()).unwrap().count();
            assert_eq!(files, 1 + n % 2, "no temporary file stays behind; beside JSON there is a lock");
        }
    }

    #[test]
    fn an_existing_id_is_taken_over_and_a_damaged_file_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".starfish_config");
        std::fs::write(&path, "36be4c46-4e1b-431d-b9db-1b315f537a85\n").unwrap();
        assert_eq!(overt(&path).load_or_create().unwrap(), "36be4c46-4e1b-431d-b9db-1b315f537a85");
        for damaged in [&b""[..], b"\n", b"\0\0\0\0", b"\xff\xfe", b"two words", b"null"] {
            std::fs::write(&path, damaged).unwrap();
            let id = overt(&path).load_or_create().unwrap();
            assert!(Uuid::parse_str(&id).is_ok(), "{damaged:?} gave {id}");
        }
    }

    #[test]
    fn in_a_tools_json_file_an_existing_id_is_taken_over_and_nothing_else_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metadata.json");
        let file = IdFile::Json(Member::new(&path, "installationId"));
        for (text, id) in [
            (r#"{"installationId":"an-id","x":[]}"#, "an-id"),
            (r#"{"installationId":"first","installationId":" l\u0061st\n"}"#, "last"),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(file.load_or_create().unwrap(), id);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        for text in [r#"{"x":1}"#, r#"{"x":1,"installationId":null}"#, r#"{"x":1,"installationId":"null"}"#] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(file.load(), None);
            let id = file.load_or_create().unwrap();
            let now = format!(r#"{{"x":1,"installationId":"{id}"}}"#);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), now);
            assert_eq!(file.load_or_create().unwrap(), id);
            file.erase().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), r#"{"x":1}"#);
        }
        std::fs::write(&path, "{\"installationId\": \"i").unwrap();
        assert_eq!(file.load_or_create().unwrap_err().kind(), ErrorKind::Storage);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"installationId\": \"i", "it holds other things, too");
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
        overt(&path).load_or_create().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }
}
