//! The small files of a state directory.

use super::{Scratch, now, parts};
use crate::config::{Config, PARK_TIME};
use crate::consent::{self, ConsentReason, ConsentVariable, Rules, Signals, StoredChoice};
use crate::ledger::Ledger;
use crate::sent;
use crate::spool::books;
use crate::stored::Stored;
use crate::wire::Destination;
use std::path::Path;

/// A file with the stored choice: on only if its first word is `on`, and whoever asks for less says off.
pub(super) fn consent(data: &[u8]) {
    let scratch = Scratch::new();
    let choice = StoredChoice::read(&scratch.write("consent", data));
    let first_word = |word: &[u8]| {
        let rest = data.trim_ascii_start().strip_prefix(word);
        rest.is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
    };
    let expected = match (first_word(b"on"), first_word(b"off")) {
        (true, _) => StoredChoice::On,
        (_, true) => StoredChoice::Off,
        _ => StoredChoice::Unreadable,
    };
    assert_eq!(choice, expected);
    let nobody = Signals::default();
    let signals = [nobody, Signals { ci: true, ..nobody }, Signals { do_not_track: true, ..nobody }];
    for (signals, host) in signals.into_iter().flat_map(|one| [None, Some(true), Some(false)].map(|host| (one, host))) {
        for (default, missing) in [(true, None), (true, Some(ConsentReason::NoApiKey)), (false, None)] {
            let rules = Rules { variables: Vec::new(), respect_do_not_track: true, in_ci: false, default, missing };
            let consent = consent::decide(&rules, signals, host, choice, || panic!("a stored choice needs no notice"));
            let may = choice == StoredChoice::On && missing.is_none() && host != Some(false) && !signals.do_not_track;
            assert_eq!(consent.enabled, may, "{consent:?}");
        }
    }
    // A variable's own rule survives being stored.
    if let Ok(variable) =
        std::str::from_utf8(data).map_err(drop).and_then(|text| ConsentVariable::parse(text).map_err(drop))
    {
        let text = String::from(variable.clone());
        assert_eq!(ConsentVariable::parse(&text).unwrap(), variable);
    }
}

/// `destination.json`: read or not, and what is read is stored as it was; a spool never changes its place.
pub(super) fn destination(data: &[u8]) {
    let scratch = Scratch::new();
    let file = scratch.write("spool/given/destination.json", data);
    let read = |root: &Path| Config::stored("tool", Some(root)).unwrap();
    let found = read(&scratch.0);
    assert!(found.len() <= 1);
    let to = |config: &Config| Destination {
        wire: config.wire,
        endpoint: config.endpoint.clone(),
        api_key: config.api_key.clone(),
        compression: config.compression,
        historical_migration: config.historical_migration,
        extra_headers: config.extra_headers.clone(),
        ack: config.ack,
    };
    let mut ours = Config::new("tool");
    ours.api_key = "phc_ours".into();
    for config in &found {
        let _ = config.check();
        assert!(config.compression.check().is_ok(), "this build lacks it");
        let kept = ["one", "two"].map(|name| {
            let file = scratch.write(&format!("{name}/spool/x/destination.json"), b"");
            let config = read(&scratch.0.join("one")).pop().unwrap_or_else(|| config.clone());
            Stored::of(&config, &to(&config)).keep(file.parent().unwrap()).unwrap();
            std::fs::read(file).unwrap()
        });
        assert_eq!(kept[0], kept[1], "it changes by being stored");
    }
    let taken = found.first().is_some_and(|config| !to(config).is_same_place(&to(&ours)));
    let kept = Stored::of(&ours, &to(&ours)).keep(file.parent().unwrap());
    assert_eq!(kept.is_err(), taken);
    let now = read(&scratch.0).pop().unwrap();
    assert!(to(&now).is_same_place(&to(if taken { &found[0] } else { &ours })));
}

/// `ledger.json`, a record whose segment is gone, and `sent.jsonl`: whatever they hold, what is known is added once, and
/// nothing counts backwards.
pub(super) fn ledger(data: &[u8]) {
    let scratch = Scratch::new();
    let mut files = parts(data);
    scratch.write("ledger.json", files.next().unwrap_or_default());
    let sent = files.next().unwrap_or_default();
    scratch.write("sent.jsonl", sent);
    files.next().map(|record| scratch.write("1795198236490-1-00000001.v1.done", record));
    let dir = scratch.0.as_path();
    let before = books::read(dir);
    assert!(before.parked_for(now()) <= PARK_TIME);
    let mut after = before.clone();
    // A process that dies after the first of these leaves the second to do.
    for news in [Ledger::default(), Ledger { delivered: 1, requests: 2, failures: u64::MAX, ..Ledger::default() }] {
        after.add(&news);
        books::enter(dir, &news).unwrap();
        assert_eq!(books::read(dir), Ledger { parked_until_ms: 0, ..after.clone() });
    }
    assert_eq!(books::totals(dir), books::read(dir), "a record without a segment stays");

    let earlier = sent::lines(dir).len();
    sent::keep(dir, [b"{}".as_slice()].into_iter());
    let lines = sent::lines(dir);
    assert!(lines.last().is_some_and(|line| line.ends_with("{}")));
    assert_eq!(lines.len() == earlier + 1, sent.is_empty() || sent.ends_with(b"\n"));
}
