//! The account: what was acknowledged, what the server made of it, and what the ledger says. Pure.
//!
//! A client sends an event until it has heard a verdict, and never after that. So what became of an event is what the server
//! meant the last time that it was sent: by the sender's own time, because a server that is slow reads late.

use crate::faults::Verdict;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the processes have told, of one destination.
#[derive(Default)]
pub struct Told {
    pub recorded: HashSet<String>,
    pub dropped: BTreeMap<String, u64>,
}

/// A request in the server's log.
struct Entry<'l> {
    made_at: &'l str,
    events: Vec<(Verdict, &'l str)>,
}

/// What the server's log says, of one destination.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub requests: u64,
    pub accepted: u64,
    pub refused: u64,
    /// Sent, and sent no more although the server had not judged them.
    pub unjudged: Vec<String>,
    /// Acknowledged, and never sent.
    pub missing: Vec<String>,
    /// Sent, and not told of by the process that recorded them, because it was killed in between.
    pub untold: u64,
    /// Sent again although the server had accepted them: their sender had not heard of it.
    pub accepted_again: u64,
}

/// How often the server did what.
pub fn deeds(log: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for deed in whole_lines(log).filter_map(|line| line.split(' ').nth(2)) {
        *counts.entry(deed.to_owned()).or_default() += 1;
    }
    counts
}

/// Draws up the account of the destination of this wire.
pub fn account(log: &str, wire: &str, told: &Told) -> Account {
    let mut entries: Vec<Entry<'_>> = whole_lines(log).filter_map(|line| entry(line, wire)).collect();
    entries.sort_by_key(|entry| entry.made_at); // stable: at the same moment the log's order counts
    let mut account = Account { requests: entries.len() as u64, ..Account::default() };
    let mut last: HashMap<&str, Verdict> = HashMap::new();
    for (verdict, uuid) in entries.iter().flat_map(|entry| &entry.events) {
        if last.insert(uuid, *verdict) == Some(Verdict::Accepted) {
            account.accepted_again += 1;
        }
    }
    for (uuid, verdict) in &last {
        match verdict {
            Verdict::Accepted => account.accepted += 1,
            Verdict::Refused => account.refused += 1,
            Verdict::None => account.unjudged.push((*uuid).to_owned()),
        }
        account.untold += u64::from(!told.recorded.contains(*uuid));
    }
    account.missing = told.recorded.iter().filter(|uuid| !last.contains_key(uuid.as_str())).cloned().collect();
    account
}

/// What was answered.
fn whole_lines(log: &str) -> impl Iterator<Item = &str> {
    log.lines().filter_map(|line| line.strip_suffix(" ."))
}

fn entry<'l>(line: &'l str, wire: &str) -> Option<Entry<'l>> {
    let mut words = line.split(' ');
    let (made_at, of_wire, _deed) = (words.next()?, words.next()?, words.next()?);
    let event = |word: &'l str| {
        let (_, uuid) = word.split_at_checked(1)?;
        let verdict = Verdict::ALL.into_iter().find(|(_, sign)| word.starts_with(*sign))?.0;
        Some((verdict, uuid))
    };
    (of_wire == wire).then(|| Entry { made_at, events: words.filter_map(event).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(recorded: &[&str]) -> Told {
        Told { recorded: recorded.iter().map(ToString::to_string).collect(), ..Told::default() }
    }

    #[test]
    fn the_last_verdict_counts_by_the_senders_time() {
        let log = "\n2 v0 Well +a -b .\n1 v0 Passing ?a +b .\n3 v1 Well +c .\n- - Reset .\n4 v0 Well +a";
        let found = account(log, "v0", &told(&["a", "b"]));
        assert_eq!(found, Account { requests: 2, accepted: 1, refused: 1, accepted_again: 1, ..Account::default() });
        assert_eq!(deeds(log), BTreeMap::from([("Passing".into(), 1), ("Reset".into(), 1), ("Well".into(), 2)]));
    }

    #[test]
    fn at_the_same_moment_the_order_of_the_log_counts() {
        let found = account("\n1 v0 TooLarge ?a ?b .\n1 v0 Well +a .\n1 v0 Final -b .", "v0", &told(&["a", "b"]));
        assert_eq!((found.accepted, found.refused, found.unjudged.len()), (1, 1, 0));
    }

    #[test]
    fn what_is_missing_unjudged_or_untold_is_found() {
        let found = account("\n1 v0 Stall ?a +b .", "v0", &told(&["a", "c"]));
        assert_eq!((found.unjudged, found.missing, found.untold), (vec!["a".into()], vec!["c".into()], 1));
    }
}
