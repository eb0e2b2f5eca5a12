//! The cool-down: after exits that waited in vain, later ones wait less.
//!
//! A tool that waits half a second at its end for a server that cannot be reached is a nuisance once, and broken the
//! tenth time. So each exit in a row that ended with events left halves the time that the next one may take, for
//! [`LENGTH`] after the last of them; one that delivered ends it. Kept in the file `cooldown` beside the spool: how many
//! exits, and when the last of them was, in Unix milliseconds. An unreadable file is none.

use crate::clock::Timestamp;
use crate::config::PARK_TIME;
use crate::state;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// As long as a batch rests after its last attempt: the two say the same about the server.
const LENGTH: Duration = PARK_TIME;
/// A thousandth of the budget is as good as none.
const MAX_HALVINGS: u32 = 10;
/// The part of a budget that is kept for what an exit does beside waiting: an event goes to disk before it, threads and files
/// end after it. A sixteenth of 500 ms is four times what was measured for a command of Python's.
const KEPT: u32 = 16;

/// What was found at an exit.
#[derive(Clone, Debug)]
pub(crate) struct Cooldown {
    file: PathBuf,
    /// Exits in vain, in a row, the last of them a moment ago.
    in_vain: u32,
}

impl Cooldown {
    pub(crate) fn read(spool: &Path, now: Timestamp) -> Self {
        let file = spool.join("cooldown");
        let text = String::from_utf8(state::read(&file).unwrap_or_default()).unwrap_or_default();
        let mut words = text.split_whitespace();
        let (in_vain, at) = (words.next().and_then(|n| n.parse().ok()), words.next().and_then(|ms| ms.parse().ok()));
        // A clock that was set back must not make it last for years.
        let recent = |at: &u64| u128::from(now.unix_millis().abs_diff(*at)) < LENGTH.as_millis();
        Self { file, in_vain: at.filter(recent).and(in_vain).unwrap_or(0) }
    }

    /// How long an exit may wait, all of which is to take no longer than `budget`.
    pub(crate) fn wait(&self, budget: Duration) -> Duration {
        (budget - budget / KEPT) / 2_u32.pow(self.in_vain.min(MAX_HALVINGS))
    }

    /// Notes how the exit ended. That it cannot be noted is no reason to do anything else.
    pub(crate) fn note(&self, in_vain: bool, now: Timestamp) {
        if in_vain {
            let text = format!("{} {}\n", self.in_vain.saturating_add(1), now.unix_millis());
            let _ = state::replace_whole(&self.file, text.as_bytes());
        } else if self.in_vain > 0 {
            let _ = state::remove_if_there(&self.file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Duration = Duration::from_millis(800);
    const WHOLE: Duration = Duration::from_millis(750);

    fn at(second: u64) -> Timestamp {
        Timestamp::parse("2026-11-20T18:00:00Z").unwrap().after(Duration::from_secs(second))
    }

    #[test]
    fn each_exit_in_vain_halves_the_next_ones_budget_until_one_delivers() {
        let dir = tempfile::tempdir().unwrap();
        for (exit, left) in [750, 375, 187, 93].into_iter().enumerate() {
            let cooldown = Cooldown::read(dir.path(), at(exit as u64));
            assert_eq!(cooldown.wait(BUDGET).as_millis(), left);
            cooldown.note(true, at(exit as u64));
        }
        Cooldown::read(dir.path(), at(4)).note(false, at(4));
        assert_eq!(Cooldown::read(dir.path(), at(5)).wait(BUDGET), WHOLE);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn it_ends_by_itself_whatever_the_clock_does() {
        let dir = tempfile::tempdir().unwrap();
        Cooldown::read(dir.path(), at(1_000)).note(true, at(1_000));
        for (second, left) in [(1_299, 375), (1_300, 750), (701, 375), (700, 750), (0, 750)] {
            assert_eq!(Cooldown::read(dir.path(), at(second)).wait(BUDGET).as_millis(), left, "{second}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_none_and_many_are_as_good_as_many_more() {
        let dir = tempfile::tempdir().unwrap();
        let with = |text: &str| {
            std::fs::write(dir.path().join("cooldown"), text).unwrap();
            Cooldown::read(dir.path(), at(0)).wait(BUDGET)
        };
        let now = at(0).unix_millis();
        for text in ["", "garbage", "3", &format!("-1 {now}"), &format!("99999999999 {now}"), "3 x"] {
            assert_eq!(with(text), WHOLE, "{text:?}");
        }
        assert_eq!(with(&format!("4294967295 {now}")), WHOLE / 1024);
    }
}
