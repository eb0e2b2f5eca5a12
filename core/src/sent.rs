//! The last events that were sent, for people to read: a bounded file of the lines as they were sent.
//!
//! Only the process that holds the spool's claim writes here. The file does not matter for delivery: if it cannot be
//! written, nothing else changes.

use crate::state;
use std::path::Path;

/// A file of sent events is put aside at this size, and the one that was put aside before goes: at most twice this
/// much stays readable, some 800 events.
const MAX_SENT_BYTES: u64 = 256 * 1024;

const SENT: &str = "sent.jsonl";
const SENT_BEFORE: &str = "sent.1.jsonl";

/// Keeps lines that were sent.
pub(crate) fn keep<'a>(dir: &Path, lines: impl Iterator<Item = &'a [u8]>) {
    let path = dir.join(SENT);
    if std::fs::metadata(&path).is_ok_and(|data| data.len() >= MAX_SENT_BYTES) {
        let _ = state::rename(&path, &dir.join(SENT_BEFORE));
    }
    let mut text = Vec::new();
    for line in lines {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    let _ = state::append(&path, &text);
}

/// The lines that were sent and are still kept, oldest first.
pub(crate) fn lines(dir: &Path) -> Vec<String> {
    let read = |name| state::read(&dir.join(name)).unwrap_or_default();
    let both = [read(SENT_BEFORE), read(SENT)].concat();
    String::from_utf8_lossy(&both).lines().map(str::to_owned).collect()
}

/// Keeps none any more.
pub(crate) fn forget(dir: &Path) {
    for name in [SENT_BEFORE, SENT] {
        let _ = state::remove_if_there(&dir.join(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_stays_readable_within_a_bound_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let line = vec![b'x'; 1000];
        for _ in 0..100 {
            keep(dir.path(), std::iter::repeat_n(line.as_slice(), 10));
        }
        let kept = lines(dir.path()).len() as u64 * 1001;
        assert!((MAX_SENT_BYTES..2 * MAX_SENT_BYTES + 20_000).contains(&kept), "{kept}");
        forget(dir.path());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
