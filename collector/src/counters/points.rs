//! `metric_points`: the counts of a document, each path, code and number within its limit.
//!
//! A path is named by its place in the document, from 1, since an answer never repeats what was sent.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Counter, Counts};
use crate::limits;
use crate::refusal::Refusal;

const RULE: &str = "metric_points";

/// An object's pairs in their order, of which only as many are held as may be in it.
struct Pairs<'a, const LIMIT: usize> {
    first: Vec<(String, &'a RawValue)>,
    count: usize,
}

#[derive(Deserialize)]
struct Point<'a> {
    #[serde(borrow)]
    cumulative_count: Option<&'a RawValue>,
}

/// Reads the counts. Go writes a map that nothing was put into as `null`, and so did the first upload of PACE.
pub fn read(value: &RawValue) -> Result<Counts, Refusal> {
    let mut counts = Counts::new();
    if value.get() == "null" {
        return Ok(counts);
    }
    for (place, (path, codes)) in pairs::<{ limits::PATHS }>(value, "`metric_points`", "paths")?.enumerate() {
        let place = format!("`metric_points`, path {}", place + 1);
        if path.len() > limits::PATH_BYTES {
            return Err(invalid(format!("{place}: {} bytes, at most {} are allowed", path.len(), limits::PATH_BYTES)));
        }
        if path.split(' ').count() > limits::PATH_WORDS {
            return Err(invalid(format!("{place}: at most {} words are allowed", limits::PATH_WORDS)));
        }
        for (code, point) in pairs::<{ limits::EXIT_CODES }>(codes, &place, "exit codes")? {
            let exit_code = exit_code(&code)
                .ok_or_else(|| invalid(format!("{place}: an exit code must be a whole number of at most 32 bits")))?;
            let count = count(point, &place)?;
            if counts.insert(Counter { path: path.clone(), exit_code }, count).is_some() {
                return Err(invalid(format!("{place}: a path or an exit code is there twice")));
            }
            if counts.len() > limits::DOCUMENT_COUNTERS {
                let detail = format!("`metric_points`: at most {} counts are allowed", limits::DOCUMENT_COUNTERS);
                return Err(Refusal::too_large(RULE, detail));
            }
        }
    }
    Ok(counts)
}

fn pairs<'a, const LIMIT: usize>(
    value: &'a RawValue,
    place: &str,
    what: &str,
) -> Result<impl Iterator<Item = (String, &'a RawValue)> + use<'a, LIMIT>, Refusal> {
    let pairs: Pairs<'a, LIMIT> =
        serde_json::from_str(value.get()).map_err(|_| invalid(format!("{place} must be an object")))?;
    if pairs.count > LIMIT {
        return Err(Refusal::too_large(RULE, format!("{place}: {} {what}, at most {LIMIT} are allowed", pairs.count)));
    }
    Ok(pairs.first.into_iter())
}

/// In the one way of writing it, so that no counter is there under two names.
fn exit_code(text: &str) -> Option<i64> {
    let code: i64 = text.parse().ok()?;
    let range = i64::from(i32::MIN)..=i64::from(u32::MAX);
    (range.contains(&code) && code.to_string() == text).then_some(code)
}

fn count(point: &RawValue, place: &str) -> Result<u64, Refusal> {
    let wrong = || invalid(format!("{place}: `cumulative_count` must be a whole number from 0"));
    // A struct could be read from an array too.
    if !point.get().starts_with('{') {
        return Err(invalid(format!("{place}: an exit code must have an object")));
    }
    let point: Point<'_> = serde_json::from_str(point.get()).map_err(|_| wrong())?;
    let digits = point.cumulative_count.map(RawValue::get).ok_or_else(wrong)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    // Only digits: what cannot be read is too large.
    Ok(digits.parse().unwrap_or(u64::MAX).min(limits::COUNT))
}

fn invalid(detail: String) -> Refusal {
    Refusal::invalid(RULE, detail)
}

impl<'de: 'a, 'a, const LIMIT: usize> Deserialize<'de> for Pairs<'a, LIMIT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<'a, const LIMIT: usize>(PhantomData<&'a ()>);

impl<'de: 'a, 'a, const LIMIT: usize> Visitor<'de> for PairsVisitor<'a, LIMIT> {
    type Value = Pairs<'a, LIMIT>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut first = Vec::new();
        while first.len() < LIMIT {
            match map.next_entry()? {
                Some(entry) => first.push(entry),
                None => return Ok(Pairs { count: first.len(), first }),
            }
        }
        let mut count = first.len();
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Pairs { first, count })
    }
}
