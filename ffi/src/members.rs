//! The members of a JSON object while a caller sets them one by one.
//!
//! - Values are serialised as they are set, all into one buffer, so capturing copies bytes and builds nothing.
//! - A key that is set again takes the place of the earlier one, in objects inside too.

use overt_core::{Error, ErrorKind, MAX_DEPTH, Writer};

/// A usual event: ten properties in 400 bytes.
const USUAL_BYTES: usize = 512;
const USUAL_MEMBERS: usize = 16;

/// Members, each as its key, a colon and its value, one after the other. The key is as the caller wrote it, without
/// quotes: whoever writes it into an object escapes it.
#[derive(Debug)]
pub(crate) struct Members {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// How many members there were when each of the objects that are still open began; its key is a member itself.
    open: Vec<usize>,
}

/// Where a member lies.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    value: usize,
    end: usize,
}

impl Members {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::with_capacity(USUAL_BYTES), spans: Vec::with_capacity(USUAL_MEMBERS), open: Vec::new() }
    }

    /// Sets a member of the innermost open object. `write` must write one value; if it fails, nothing is set.
    pub(crate) fn set<E>(&mut self, key: &str, write: impl FnOnce(&mut Writer<'_>) -> Result<(), E>) -> Result<(), E> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key.as_bytes());
        self.bytes.push(b':'); // after which the writer puts no comma
        let value = self.bytes.len();
        match write(&mut Writer::new(&mut self.bytes)) {
            Ok(()) => {
                let end = self.bytes.len();
                self.remove(key);
                let moved = end - self.bytes.len();
                self.spans.push(Span { start: start - moved, value: value - moved, end: end - moved });
                Ok(())
            }
            Err(error) => {
                self.bytes.truncate(start);
                Err(error)
            }
        }
    }

    /// Begins an object that is the value of `key`.
    pub(crate) fn begin(&mut self, key: &str) -> Result<(), Error> {
        if self.open.len() + 1 >= MAX_DEPTH {
            return Err(Error::new(ErrorKind::InvalidProperties, "nested deeper than 32"));
        }
        self.set(key, |_| Ok::<(), Error>(()))?;
        self.open.push(self.spans.len());
        Ok(())
    }

    /// Ends the innermost open object.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        let Some(first) = self.open.pop() else {
            return Err(Error::new(ErrorKind::InvalidProperties, "no object was begun that could end"));
        };
        let object = self.object_from(first)?;
        self.spans.truncate(first);
        if let Some(holder) = self.spans.last_mut() {
            self.bytes.truncate(holder.value);
            self.bytes.extend_from_slice(object.as_bytes());
            holder.end = self.bytes.len();
        }
        Ok(())
    }

    /// All members as an object.
    pub(crate) fn to_json(&self) -> Result<String, Error> {
        self.object_from(0)
    }

    fn object_from(&self, first: usize) -> Result<String, Error> {
        let mut object = Vec::with_capacity(self.bytes.len());
        let mut writer = Writer::new(&mut object);
        writer.begin_object();
        for (key, value) in self.iter().skip(first) {
            writer.key(key);
            writer.json(value)?;
        }
        writer.end_object();
        Ok(String::from_utf8_lossy(&object).into_owned())
    }

    /// The keys and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        // One check of the whole instead of one of each part, and none that could be left out without `unsafe`.
        let text = std::str::from_utf8(&self.bytes).unwrap_or_default();
        self.spans
            .iter()
            .filter_map(move |span| Some((text.get(span.start..span.value - 1)?, text.get(span.value..span.end)?)))
    }

    /// Removes the member of this name from the innermost open object, and its bytes, so that an event which is captured
    /// again and again does not grow.
    fn remove(&mut self, key: &str) {
        let first = self.open.last().copied().unwrap_or(0);
        let named = |span: &Span| {
            span.value - span.start == key.len() + 1
                && self.bytes.get(span.start..span.value - 1) == Some(key.as_bytes())
        };
        let Some(place) = self.spans.iter().skip(first).position(named) else { return };
        let gone = self.spans.remove(first + place);
        self.bytes.drain(gone.start..gone.end);
        let length = gone.end - gone.start;
        for span in self.spans.iter_mut().skip(first + place) {
            *span = Span { start: span.start - length, value: span.value - length, end: span.end - length };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(members: &mut Members, key: &str, value: i64) {
        let written: Result<(), Error> = members.set(key, |writer| {
            writer.int(value);
            Ok(())
        });
        written.unwrap();
    }

    /// What `keys`, set one after the other to 10, 11, …, come to.
    fn expected<'a>(keys: &[&'a str]) -> Vec<(&'a str, String)> {
        let last = |place: usize| !keys.iter().skip(place + 1).any(|later| *later == keys[place]);
        let places = (0..keys.len()).filter(|place| last(*place));
        places.map(|place| (keys[place], (10 + place).to_string())).collect()
    }

    #[test]
    fn a_key_that_is_set_again_has_the_last_value() {
        const KEYS: [&str; 3] = ["", "a", "a:b\""];
        for sequence in 0..3_usize.pow(5) {
            let keys: Vec<_> = (0..5).map(|step| KEYS[sequence / 3_usize.pow(step) % 3]).collect();
            let (mut outer, mut inner) = (Members::new(), Members::new());
            set(&mut inner, "a", 1);
            inner.begin("object").unwrap();
            for (key, value) in keys.iter().zip(10..) {
                set(&mut outer, key, value);
                set(&mut inner, key, value);
            }
            let found: Vec<_> = outer.iter().map(|(key, value)| (key, value.to_owned())).collect();
            assert_eq!(found, expected(&keys));
            let bytes: usize = outer.iter().map(|(key, value)| key.len() + 1 + value.len()).sum();
            assert_eq!(outer.bytes.len(), bytes);
            inner.end().unwrap();
            let object = format!(r#"{{"a":1,"object":{}}}"#, outer.to_json().unwrap());
            assert_eq!(inner.to_json().unwrap(), object);
        }
    }

    #[test]
    fn a_value_that_fails_leaves_nothing_behind() {
        let mut members = Members::new();
        set(&mut members, "a", 1);
        members.set("a", |writer| writer.json("{")).unwrap_err();
        members.set("b", |writer| writer.json("[1,")).unwrap_err();
        assert_eq!(members.to_json().unwrap(), r#"{"a":1}"#);
        assert_eq!(members.bytes, b"a:1");
    }

    #[test]
    fn objects_end_as_often_as_they_begin_and_nest_to_a_depth() {
        let mut members = Members::new();
        members.end().unwrap_err();
        let deepest = (0..100).take_while(|_| members.begin("a").is_ok()).count();
        assert_eq!(deepest, MAX_DEPTH - 1);
        assert!(members.to_json().is_err(), "an object that has not ended has no value");
        for _ in 0..deepest {
            members.end().unwrap();
        }
        members.end().unwrap_err();
        assert!(members.to_json().is_ok());
    }
}
