//! A JSON file of the tool's own.

use crate::json::Document;
use serde_json::{Map, Value};

const KEY: &str = "k";

/// A member is set, found and removed, and everything else stays as it is; what is no object is no document.
pub(super) fn document(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // With its feature `raw_value`, serde_json reads an object of this key as what the key's value says.
    if text.contains("$serde_json::private::RawValue") {
        return;
    }
    // Beyond a depth, and for numbers that no double holds, serde_json has no value, though there is a document.
    let read = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok();
    let Some(document) = Document::parse(text) else { return assert_eq!(read(text), None) };

    let with = document.with(KEY, "true");
    let without = document.without(KEY);
    let values = |text: &str| Document::parse(text).unwrap().values(KEY).map(str::to_owned).collect::<Vec<_>>();
    let found = values(text).len();
    assert_eq!(values(&with), vec!["true"; found.max(1)]);
    assert_eq!(values(&without).len(), 0);
    assert!(found > 0 || without == text, "something else changed");
    if let (Some(before), Some(with), Some(without)) = (read(text), read(&with), read(&without)) {
        let rest = |mut members: Map<String, Value>| {
            members.remove(KEY);
            members
        };
        assert_eq!(rest(with), rest(before.clone()));
        assert_eq!(without, rest(before));
    }
    // Changed back and forth it is the same again, unless the key stood in it.
    if found == 0 && !text.trim().trim_start_matches('{').trim_start().starts_with('}') {
        assert_eq!(Document::parse(&document.with(KEY, "1")).unwrap().without(KEY), text);
    }
}
