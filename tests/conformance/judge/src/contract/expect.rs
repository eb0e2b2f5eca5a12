//! What must hold at the end of a case.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use toml::Value;

/// Claims about a value: paths and matchers.
pub type Claims = BTreeMap<String, Value>;

/// What must hold at the end.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// So many requests arrived.
    pub requests: Option<usize>,
    /// The events of each request: their names, or how many.
    pub batches: Option<Vec<Group>>,
    /// Of each request.
    pub every_request: Claims,
    /// Of the request with this number.
    #[serde(deserialize_with = "numbered")]
    pub request: BTreeMap<usize, Claims>,
    /// Of each event of each request.
    pub every_event: Claims,
    /// Of the event with this number, counted over all requests.
    #[serde(deserialize_with = "numbered")]
    pub event: BTreeMap<usize, Claims>,
    /// Paths whose values are the same in all requests.
    pub same: Vec<String>,
    /// Paths whose values differ between any two requests.
    pub fresh: Vec<String>,
    /// The time between a request and the next.
    pub pauses_ms: Vec<Pause>,
    /// Of `GET /state`.
    pub state: Claims,
    /// Of the document of `GET /counters`, which is `null` if there is none.
    pub counters: Claims,
    /// Of the text of files in the case's directory, by their names. What is there and no text is `null`.
    pub files: Claims,
}

/// The events of a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Group {
    /// How many.
    Count(usize),
    /// Their names, in order.
    Names(Vec<String>),
}

/// The time between two requests.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum Pause {
    /// At least so long.
    AtLeast(u64),
    /// At least and at most so long.
    Within(u64, u64),
}

impl Expect {
    /// All claims about values.
    pub fn claims(&self) -> impl Iterator<Item = &Claims> {
        let single = [&self.every_request, &self.every_event, &self.state, &self.counters, &self.files];
        single.into_iter().chain(self.request.values()).chain(self.event.values())
    }

    /// How many expectations there are.
    pub fn count(&self) -> usize {
        let single = usize::from(self.requests.is_some()) + usize::from(self.batches.is_some());
        let listed = self.same.len() + self.fresh.len() + self.pauses_ms.len();
        single + listed + self.claims().map(BTreeMap::len).sum::<usize>()
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count} events"),
            Self::Names(names) => write!(f, "{names:?}"),
        }
    }
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "at least {least} ms"),
            Self::Within(least, most) => write!(f, "{least} to {most} ms"),
        }
    }
}

impl Pause {
    /// The lower bound.
    pub fn at_least(self) -> u64 {
        match self {
            Self::AtLeast(ms) | Self::Within(ms, _) => ms,
        }
    }
}

/// Numbers from 1 are keys here, and in TOML every key is a string.
fn numbered<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<usize, Claims>, D::Error> {
    let read = |(key, claims): (String, Claims)| match key.parse() {
        Ok(number @ 1..) => Ok((number, claims)),
        _ => Err(D::Error::custom(format!("{key:?} is no number from 1"))),
    };
    BTreeMap::<String, Claims>::deserialize(deserializer)?.into_iter().map(read).collect()
}
