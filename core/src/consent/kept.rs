//! Where the stored choice is kept: in the state directory, and also in a file of the tool's own if it has one.
//!
//! A tool's own file is what the tool, and people who edit it, look at. But somebody may say off before this tool ever told
//! overt of its file, or where the file cannot be written; that off lies in the state directory. So both are read, and the
//! stricter one counts: off, then what cannot be read, then on.

use super::StoredChoice;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::state::{self, Member, PERSONS_PATIENCE, StateDir};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The places of one tool's stored choice.
#[derive(Debug)]
pub(crate) struct KeptChoice {
    /// An error if this user has no home.
    state: Result<StateDir, Error>,
    /// A boolean in a JSON file of the tool's own.
    own: Option<Member>,
}

impl KeptChoice {
    pub(crate) fn new(state: Result<StateDir, Error>, own: Option<Member>) -> Self {
        Self { state, own }
    }

    /// The file that is shown to people, and that the choice is first of all written to.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let of_overt = || self.state.as_ref().ok().map(StateDir::consent);
        self.own.as_ref().map(|own| own.path().to_owned()).or_else(of_overt)
    }

    /// The tool's own file, if there is one.
    pub(crate) fn own_file(&self) -> Option<PathBuf> {
        self.own.as_ref().map(Member::file)
    }

    pub(crate) fn read(&self) -> StoredChoice {
        let of_overt = self.state.as_ref().map_or(StoredChoice::None, |state| StoredChoice::read(&state.consent()));
        let of_tool = self.own.as_ref().map_or(StoredChoice::None, StoredChoice::of_member);
        of_overt.stricter(of_tool)
    }

    /// Stores the choice. Off is stored in the state directory if the tool's file cannot be written.
    pub(crate) fn write(&self, on: bool, now: Timestamp) -> Result<(), Error> {
        let Some(own) = &self.own else { return self.write_beside(on, now) };
        let written = own.set(PERSONS_PATIENCE, |_| Some(on.to_string()));
        let written = written.map(drop).map_err(|error| Error::storage(&named(own.path()), &error));
        let beside = self.state.as_ref().map_or(StoredChoice::None, |state| StoredChoice::read(&state.consent()));
        match (beside, written) {
            (StoredChoice::None, Ok(())) => Ok(()),
            (_, Err(error)) if on => Err(error),
            // Off that nobody could keep in the tool's file is kept here; and what was said here before has changed.
            _ => self.write_beside(on, now),
        }
    }

    /// Stores the choice in the state directory.
    fn write_beside(&self, on: bool, now: Timestamp) -> Result<(), Error> {
        let state = self.state.as_ref().map_err(Clone::clone)?;
        state.check()?;
        let text = format!("{} {now}\n", if on { "on" } else { "off" });
        state::make_dir(state.root())
            .and_then(|()| state::replace_whole(&state.consent(), text.as_bytes()))
            .map_err(|error| Error::storage("the choice cannot be stored", &error))
    }
}

fn named(path: &Path) -> String {
    format!("the choice cannot be stored in {}", path.display())
}

impl StoredChoice {
    /// Reads the choice from its file: its first word, `on` or `off`.
    pub(crate) fn read(path: &Path) -> Self {
        match state::read(path) {
            Ok(text) => match text.split(u8::is_ascii_whitespace).find(|word| !word.is_empty()) {
                Some(b"on") => Self::On,
                Some(b"off") => Self::Off,
                _ => Self::Unreadable,
            },
            Err(error) if error.kind() == ErrorKind::NotFound => Self::None,
            // The directory above is a file: there is no choice, and no place for one either.
            Err(error) if error.kind() == ErrorKind::NotADirectory => Self::None,
            Err(_) => Self::Unreadable,
        }
    }

    /// Reads the choice from a tool's own file: JSON's `true` or `false`, and nothing that only looks like it. If the key
    /// stands there several times, the strictest counts.
    fn of_member(member: &Member) -> Self {
        let Ok(values) = member.values() else { return Self::Unreadable };
        let one = |value: &String| match value.as_str() {
            "true" => Self::On,
            "false" => Self::Off,
            _ => Self::Unreadable,
        };
        values.iter().map(one).fold(Self::None, Self::stricter)
    }

    /// The stricter of two.
    fn stricter(self, other: Self) -> Self {
        [Self::Off, Self::Unreadable, Self::On]
            .into_iter()
            .find(|one| [self, other].contains(one))
            .unwrap_or(Self::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use StoredChoice::{None, Off, On, Unreadable};

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-20T18:00:00Z").unwrap()
    }

    fn kept(dir: &Path, file: &Path) -> KeptChoice {
        KeptChoice::new(StateDir::new(Some(dir), "tool"), Some(Member::new(file, "telemetryEnabled")))
    }

    #[test]
    fn only_a_boolean_is_a_choice() {
        let dir = tempfile::tempdir().unwrap();
        let (state, file) = (dir.path().join("state"), dir.path().join("metadata.json"));
        assert_eq!(kept(&state, &file).read(), None);
        assert_eq!(kept(&state, &file.join("below a file")).read(), None);
        for (text, choice) in [
            (r#"{"telemetryEnabled": true}"#, On),
            (r#"{"telemetryEnabled": false}"#, Off),
            (r#"{"telemetryEnabled": "false"}"#, Unreadable),
            (r#"{"telemetryEnabled": "true"}"#, Unreadable),
            (r#"{"telemetryEnabled": 1}"#, Unreadable),
            (r#"{"telemetryEnabled": null}"#, Unreadable),
            (r#"{"telemetryEnabled": true, "telemetryEnabled": false}"#, Off),
            (r#"{"telemetryEnabled": false, "telemetryEnabled": true}"#, Off),
            (r#"{"TelemetryEnabled": true, "a": {"telemetryEnabled": true}}"#, None),
            ("{}", None),
            ("", Unreadable),
            (r#"{"telemetryEnabled": true"#, Unreadable),
            ("\"telemetryEnabled\"", Unreadable),
        ] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(kept(&state, &file).read(), choice, "{text}");
        }
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        assert_eq!(kept(&state, &file).read(), Unreadable, "a directory stands there");
        assert!(!state.exists(), "reading makes nothing");
    }

    #[test]
    fn the_stricter_of_both_places_counts_and_a_new_choice_replaces_both() {
        let dir = tempfile::tempdir().unwrap();
        let (state, file) = (dir.path().join("state"), dir.path().join("metadata.json"));
        let kept = kept(&state, &file);
        std::fs::write(&file, r#"{"telemetryEnabled":true,"x":1}"#).unwrap();
        kept.write_beside(false, now()).unwrap();
        assert_eq!(kept.read(), Off, "somebody said off before the tool told of its file");
        kept.write(true, now()).unwrap();
        assert_eq!(kept.read(), On);
        kept.write(false, now()).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), r#"{"telemetryEnabled":false,"x":1}"#);
        assert_eq!(StoredChoice::read(&state.join("consent")), Off);
    }

    #[test]
    fn the_tools_file_is_enough_where_it_can_be_written() {
        let dir = tempfile::tempdir().unwrap();
        let (state, file) = (dir.path().join("state"), dir.path().join("metadata.json"));
        let kept = kept(&state, &file);
        for (on, choice) in [(true, On), (false, Off)] {
            kept.write(on, now()).unwrap();
            assert_eq!((kept.read(), state.exists()), (choice, false));
        }
    }

    #[test]
    fn off_holds_although_the_tools_file_cannot_be_written_and_on_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let (state, file) = (dir.path().join("state"), dir.path().join("metadata.json"));
        let kept = kept(&state, &file);
        std::fs::write(&file, "{\"telemetryEnabled\": tr").unwrap();
        let message = kept.write(true, now()).unwrap_err().to_string();
        assert!(message.contains("metadata.json") && !state.exists(), "{message}");
        kept.write(false, now()).unwrap();
        std::fs::write(&file, r#"{"telemetryEnabled":true}"#).unwrap();
        assert_eq!(kept.read(), Off, "also when the file is whole again");
    }
}
