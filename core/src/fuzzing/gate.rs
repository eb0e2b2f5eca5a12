//! JSON from a caller.

use crate::json::{self, MAX_DEPTH, Sift, Writer};
use serde_json::{Map, Value};

/// The gate lets through exactly what serde_json reads, down to a depth, and does not change its
/// meaning; what it refuses leaves nothing behind.
pub(super) fn gate(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return assert!(!json::is_object(data)) };
    // With its feature `raw_value`, serde_json reads an object of this key as what the key's value says.
    if text.contains("$serde_json::private::RawValue") {
        return;
    }
    let read = serde_json::from_str::<Value>(text).ok();
    let is_object = read.as_ref().is_some_and(Value::is_object);
    // What a line puts around a caller's value is two deep.
    assert_eq!(json::is_object(data), is_object && depth(text) <= MAX_DEPTH + 2);
    let passes = |wanted: bool| wanted && depth(text) <= MAX_DEPTH;

    let mut out = b"[0".to_vec();
    let passed = Writer::new(&mut out).json(text).is_ok();
    assert_eq!(passed, passes(read.is_some()));
    assert!(if passed { out.starts_with(b"[0,") } else { out == b"[0" }, "what is refused leaves nothing behind");
    if let Some(copy) = out.get(3..) {
        assert_one_line(copy);
        assert_eq!(serde_json::from_slice::<Value>(copy).ok(), read, "another meaning");
        let mut again = Vec::new();
        Writer::new(&mut again).json(std::str::from_utf8(copy).unwrap()).unwrap();
        assert_eq!(again, copy, "white space was left");
    }

    let mut line = br#"{"first":0"#.to_vec();
    let mut sift = EvenKeys::default();
    let passed = json::copy_object(text, &mut line, &mut sift).is_ok();
    assert_eq!(passed, passes(is_object));
    assert!(line.starts_with(br#"{"first":0"#));
    if let (true, Some(Value::Object(members))) = (passed, read) {
        line.push(b'}');
        assert_one_line(&line);
        let (kept, left_out): (Map<_, _>, Map<_, _>) = members.into_iter().partition(|(key, _)| EvenKeys::has(key));
        let mut expected = Map::from_iter([("first".to_owned(), Value::from(0))]);
        expected.extend(kept);
        assert_eq!(serde_json::from_slice::<Value>(&line).unwrap(), Value::Object(expected));
        assert_eq!(sift.left_out, left_out);
    }

    let mut string = Vec::new();
    Writer::new(&mut string).str(text);
    assert_one_line(&string);
    assert_eq!(serde_json::from_slice::<String>(&string).unwrap(), text);
}

fn assert_one_line(json: &[u8]) {
    assert!(json.iter().all(|byte| *byte >= 0x20), "a control character");
}

/// How deep the brackets go that stand outside strings.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match (quoted, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'[' | b'{') => depth += 1,
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Keeps the members whose keys have an even length.
#[derive(Default)]
struct EvenKeys {
    left_out: Map<String, Value>,
}

impl EvenKeys {
    fn has(key: &str) -> bool {
        key.len().is_multiple_of(2)
    }
}

impl Sift for EvenKeys {
    fn keeps(&mut self, key: &str) -> bool {
        Self::has(key)
    }

    fn left_out(&mut self, key: &str, value: &[u8]) {
        self.left_out.insert(key.to_owned(), serde_json::from_slice(value).unwrap());
    }
}
