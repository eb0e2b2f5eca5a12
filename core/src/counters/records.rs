//! Records: commands that were counted while another process held the file, each a file of its own that whoever holds the
//! lock enters and removes.
//!
//! - A record counts with its line break, which is written with it by one `write(2)`. No name is used twice.
//! - Records are entered exactly once, whenever a process dies: `folding` names them and the content that the file will
//!   have with them. Whoever finds it sees by the file whether it came to that. It goes when the records have gone.

use super::document::is_command;
use super::place::Place;
use crate::event;
use crate::state;
use std::fs::Metadata;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use uuid::Uuid;

/// The most that may wait to be entered. Only a process that hangs with the lock can bring that many together.
pub(super) const MAX_RECORDS: usize = 1_000;
/// A record whose writer has not come to its line break by then has none that lives.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(3_600);

const SUFFIX: &str = "count";

/// A command that waits to be entered.
pub(super) struct Record {
    file: PathBuf,
    pub path: String,
    pub code: i32,
}

/// Leaves a record. False: too many wait.
pub(super) fn leave(place: &Place, path: &str, code: i32) -> io::Result<bool> {
    if files(place).len() >= MAX_RECORDS {
        return Ok(false);
    }
    let line = format!("{code} {path}\n");
    state::check_size(line.len() as u64)?;
    let file = place.dir().join(format!("{}.{SUFFIX}", Uuid::new_v4().simple()));
    let mut options = state::private_file();
    options.write(true).create_new(true).open(&file)?.write_all(line.as_bytes())?;
    Ok(true)
}

/// Whether any wait.
pub(super) fn wait(place: &Place) -> bool {
    files(place).iter().any(|file| Record::read(file.clone()).is_some())
}

/// Those that wait. Only for who holds the lock, after [`recover`].
pub(super) fn list(place: &Place) -> Vec<Record> {
    files(place).into_iter().filter_map(Record::read).collect()
}

/// Writes down which records the file holds as soon as it has this content.
pub(super) fn begin(place: &Place, records: &[Record], content: &[u8]) -> io::Result<()> {
    let mut text = format!("{}\n", event::name_based(content));
    for name in records.iter().filter_map(|record| record.file.file_name()?.to_str()) {
        text += &format!("{name}\n");
    }
    place.put(&place.folding(), text.as_bytes(), None)
}

/// Removes records that the file holds.
pub(super) fn finish(place: &Place, files: impl Iterator<Item = PathBuf>) -> io::Result<()> {
    for file in files {
        state::remove_if_there(&file)?;
    }
    state::remove_if_there(&place.folding())
}

/// Ends what a process that died had begun. Called with what the file holds, by who holds the lock.
pub(super) fn recover(place: &Place, content: &[u8]) -> io::Result<()> {
    let text = match state::read(&place.folding()) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut lines = text.lines();
    let entered = lines.next() == Some(&event::name_based(content).to_string());
    let named = lines.filter(|name| entered && is_name(name));
    finish(place, named.map(|name| place.dir().join(name)))
}

impl Record {
    pub(super) fn file(&self) -> PathBuf {
        self.file.clone()
    }

    /// What is no record goes once it is old enough that nobody can be writing it.
    fn read(file: PathBuf) -> Option<Self> {
        let record = Self::parse(&file);
        if record.is_none() && std::fs::metadata(&file).is_ok_and(|data| is_old(&data)) {
            let _ = state::remove_if_there(&file);
        }
        let (code, path) = record?;
        Some(Self { file, path, code })
    }

    fn parse(file: &Path) -> Option<(i32, String)> {
        let text = String::from_utf8(state::read(file).ok()?).ok()?;
        let (code, path) = text.strip_suffix('\n')?.split_once(' ')?;
        is_command(path).then_some((code.parse().ok()?, path.to_owned()))
    }
}

fn is_old(data: &Metadata) -> bool {
    data.modified().is_ok_and(|written| written.elapsed().is_ok_and(|age| age > GIVEN_UP_AFTER))
}

fn is_name(name: &str) -> bool {
    name.strip_suffix(".count")
        .is_some_and(|stem| stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn files(place: &Place) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(place.dir()).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_str().is_some_and(is_name)).map(|entry| entry.path()).collect()
}
