//! Matchers: what a case may claim about one value. The whole language; `README.md` of the contract explains it.

use crate::json::Json;
use crate::time;
use std::collections::BTreeMap;
use toml::Value;
use uuid::Uuid;

/// What a value must be.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// Equal to this.
    Equal(Json),
    /// An object with these members and perhaps others.
    Has(Json),
    /// An object with exactly these members, or a list of exactly these words, in any order.
    Names(Vec<String>),
    /// A string with this end.
    Ends(String),
    /// Of this kind.
    Is(Kind),
    /// The same instant, written in UTC.
    Instant(i64),
    /// A time between two moments of the case.
    Between(String, String),
    /// A number in these bounds.
    AtLeast(f64),
    /// See `AtLeast`.
    AtMost(f64),
}

/// What `is` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is no such member.
    Absent,
    /// There is one, whatever it holds.
    Present,
    /// A string that is not empty.
    Text,
    /// An object.
    Object,
    /// A UUID in its usual form.
    Uuid,
    /// A UUID of version 7.
    Uuid7,
    /// A canonical time in UTC.
    Time,
    /// A canonical time in UTC with milliseconds or finer.
    FineTime,
}

const KINDS: [(&str, Kind); 8] = [
    ("absent", Kind::Absent),
    ("present", Kind::Present),
    ("text", Kind::Text),
    ("object", Kind::Object),
    ("uuid", Kind::Uuid),
    ("uuid version 7", Kind::Uuid7),
    ("time in utc", Kind::Time),
    ("time in utc to the millisecond", Kind::FineTime),
];

/// Moments of a case by their names, in microseconds since the Unix epoch.
pub type Moments = BTreeMap<String, i64>;

impl Matcher {
    /// Reads a matcher: a table with one word of the language, or a plain value.
    pub fn read(value: &Value) -> Result<Self, String> {
        let Some(table) = value.as_table() else { return plain(value).map(Self::Equal) };
        let mut members = table.iter();
        let (Some((word, given)), None) = (members.next(), members.next()) else {
            return Err(format!("a matcher has one word, not {table}"));
        };
        let text = || given.as_str().ok_or_else(|| format!("{word}: a string is needed, not {given}"));
        let number = || plain(given)?.number().ok_or_else(|| format!("{word}: a number is needed, not {given}"));
        match word.as_str() {
            "json" => Json::parse(text()?).map(Self::Equal),
            "has" => match Json::parse(text()?)? {
                object @ Json::Object(_) => Ok(Self::Has(object)),
                other => Err(format!("has: an object is needed, not {other}")),
            },
            "ends" => text().map(|end| Self::Ends(end.to_owned())),
            "names" => texts(given).map(Self::Names),
            "is" => {
                let known = KINDS.iter().find(|(name, _)| Some(*name) == given.as_str());
                known.map(|(_, kind)| Self::Is(*kind)).ok_or_else(|| format!("is: {given} is not known"))
            }
            "instant" => {
                let instant = time::canonical(text()?);
                instant.map(Self::Instant).ok_or_else(|| format!("instant: {given} is no canonical time"))
            }
            "between" => match texts(given)?.as_slice() {
                [from, to] => Ok(Self::Between(from.clone(), to.clone())),
                _ => Err(format!("between: two moments are needed, not {given}")),
            },
            "at_least" => number().map(Self::AtLeast),
            "at_most" => number().map(Self::AtMost),
            _ => Err(format!("{word:?} is no matcher")),
        }
    }

    /// What is wrong with the value, in words; nothing if it is as claimed.
    pub fn fault(&self, value: Option<&Json>, moments: &Moments) -> Option<String> {
        match (self, value) {
            (Self::Is(Kind::Absent), None) => return None,
            (Self::Is(Kind::Absent), Some(_)) => {}
            (_, Some(value)) if self.holds(value, moments) => return None,
            _ => {}
        }
        let came = value.map_or("nothing".to_owned(), |value| clip(&value.to_string()));
        Some(format!("expected {}, came {came}", self.in_words(moments)))
    }

    fn holds(&self, value: &Json, moments: &Moments) -> bool {
        let time_of = || value.text().and_then(time::canonical);
        match self {
            Self::Equal(wanted) => value == wanted,
            Self::Has(wanted) => {
                let mut wanted = wanted.members().unwrap_or_default().iter();
                value.members().is_some() && wanted.all(|(name, wanted)| member(value, name) == Some(wanted))
            }
            Self::Names(wanted) => {
                let mut names: Vec<&str> = match value.members() {
                    Some(members) => members.iter().map(|(name, _)| name.as_str()).collect(),
                    None => value.items().iter().filter_map(Json::text).collect(),
                };
                let mut wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
                names.sort_unstable();
                wanted.sort_unstable();
                names == wanted
            }
            Self::Ends(end) => value.text().is_some_and(|text| text.ends_with(end.as_str())),
            Self::Is(kind) => kind.holds(value),
            Self::Instant(wanted) => time_of() == Some(*wanted),
            Self::Between(from, to) => match (moments.get(from), moments.get(to), time_of()) {
                // Times are cut to the millisecond when they are written.
                (Some(from), Some(to), Some(time)) => (from - from.rem_euclid(1000)..=*to).contains(&time),
                _ => false,
            },
            Self::AtLeast(bound) => value.number().is_some_and(|number| number >= *bound),
            Self::AtMost(bound) => value.number().is_some_and(|number| number <= *bound),
        }
    }

    fn in_words(&self, moments: &Moments) -> String {
        match self {
            Self::Equal(wanted) => clip(&wanted.to_string()),
            Self::Has(wanted) => format!("an object with {}", clip(&wanted.to_string())),
            Self::Names(wanted) => format!("exactly these names: {}", wanted.join(", ")),
            Self::Ends(end) => format!("a string that ends with {end:?}"),
            Self::Is(wanted) => {
                KINDS.iter().find(|(_, kind)| kind == wanted).map_or_else(String::new, |(name, _)| (*name).to_owned())
            }
            Self::Instant(micros) => format!("the instant {micros} µs since 1970, in UTC"),
            Self::Between(from, to) => {
                let at = |name| moments.get(name).map_or("unknown".to_owned(), |at| format!("{at} µs"));
                format!("a time in UTC between \"{from}\" ({}) and \"{to}\" ({})", at(from), at(to))
            }
            Self::AtLeast(bound) => format!("at least {bound}"),
            Self::AtMost(bound) => format!("at most {bound}"),
        }
    }
}

impl Kind {
    fn holds(self, value: &Json) -> bool {
        let uuid = || {
            let text = value.text()?;
            Uuid::try_parse(text).ok().filter(|uuid| uuid.hyphenated().to_string() == text && !uuid.is_nil())
        };
        let digits = || {
            let text = value.text()?;
            time::canonical(text).map(|_| time::fraction_digits(text))
        };
        match self {
            Self::Absent => false,
            Self::Present => true,
            Self::Text => value.text().is_some_and(|text| !text.is_empty()),
            Self::Object => value.members().is_some(),
            Self::Uuid => uuid().is_some(),
            Self::Uuid7 => uuid().is_some_and(|uuid| uuid.get_version_num() == 7),
            Self::Time => digits().is_some(),
            Self::FineTime => digits().is_some_and(|digits| digits >= 3),
        }
    }
}

fn member<'j>(object: &'j Json, wanted: &str) -> Option<&'j Json> {
    object.members()?.iter().find(|(name, _)| name == wanted).map(|(_, value)| value)
}

fn plain(value: &Value) -> Result<Json, String> {
    match value {
        Value::String(text) => Ok(Json::from(text.as_str())),
        Value::Integer(_) | Value::Float(_) => Ok(Json::Number(value.to_string())),
        Value::Boolean(value) => Ok(Json::Bool(*value)),
        Value::Array(items) => items.iter().map(plain).collect::<Result<_, _>>().map(Json::Array),
        other => Err(format!("{other} is no JSON value; write {{json = '…'}}")),
    }
}

fn texts(value: &Value) -> Result<Vec<String>, String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: Option<Vec<_>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
    texts.filter(|_| value.is_array()).ok_or_else(|| format!("a list of strings is needed, not {value}"))
}

/// Long values are cut where a reader has seen enough.
pub fn clip(text: &str) -> String {
    clip_at(text, 400)
}

/// Cut after so many characters.
pub fn clip_at(text: &str, enough: usize) -> String {
    match text.char_indices().nth(enough) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(matcher: &str, json: &str) -> bool {
        let table: toml::Table = format!("m = {matcher}").parse().unwrap();
        let moments = Moments::from([("a".into(), 1_500), ("b".into(), 9_000_000)]);
        let value = Json::parse(json).unwrap();
        Matcher::read(&table["m"]).unwrap().fault(Some(&value), &moments).is_none()
    }

    #[test]
    fn each_word_holds_for_what_it_means_and_for_nothing_else() {
        for (matcher, yes, no) in [
            ("'a'", "\"a\"", "\"b\""),
            ("3", "3.0", "4"),
            ("['a', 1]", "[\"a\",1]", "[1,\"a\"]"),
            ("{json = 'null'}", "null", "false"),
            ("{has = '{\"a\":null}'}", "{\"b\":1,\"a\":null}", "{\"b\":1}"),
            ("{has = '{}'}", "{}", "[]"),
            ("{names = ['b', 'a']}", "{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2,\"c\":3}"),
            ("{names = ['b', 'a']}", "[\"a\",\"b\"]", "[\"a\"]"),
            ("{ends = 'b'}", "\"ab\"", "\"ba\""),
            ("{is = 'present'}", "null", "null"),
            ("{is = 'text'}", "\"a\"", "\"\""),
            ("{is = 'object'}", "{}", "[]"),
            ("{is = 'uuid'}", "\"36be4c46-4e1b-431d-b9db-1b315f537a85\"", "\"36be4c464e1b431db9db1b315f537a85\""),
            ("{is = 'uuid'}", "\"36be4c46-4e1b-431d-b9db-1b315f537a85\"", "\"00000000-0000-0000-0000-000000000000\""),
            (
                "{is = 'uuid version 7'}",
                "\"019aa25a-3dcd-7000-8000-000000000001\"",
                "\"36be4c46-4e1b-431d-b9db-1b315f537a85\"",
            ),
            ("{is = 'time in utc'}", "\"2026-11-20T18:10:36Z\"", "\"2026-11-20T20:10:36+02:00\""),
            ("{is = 'time in utc to the millisecond'}", "\"2026-11-20T18:10:36.123Z\"", "\"2026-11-20T18:10:36Z\""),
            ("{instant = '1970-01-01T00:00:01Z'}", "\"1970-01-01T00:00:01.000Z\"", "\"1970-01-01T01:00:01Z\""),
            ("{between = ['a', 'b']}", "\"1970-01-01T00:00:00.001Z\"", "\"1970-01-01T00:00:00.000Z\""),
            ("{between = ['a', 'b']}", "\"1970-01-01T00:00:09Z\"", "\"1970-01-01T00:00:10Z\""),
            ("{at_least = 2}", "2", "1"),
            ("{at_most = 2}", "2", "\"2\""),
        ] {
            assert!(holds(matcher, yes), "{matcher} {yes}");
            assert!(yes == no || !holds(matcher, no), "{matcher} {no}");
        }
    }

    #[test]
    fn absent_holds_for_nothing_and_every_other_for_something() {
        let absent = Matcher::Is(Kind::Absent);
        assert!(absent.fault(None, &Moments::new()).is_none());
        assert!(absent.fault(Some(&Json::Null), &Moments::new()).is_some());
        assert!(Matcher::Is(Kind::Present).fault(None, &Moments::new()).unwrap().contains("came nothing"));
    }

    #[test]
    fn what_is_no_matcher_is_an_error() {
        for wrong in ["{typo = 1}", "{is = 'round'}", "{json = '{'}", "{is = 'text', json = '1'}", "{between = ['a']}"]
        {
            let table: toml::Table = format!("m = {wrong}").parse().unwrap();
            assert!(Matcher::read(&table["m"]).is_err(), "{wrong}");
        }
    }
}
