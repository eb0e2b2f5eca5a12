//! The file: counted into by any number of processes, exactly.
//!
//! - Who has the lock reads the file, counts, and puts the new content in its place by a rename: a process that is killed
//!   before has not counted, one that is killed afterwards has.
//! - Who does not get the lock waits for nobody. It leaves its command as a record ([`super::records`]), and whoever has
//!   the lock looks for such before it goes for good.
//! - Whether it may be counted at all is asked again with the lock held, so nothing is counted after an opt-out has erased.

use super::document::Document;
use super::place::{Found, MAX_FILE_BYTES, Place};
use super::records::{self, Record};
use super::{Counted, reading, yaml};
use crate::error::Error;
use crate::state::{self, Lock};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often the holder looks for records that were left meanwhile: some milliseconds of work for others at the most. Then
/// the next run enters them.
const MAX_ROUNDS: usize = 100;
/// How long an ID that is to be made waits for a holder, who is done in a tenth of a millisecond unless he hangs: an event
/// may wait for it.
const PATIENCE_FOR_ID: Duration = Duration::from_millis(50);
/// How long an opt-out waits for him before it erases what he is at.
const PATIENCE_TO_ERASE: Duration = Duration::from_millis(500);
/// A version that is longer is cut.
const MAX_VERSION_CHARS: usize = 100;

/// The counters of one tool. A value without any state but the path.
#[derive(Clone, Debug)]
pub(crate) struct Counters {
    path: PathBuf,
}

/// What goes into the file beside counts.
pub(crate) struct Fresh<'a> {
    /// The tool's version; empty: what stands there stays.
    pub cli_version: &'a str,
    /// The ID, if the file has none.
    pub new_id: Box<dyn Fn() -> String + 'a>,
}

impl Counters {
    pub(crate) fn new(path: &Path) -> Result<Self, Error> {
        // The host may change its working directory.
        let path = std::path::absolute(path).map_err(|error| Error::storage("counters_path", &error))?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn place(&self) -> Place {
        Place::of(&self.path)
    }

    /// Counts a command; when this returns, it is counted for good. `allowed` is asked with the lock held.
    pub(crate) fn count(
        &self,
        path: &str,
        code: i32,
        fresh: &Fresh<'_>,
        allowed: &dyn Fn() -> bool,
    ) -> Result<Counted, Error> {
        let counted = self.try_count(path, code, fresh, allowed);
        counted.map_err(|error| Error::storage("the command cannot be counted", &error))
    }

    fn try_count(&self, path: &str, code: i32, fresh: &Fresh<'_>, allowed: &dyn Fn() -> bool) -> io::Result<Counted> {
        let place = self.place();
        place.make()?;
        let counted = match Held::take(&place)? {
            Some(held) if !allowed() => {
                held.leave_nothing();
                return Ok(Counted::Disabled);
            }
            Some(held) => held.enter(Some((path, code)), fresh)?.0,
            None if records::leave(&place, path, code)? => Counted::Counted,
            None => return Ok(Counted::Dropped),
        };
        self.look_behind(&place, fresh, allowed);
        Ok(counted)
    }

    /// Enters what was left as records while this process held the lock. Who left one looked for the lock once more after
    /// that, and found us: so we look for records once we have let go.
    pub(super) fn look_behind(&self, place: &Place, fresh: &Fresh<'_>, allowed: &dyn Fn() -> bool) {
        for _ in 0..MAX_ROUNDS {
            if !records::wait(place) {
                return;
            }
            match Held::take(place) {
                Ok(Some(held)) if allowed() => drop(held.enter(None, fresh)),
                // The one who has it looks after that. What cannot be entered now the next run enters.
                _ => return,
            }
        }
    }

    /// The client ID that the file has, made now if it has none.
    pub(crate) fn id(&self, fresh: &Fresh<'_>) -> Result<String, Error> {
        let cannot = |error| Error::storage("the client ID cannot be stored", &error);
        if let Some(id) = self.stored_id() {
            return Ok(id);
        }
        let place = self.place();
        place.make().map_err(cannot)?;
        let held = Held::wait(&place, PATIENCE_FOR_ID)
            .map_err(cannot)?
            .ok_or_else(|| cannot(io::ErrorKind::WouldBlock.into()))?;
        let id = held.enter(None, fresh).map(|(_, document)| document.id).map_err(cannot);
        drop(held);
        self.look_behind(&place, fresh, &|| true);
        id
    }

    /// The client ID that the file has. Creates nothing.
    pub(crate) fn stored_id(&self) -> Option<String> {
        self.look_for_id().ok().flatten()
    }

    /// As `stored_id`; `None` is only that there is no file, and an error that nobody can say.
    pub(crate) fn look_for_id(&self) -> io::Result<Option<String>> {
        let Some(found) = self.place().read()? else { return Ok(None) };
        let id = found.content.map(|content| reading::read(&content).document.id).filter(|id| !id.is_empty());
        id.map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// What the file holds; `None` if there is none that can be read. Creates nothing.
    pub(crate) fn document(&self) -> Option<Document> {
        let content = self.place().read().ok()??.content?;
        Some(reading::read(&content).document)
    }

    /// Removes the counts, the ID, and everything else beside them.
    pub(crate) fn erase(&self) -> Result<(), Error> {
        let place = self.place();
        if !place.exists() {
            return Ok(());
        }
        // One who hangs with the lock has his draft in the directory that goes.
        let held = Held::wait(&place, PATIENCE_TO_ERASE).ok().flatten();
        place.erase(held.map(|held| held.lock)).map_err(|error| Error::storage("the counters cannot be erased", &error))
    }
}

/// The right to write, and what can be done with it.
pub(super) struct Held<'p> {
    pub place: &'p Place,
    lock: Lock,
}

impl<'p> Held<'p> {
    /// `None` if another process or thread has it.
    pub(super) fn take(place: &'p Place) -> io::Result<Option<Self>> {
        Ok(place.hold()?.map(|lock| Self { place, lock }))
    }

    /// As `take`, but waits for a moment.
    pub(super) fn wait(place: &'p Place, patience: Duration) -> io::Result<Option<Self>> {
        Lock::wait(patience, || Self::take(place))
    }

    /// Enters a command and all records into the file.
    pub(super) fn enter(&self, own: Option<(&str, i32)>, fresh: &Fresh<'_>) -> io::Result<(Counted, Document)> {
        let place = self.place;
        let found = place.read()?;
        if found.as_ref().is_some_and(|found| found.permissions.readonly()) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
        }
        let before = found.as_ref().and_then(|found| found.content.as_deref()).unwrap_or_default();
        records::recover(place, before)?;
        let read = reading::read(before);
        if read.newer {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "a later version wrote the file"));
        }
        let records = records::list(place);

        let mut document = read.document;
        for record in &records {
            document.count(&record.path, record.code);
        }
        let counted = own.is_none_or(|(path, code)| document.count(path, code));
        complete(&mut document, fresh);
        let after = yaml::write(&document);
        if after.len() as u64 > MAX_FILE_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if after.as_bytes() != before {
            self.put_aside(found.as_ref(), read.damaged)?;
            if !records.is_empty() {
                records::begin(place, &records, after.as_bytes())?;
            }
            place.put(&place.file, after.as_bytes(), found.as_ref().map(|found| &found.permissions))?;
        }
        if !records.is_empty() {
            records::finish(place, records.iter().map(Record::file))?;
        }
        Ok((if counted { Counted::Counted } else { Counted::Dropped }, document))
    }

    /// Keeps a content of which not everything can be kept in the file.
    fn put_aside(&self, found: Option<&Found>, damaged: bool) -> io::Result<()> {
        match found {
            Some(Found { content: None, .. }) => state::rename(&self.place.file, &self.place.bad()),
            Some(Found { content: Some(content), permissions }) if damaged => {
                self.place.put(&self.place.bad(), content, Some(permissions))
            }
            _ => Ok(()),
        }
    }

    /// Leaves no trace where nothing was counted.
    fn leave_nothing(self) {
        if !self.place.file.exists() {
            let _ = self.place.erase(Some(self.lock));
        }
    }
}

/// Sets what the document says beside counts.
fn complete(document: &mut Document, fresh: &Fresh<'_>) {
    let version: String = fresh.cli_version.chars().filter(|c| !c.is_control()).take(MAX_VERSION_CHARS).collect();
    if !version.is_empty() {
        document.cli_version = version;
    }
    if document.operating_system.is_empty() {
        document.operating_system = go_os().to_owned();
    }
    if document.id.is_empty() {
        document.id = (fresh.new_id)();
    }
}

/// Go's name for this operating system.
fn go_os() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_left_behind_the_holders_back_is_entered_before_he_goes() {
        let dir = tempfile::tempdir().unwrap();
        let counters = Counters::new(&dir.path().join("config/telemetry.yaml")).unwrap();
        let fresh = |new_id: Box<dyn Fn() -> String>| Fresh { cli_version: "1", new_id };
        let other = counters.clone();
        let allowed = || true;
        // The ID is made with the lock held, when the records have been read.
        let meanwhile = fresh(Box::new(move || {
            let counted = other.count("other", 0, &fresh(Box::new(String::new)), &allowed);
            assert_eq!(counted.unwrap(), Counted::Counted);
            "00000000-0000-4000-8000-000000000001".into()
        }));
        assert_eq!(counters.count("one", 0, &meanwhile, &allowed).unwrap(), Counted::Counted);
        let points = counters.document().unwrap().points;
        assert_eq!(points.keys().collect::<Vec<_>>(), ["one", "other"]);
    }

    #[test]
    fn a_version_that_is_no_version_is_made_one() {
        let mut document = Document::default();
        let fresh = |cli_version| Fresh { cli_version, new_id: Box::new(|| "i".into()) };
        complete(&mut document, &fresh("v1\n.2\0"));
        assert_eq!(document.cli_version, "v1.2");
        complete(&mut document, &fresh(""));
        assert_eq!(document.cli_version, "v1.2", "nothing is known about it");
        complete(&mut document, &fresh(&"9".repeat(1_000)));
        assert_eq!(document.cli_version.len(), MAX_VERSION_CHARS);
    }
}
