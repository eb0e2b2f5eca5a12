//! The counters' file and what lies beside it.

use super::{Scratch, now, parts};
use crate::counters::{Counted, Counters, Fresh, Read, read};
use crate::identity;
use std::time::Duration;

/// A file, the base of a report, and records (with what was being entered before them): whatever they hold, one command
/// more is counted, no count that could be read falls, the ID stays, and what cannot be kept is put aside.
pub(super) fn counters(data: &[u8]) {
    let scratch = Scratch::new();
    let mut inputs = parts(data);
    let given = inputs.next().unwrap_or_default();
    let file = scratch.write("telemetry.yaml", given);
    if let Some(reported) = inputs.next() {
        scratch.write("telemetry.yaml.overt/reported.json", reported);
    }
    if let Some(folding) = inputs.next() {
        scratch.write("telemetry.yaml.overt/folding", folding);
    }
    for (n, record) in inputs.take(4).enumerate() {
        scratch.write(&format!("telemetry.yaml.overt/{n:032x}.count"), record);
    }

    let before = read(given);
    let id = &before.document.id;
    assert!(id.is_empty() || identity::is_usable(id));
    let counters = Counters::new(&file).unwrap();
    let fresh = Fresh { cli_version: "1.0", new_id: Box::new(|| "a-new-one".into()) };
    let count = || counters.count("tool run", 0, &fresh, &|| true);
    if before.newer {
        count().unwrap_err();
        assert_eq!(std::fs::read(&file).unwrap(), given);
        return;
    }
    let first = count().unwrap();
    let content = std::fs::read(&file).unwrap();
    let after = read(&content);
    assert!(!after.damaged && !after.newer, "{}", String::from_utf8_lossy(&content));
    never_falls(&before, &after);
    assert_eq!(after.document.id, if id.is_empty() { "a-new-one" } else { id });
    let aside = std::fs::read(scratch.0.join("telemetry.yaml.bad")).ok();
    assert_eq!(aside.as_deref(), before.damaged.then_some(given));

    let own = |read: &Read| read.document.points.get("tool run").and_then(|codes| codes.get(&0)).copied().unwrap_or(0);
    if first == Counted::Counted {
        assert!(own(&after) > own(&before) || own(&after) == i64::MAX as u64);
    }
    // From now on everything is ours: each count is one more, and changes nothing else.
    let second = count().unwrap();
    let last = read(&std::fs::read(&file).unwrap());
    never_falls(&after, &last);
    let one = u64::from(second == Counted::Counted && own(&after) < i64::MAX as u64);
    assert_eq!(own(&last), own(&after) + one);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&last.document.to_json()).unwrap()["id"], last.document.id);

    // A report comes to an end, whatever was left of the one before.
    let report = || counters.report(now(), Duration::ZERO, &fresh, &|| true, &|growth| growth.count > 0);
    report().unwrap();
    assert!(!std::fs::read(scratch.0.join("telemetry.yaml.overt/reported.json")).unwrap().is_empty());
}

fn never_falls(before: &Read, after: &Read) {
    for (path, codes) in &before.document.points {
        for (code, count) in codes {
            assert!(after.document.points[path][code] >= *count, "{path} {code}");
        }
    }
}
