//! The first-run notice: what a tool tells a person once, before anything is recorded by default.
//!
//! - It is shown on stderr, only if that is a terminal and the process does not run in CI; if the tool asks for it, in CI, too,
//!   and into pipes and files, which somebody may read later.
//! - A mark says that it was shown, and is written first: one that cannot be written means that nothing is shown, or
//!   it would be shown for ever. Of several processes the one that makes the mark shows it.
//! - The mark is a file in the state directory; or, if the tool keeps its user's choice in a file of its own, `true` in the
//!   place of a choice that nobody has made. So AWS SAM CLI does it, and a program that shares the file understands it.
//! - Until then the tool's default does not count, so nothing is recorded or sent before somebody could have seen it.

use crate::clock::Timestamp;
use crate::state::{self, Member};
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a first run waits for others who change the tool's file. The next one tries again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a notice can be shown.
pub(crate) trait Screen {
    /// Whether a person may be looking.
    fn is_watched(&self) -> bool;
    /// Shows a text.
    fn show(&mut self, text: &str);
}

/// The stderr of this process.
pub(crate) struct Stderr {
    /// Whether it need not be a terminal.
    pub(crate) anywhere: bool,
}

impl Screen for Stderr {
    fn is_watched(&self) -> bool {
        std::io::stderr().is_terminal() || (self.anywhere && is_kept())
    }

    fn show(&mut self, text: &str) {
        // A terminal that is gone is no reason to panic.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

/// Whether what is written to stderr gets anywhere: not if it is closed or a null device.
#[cfg(unix)]
fn is_kept() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    let metadata = std::io::stderr().as_fd().try_clone_to_owned().and_then(|copy| std::fs::File::from(copy).metadata());
    metadata.is_ok_and(|metadata| !metadata.file_type().is_char_device())
}

#[cfg(not(unix))]
fn is_kept() -> bool {
    true
}

/// Where it stands that a notice was shown.
#[derive(Clone, Debug)]
pub(crate) enum Mark {
    /// A file.
    File(PathBuf),
    /// The choice in a file of the tool's own.
    Choice(Member),
}

/// The notice of one app.
#[derive(Debug)]
pub(crate) struct Notice {
    text: String,
    /// `None` where nothing can be kept.
    mark: Option<Mark>,
    /// Whether the mark need not be looked for any more.
    found: AtomicBool,
    /// Whether it was shown by this very notice.
    just_shown: AtomicBool,
}

impl Mark {
    fn is_there(&self) -> bool {
        match self {
            Self::File(path) => state::read(path).is_ok(),
            Self::Choice(choice) => choice.values().is_ok_and(|values| !values.is_empty()),
        }
    }

    /// Makes the mark; false if it is there already.
    fn make(&self, now: Timestamp) -> std::io::Result<bool> {
        match self {
            Self::File(path) => {
                path.parent().map_or(Ok(()), state::make_dir)?;
                match state::create_whole(path, format!("shown {now}\n").as_bytes()) {
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
                    made => made.map(|()| true),
                }
            }
            Self::Choice(choice) => choice.set(PATIENCE, |values| values.is_empty().then(|| "true".to_owned())),
        }
    }
}

impl Notice {
    /// `None` if the tool has none.
    pub(crate) fn new(text: &str, mark: Option<Mark>) -> Option<Self> {
        let (text, unknown) = (text.trim(), || AtomicBool::new(false));
        (!text.is_empty()).then(|| Self { text: text.to_owned(), mark, found: unknown(), just_shown: unknown() })
    }

    /// Whether it was shown, by whichever process.
    pub(crate) fn was_shown(&self) -> bool {
        let look = || self.mark.as_ref().is_some_and(Mark::is_there);
        let shown = self.found.load(Ordering::Relaxed) || look();
        self.found.store(shown, Ordering::Relaxed);
        shown
    }

    /// Whether it was shown by this very notice, and not in an earlier run.
    pub(crate) fn was_just_shown(&self) -> bool {
        self.just_shown.load(Ordering::Relaxed)
    }

    /// Shows it unless it was shown or nobody would see it. Whether it was shown, now or before.
    pub(crate) fn show(&self, screen: &mut impl Screen, now: Timestamp) -> bool {
        if self.was_shown() {
            return true;
        }
        let Some(mark) = self.mark.as_ref().filter(|_| screen.is_watched()) else { return false };
        match mark.make(now) {
            Ok(true) => {
                screen.show(&self.text);
                self.just_shown.store(true, Ordering::Relaxed);
                true
            }
            Ok(false) => self.was_shown(),
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    struct Paper {
        watched: bool,
        shown: Vec<String>,
    }

    impl Screen for Paper {
        fn is_watched(&self) -> bool {
            self.watched
        }

        fn show(&mut self, text: &str) {
            self.shown.push(text.to_owned());
        }
    }

    fn notice(dir: &Path) -> Notice {
        Notice::new(" This tool counts.\n", Some(Mark::File(dir.join("notice")))).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-20T18:00:00Z").unwrap()
    }

    #[test]
    fn it_is_shown_once_to_whoever_watches() {
        let dir = tempfile::tempdir().unwrap();
        let notice = notice(&dir.path().join("app"));
        let mut paper = Paper { watched: false, shown: Vec::new() };
        assert!(!notice.show(&mut paper, now()) && !notice.was_shown());
        assert!(!dir.path().join("app").exists(), "nothing is made for nobody");
        paper.watched = true;
        assert!(!notice.was_just_shown());
        assert!(notice.show(&mut paper, now()) && notice.was_shown() && notice.was_just_shown());
        assert!(notice.show(&mut paper, now()));
        let later = Notice::new("text", Some(Mark::File(dir.path().join("app").join("notice")))).unwrap();
        assert!(later.show(&mut paper, now()) && !later.was_just_shown());
        assert_eq!(paper.shown, ["This tool counts."]);
    }

    #[test]
    fn of_many_processes_one_shows_it() {
        let dir = tempfile::tempdir().unwrap();
        let shown: usize = std::thread::scope(|scope| {
            let show = || {
                let mut paper = Paper { watched: true, shown: Vec::new() };
                let one = notice(dir.path());
                assert!(one.show(&mut paper, now()) && one.was_just_shown() != paper.shown.is_empty());
                paper.shown.len()
            };
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(show)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(shown, 1);
    }

    #[test]
    fn what_cannot_be_marked_is_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("app"), "a file").unwrap();
        let mut paper = Paper { watched: true, shown: Vec::new() };
        assert!(!notice(&dir.path().join("app")).show(&mut paper, now()));
        assert!(paper.shown.is_empty());
        assert!(Notice::new(" \n", None).is_none());
    }

    #[test]
    fn in_a_file_of_the_tools_own_it_stands_in_the_place_of_the_choice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metadata.json");
        let mark = || Some(Mark::Choice(Member::new(&path, "telemetryEnabled")));
        let notice = || Notice::new("This tool counts.", mark()).unwrap();
        let mut paper = Paper { watched: true, shown: Vec::new() };
        for damaged in ["", "{\"telemetryEnabled\": "] {
            std::fs::write(&path, damaged).unwrap();
            assert!(!notice().show(&mut paper, now()) && paper.shown.is_empty());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
        }
        std::fs::write(&path, "{\"x\":1}").unwrap();
        assert!(notice().show(&mut paper, now()) && notice().show(&mut paper, now()));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"x\":1,\"telemetryEnabled\":true}");
        assert_eq!(paper.shown.len(), 1);
    }
}
