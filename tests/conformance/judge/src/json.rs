//! JSON without loss: numbers of any size are compared by their value in decimal, never as floats.
//!
//! - Objects keep their order for showing, and are equal in any order.
//! - A member that stands twice is an error: readers disagree about which of the two counts.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A JSON value.
#[derive(Clone, Debug)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// As it was written.
    Number(String),
    /// A string.
    Text(String),
    /// `[…]`
    Array(Vec<Json>),
    /// `{…}`
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a whole text.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str::<&RawValue>(text).and_then(Self::of_raw).map_err(|error| error.to_string())
    }

    fn of_raw(raw: &RawValue) -> Result<Self, serde_json::Error> {
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Bool(text == "true"),
            Some(b'"') => Self::Text(serde_json::from_str(text)?),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                Self::Array(items.into_iter().map(Self::of_raw).collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text)?;
                let read = |(name, raw)| Ok((name, Self::of_raw(raw)?));
                Self::Object(members.into_iter().map(read).collect::<Result<_, serde_json::Error>>()?)
            }
            _ => Self::Number(text.to_owned()),
        })
    }

    /// What lies at a path of members' names and positions, joined by dots; the empty path is the value itself.
    pub fn at(&self, path: &str) -> Option<&Self> {
        if path.is_empty() {
            return Some(self);
        }
        path.split('.').try_fold(self, |here, step| match here {
            Self::Object(members) => members.iter().find(|(name, _)| name == step).map(|(_, value)| value),
            Self::Array(items) => step.parse::<usize>().ok().and_then(|place| items.get(place)),
            _ => None,
        })
    }

    /// The string.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The number, as far as a float holds it.
    pub fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { number.parse().ok() } else { None }
    }

    /// The items of an array; none of anything else.
    pub fn items(&self) -> &[Self] {
        if let Self::Array(items) = self { items } else { &[] }
    }

    /// The members of an object.
    pub fn members(&self) -> Option<&[(String, Self)]> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<usize> for Json {
    fn from(number: usize) -> Self {
        Self::Number(number.to_string())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => one == other || decimal(one) == decimal(other),
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Array(one), Self::Array(other)) => one == other,
            (Self::Object(one), Self::Object(other)) => {
                one.len() == other.len() && one.iter().all(|(name, value)| self::member(other, name) == Some(value))
            }
            _ => false,
        }
    }
}

fn member<'m>(members: &'m [(String, Json)], wanted: &str) -> Option<&'m Json> {
    members.iter().find(|(name, _)| name == wanted).map(|(_, value)| value)
}

/// A number's sign, digits without zeros at either end, and the power of ten behind them.
fn decimal(text: &str) -> (bool, String, i64) {
    let (negative, bare) = text.strip_prefix('-').map_or((false, text), |bare| (true, bare));
    let (mantissa, exponent) = bare.split_once(['e', 'E']).unwrap_or((bare, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return (negative, String::new(), 0);
    }
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    let exponent = exponent.parse().unwrap_or(i64::MAX / 2) - fraction.len() as i64 + zeros as i64;
    (negative, significant.to_owned(), exponent)
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => f.write_str(number),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Array(items) => {
                let items: Vec<_> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(","))
            }
            Self::Object(members) => {
                let members: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
                write!(f, "{{{}}}", members.join(","))
            }
        }
    }
}

/// An object's members as they stand, each name once.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Walk;

        impl<'de> Visitor<'de> for Walk {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format!("the member {name:?} stands twice")));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Walk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(one: &str, other: &str) -> bool {
        Json::parse(one).unwrap() == Json::parse(other).unwrap()
    }

    #[test]
    fn numbers_are_equal_by_value_and_at_any_size() {
        for (one, other) in [("100", "1e2"), ("1.50", "15E-1"), ("0", "0.0"), ("-2", "-2.0"), ("1e400", "10e399")] {
            assert!(equal(one, other), "{one} {other}");
        }
        for (one, other) in [("12345678901234567890", "12345678901234567891"), ("1", "10"), ("1", "-1"), ("0.1", "1")] {
            assert!(!equal(one, other), "{one} {other}");
        }
    }

    #[test]
    fn objects_are_equal_in_any_order_and_kinds_are_not_mixed() {
        assert!(equal(r#"{"a":1,"b":[null,"\u00e9"]}"#, r#"{"b":[null,"é"],"a":1}"#));
        for (one, other) in [("[1,2]", "[2,1]"), ("{\"a\":1}", "{}"), ("null", "false"), ("1", "\"1\"")] {
            assert!(!equal(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_member_that_stands_twice_is_an_error_at_any_depth() {
        assert!(Json::parse(r#"{"a":[{"b":1,"b":1}]}"#).unwrap_err().contains("stands twice"));
        assert!(Json::parse("{\"a\":").is_err() && Json::parse("1 2").is_err());
    }

    #[test]
    fn a_path_leads_through_members_and_items() {
        let json = Json::parse(r#"{"a":[{"$b":"c"}]}"#).unwrap();
        assert_eq!(json.at("a.0.$b").and_then(Json::text), Some("c"));
        assert!(json.at("a.1").is_none() && json.at("a.0.$b.c").is_none());
    }
}
