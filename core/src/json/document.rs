//! A JSON document of somebody else's, of which one member of the outermost object is changed. Pure.
//!
//! Everything but that member stays as it is, byte for byte: other members, their order, their numbers' digits, white space.
//! A new member is set like the last one, so that the file keeps its indent. A key that stands twice is one member: as in
//! most readers its last value counts, and a change is made to all.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

/// What a new document looks like: four blanks, as in the files of AWS SAM CLI and of Python's programs.
const NEW_INDENT: &str = "\n    ";
const NEW_COLON: &str = ": ";

/// An object's text, with the places of its members.
#[derive(Debug)]
pub(crate) struct Document<'t> {
    text: &'t str,
    members: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    key: Range<usize>,
    value: Range<usize>,
}

impl<'t> Document<'t> {
    /// `None` if the text is no JSON object.
    pub(crate) fn parse(text: &'t str) -> Option<Self> {
        let Members(members) = serde_json::from_str(text).ok()?;
        let place = |raw: &RawValue| {
            // Both lie in `text`, from which nothing was copied.
            let from = raw.get().as_ptr().addr() - text.as_ptr().addr();
            from..from + raw.get().len()
        };
        let members = members.into_iter().map(|(key, value)| Place { key: place(key), value: place(value) }).collect();
        Some(Self { text, members })
    }

    /// The values under a key, as JSON.
    pub(crate) fn values(&self, key: &str) -> impl DoubleEndedIterator<Item = &'t str> {
        self.found(key).map(|place| self.at(&place.value))
    }

    /// The document with this member, whose value is JSON.
    pub(crate) fn with(&self, key: &str, value: &str) -> String {
        let places: Vec<_> = self.found(key).map(|place| place.value.clone()).collect();
        if !places.is_empty() {
            return self.replaced(places.into_iter().map(|place| (place, value)));
        }
        let key = serde_json::Value::from(key).to_string();
        let Some(last) = self.members.last() else {
            let braces = self.text.find('{').unwrap_or_default()..self.text.rfind('}').map_or(0, |end| end + 1);
            return self.replaced([(braces, format!("{{{NEW_INDENT}{key}{NEW_COLON}{value}\n}}").as_str())]);
        };
        let colon = self.at(&(last.key.end..last.value.start));
        let space = match (self.members.len(), self.space_before(last)) {
            // On one line nothing stands before the first member; as a rule a comma has what a colon has.
            (1, "") => colon.trim_start().trim_start_matches(':'),
            (_, space) => space,
        };
        let behind = last.value.end..last.value.end;
        self.replaced([(behind, format!(",{space}{key}{colon}{value}").as_str())])
    }

    /// The document without this member.
    pub(crate) fn without(&self, key: &str) -> String {
        let goes: Vec<bool> = self.members.iter().map(|place| self.is(place, key)).collect();
        if !goes.contains(&true) {
            return self.text.to_owned();
        }
        let mut kept = self.members.iter().zip(&goes).filter(|(_, goes)| !**goes).map(|(place, _)| place);
        let Some(first) = kept.next() else {
            let inside = self.text.find('{').map_or(0, |start| start + 1)..self.text.rfind('}').unwrap_or_default();
            return self.replaced([(inside, "")]);
        };
        let last = kept.next_back().unwrap_or(first);
        let mut cuts = Vec::new();
        for (place, next) in self.members.iter().zip(self.members.iter().skip(1)) {
            if self.is(place, key) && place.key.start < last.key.start {
                cuts.push((place.key.start..next.key.start, ""));
            }
        }
        // Those behind the last that stays go with the commas before them.
        if let Some(end) = self.members.last().filter(|end| end.key.start > last.key.start) {
            cuts.push((last.value.end..end.value.end, ""));
        }
        self.replaced(cuts)
    }

    fn found(&self, key: &str) -> impl DoubleEndedIterator<Item = &Place> {
        self.members.iter().filter(move |place| self.is(place, key))
    }

    fn is(&self, place: &Place, key: &str) -> bool {
        serde_json::from_str::<String>(self.at(&place.key)).is_ok_and(|known| known == key)
    }

    /// What stands between the comma or brace before a member and its key.
    fn space_before(&self, place: &Place) -> &'t str {
        let before = self.at(&(0..place.key.start));
        self.at(&(before.trim_end().len()..before.len()))
    }

    fn at(&self, place: &Range<usize>) -> &'t str {
        self.text.get(place.clone()).unwrap_or_default()
    }

    /// The text with other text at these places, which are given in order.
    fn replaced<'r>(&self, changes: impl IntoIterator<Item = (Range<usize>, &'r str)>) -> String {
        let (mut changed, mut from) = (String::with_capacity(self.text.len()), 0);
        for (place, new) in changes {
            changed.push_str(self.at(&(from..place.start)));
            changed.push_str(new);
            from = place.end;
        }
        changed.push_str(self.at(&(from..self.text.len())));
        changed
    }
}

/// A new document with one member.
pub(crate) fn new_document(key: &str, value: &str) -> String {
    Document { text: "{}\n", members: Vec::new() }.with(key, value)
}

/// An object's keys and values as they are written, in order, however often a key stands there.
struct Members<'t>(Vec<(&'t RawValue, &'t RawValue)>);

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(document: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'t> Visitor<'t> for Visit {
            type Value = Members<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        document.deserialize_map(Visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str, key: &str, value: &str) -> String {
        Document::parse(text).unwrap().with(key, value)
    }

    fn without(text: &str, key: &str) -> String {
        Document::parse(text).unwrap().without(key)
    }

    /// As AWS SAM CLI writes it.
    const SAM: &str = "{\n    \"installationId\": \"i\",\n    \"other\": {\"n\": 1.50, \"deep\": [\n  ]}\n}\n";

    #[test]
    fn a_new_member_is_set_like_the_last_one() {
        for (text, expected) in [
            (SAM, SAM.replace("]}\n}", "]},\n    \"k\": true\n}")),
            ("{\"a\":1}", "{\"a\":1,\"k\":true}".into()),
            ("{\"a\": 1}", "{\"a\": 1, \"k\": true}".into()),
            ("{\"a\": 1,\"b\": 2}", "{\"a\": 1,\"b\": 2,\"k\": true}".into()),
            (" {\"a\" : 1 , \"b\" : 2 } ", " {\"a\" : 1 , \"b\" : 2, \"k\" : true } ".into()),
            ("{\n\t\"a\": 1\n}", "{\n\t\"a\": 1,\n\t\"k\": true\n}".into()),
            ("{\r\n  \"a\": 1\r\n}\r\n", "{\r\n  \"a\": 1,\r\n  \"k\": true\r\n}\r\n".into()),
            ("{}", "{\n    \"k\": true\n}".into()),
            ("\n{ }\n", "\n{\n    \"k\": true\n}\n".into()),
        ] {
            assert_eq!(with(text, "k", "true"), expected, "{text:?}");
        }
        assert_eq!(new_document("k\"", "\"v\""), "{\n    \"k\\\"\": \"v\"\n}\n");
    }

    #[test]
    fn a_members_value_is_replaced_wherever_it_stands() {
        assert_eq!(with(SAM, "installationId", "null"), SAM.replace("\"i\"", "null"));
        assert_eq!(
            with(r#"{"k":1,"a":{"k":2},"\u006b":3}"#, "k", "false"),
            r#"{"k":false,"a":{"k":2},"\u006b":false}"#
        );
    }

    #[test]
    fn a_member_goes_with_its_comma_and_nothing_else_does() {
        assert_eq!(without(SAM, "installationId"), SAM.replace("\"installationId\": \"i\",\n    ", ""));
        assert_eq!((without(SAM, "nobody").as_str(), without("{ }", "k").as_str()), (SAM, "{ }"));
        for (text, expected) in [
            ("{\"k\":1}", "{}"),
            ("{ \"k\":1 }", "{}"),
            ("{\"k\":1,\"k\":2}", "{}"),
            ("{\"a\":0,\"k\":1}", "{\"a\":0}"),
            ("{\"k\":1, \"a\":0}", "{\"a\":0}"),
            ("{\"a\":0, \"k\":1 , \"b\":2}", "{\"a\":0, \"b\":2}"),
            ("{\"k\":1,\"k\":2,\"a\":0,\"k\":3,\"b\":{\"k\":4},\"k\":5,\"k\":6}", "{\"a\":0,\"b\":{\"k\":4}}"),
            ("{\n  \"a\": 0,\n  \"k\": 1\n}\n", "{\n  \"a\": 0\n}\n"),
        ] {
            assert_eq!(without(text, "k"), expected, "{text}");
        }
    }

    #[test]
    fn of_a_key_that_stands_twice_all_values_are_found() {
        let document = Document::parse(r#"{"k":1,"a":2,"k":"x"}"#).unwrap();
        assert_eq!(document.values("k").collect::<Vec<_>>(), ["1", "\"x\""]);
        assert_eq!(document.values("nobody").next(), None);
    }

    #[test]
    fn what_is_no_object_is_no_document() {
        for text in ["", " \n", "[]", "null", "{", "{\"a\":1,}", "{} {}", "{'a':1}", "\u{feff}{}", "{\"a\":NaN}", "0"] {
            assert!(Document::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn whatever_is_changed_reads_as_it_should_and_leaves_the_rest() {
        use serde_json::Value;
        let pieces = ["\"k\": 1", " \"a\":[{}]", "\n\t\"b\" : \"}{,\\\"\" ", "\"\\u006b\" :null", "\"é\":-0.50e1"];
        for picks in 0..5_usize.pow(4) {
            let picked = (0..4).map(|place| pieces[picks / 5_usize.pow(place) % 5]);
            let text = format!("{{{}}}\n", picked.take(picks % 5).collect::<Vec<_>>().join(","));
            let read = |text: &str| serde_json::from_str::<serde_json::Map<String, Value>>(text).expect(text);
            let mut expected = read(&text);
            expected.remove("k");
            assert_eq!(read(&without(&text, "k")), expected);
            expected.insert("k".to_owned(), Value::Bool(true));
            assert_eq!(read(&with(&text, "k", "true")), expected);
        }
    }
}
