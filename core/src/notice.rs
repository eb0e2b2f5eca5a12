//! The first-run notice: what a tool tells a person once, before anything is recorded by default.
//!
//! - It is shown on stderr, only if that is a terminal and the process does not run in CI.
//! - A file marks that it was shown, and is written first: one that cannot be written means that nothing is shown, or
//!   it would be shown for ever. Of several processes the one that makes the file shows it.
//! - Until then the tool's default does not count, so nothing is recorded or sent before somebody could have seen it.

use crate::clock::Timestamp;
use crate::state;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Where a notice can be shown.
pub(crate) trait Screen {
    /// Whether a person may be looking.
    fn is_watched(&self) -> bool;
    /// Shows a text.
    fn show(&mut self, text: &str);
}

/// The terminal of this process, if its stderr is one.
pub(crate) struct Stderr;

impl Screen for Stderr {
    fn is_watched(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    fn show(&mut self, text: &str) {
        // A terminal that is gone is no reason to panic.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

/// The notice of one app.
#[derive(Debug)]
pub(crate) struct Notice {
    text: String,
    /// `None` where nothing can be kept.
    marker: Option<PathBuf>,
    /// Whether the marker need not be looked for any more.
    found: AtomicBool,
}

impl Notice {
    /// `None` if the tool has none.
    pub(crate) fn new(text: &str, state_dir: Option<&Path>) -> Option<Self> {
        let (text, marker) = (text.trim(), state_dir.map(|dir| dir.join("notice")));
        (!text.is_empty()).then(|| Self { text: text.to_owned(), marker, found: AtomicBool::new(false) })
    }

    /// Whether it was shown, by whichever process.
    pub(crate) fn was_shown(&self) -> bool {
        let look = || self.marker.as_ref().is_some_and(|marker| state::read(marker).is_ok());
        let shown = self.found.load(Ordering::Relaxed) || look();
        self.found.store(shown, Ordering::Relaxed);
        shown
    }

    /// Shows it unless it was shown or nobody would see it. Whether it was shown, now or before.
    pub(crate) fn show(&self, screen: &mut impl Screen, now: Timestamp) -> bool {
        if self.was_shown() {
            return true;
        }
        let Some(marker) = self.marker.as_ref().filter(|_| screen.is_watched()) else { return false };
        let made = marker.parent().map_or(Ok(()), state::make_dir);
        match made.and_then(|()| state::create_whole(marker, format!("shown {now}\n").as_bytes())) {
            Ok(()) => {
                screen.show(&self.text);
                true
            }
            Err(error) => error.kind() == ErrorKind::AlreadyExists && self.was_shown(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-20T18:00:00Z").unwrap()
    }

    #[test]
    fn it_is_shown_once_to_whoever_watches() {
        let dir = tempfile::tempdir().unwrap();
        let notice = Notice::new(" This tool counts.\n", Some(&dir.path().join("app"))).unwrap();
        let mut paper = Paper { watched: false, shown: Vec::new() };
        assert!(!notice.show(&mut paper, now()) && !notice.was_shown());
        assert!(!dir.path().join("app").exists(), "nothing is made for nobody");
        paper.watched = true;
        assert!(notice.show(&mut paper, now()) && notice.was_shown());
        assert!(notice.show(&mut paper, now()));
        assert_eq!(paper.shown, ["This tool counts."]);
    }

    #[test]
    fn of_many_processes_one_shows_it() {
        let dir = tempfile::tempdir().unwrap();
        let shown: usize = std::thread::scope(|scope| {
            let show = || {
                let mut paper = Paper { watched: true, shown: Vec::new() };
                assert!(Notice::new("text", Some(dir.path())).unwrap().show(&mut paper, now()));
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
        assert!(!Notice::new("text", Some(&dir.path().join("app"))).unwrap().show(&mut paper, now()));
        assert!(paper.shown.is_empty());
        assert!(Notice::new(" \n", Some(dir.path())).is_none());
    }
}
