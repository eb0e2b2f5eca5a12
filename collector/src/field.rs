//! Single fields of a body, checked: strings within their limits, and UUIDs.
//!
//! A refusal names the field and the limit, and never repeats the value. Does no I/O.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::refusal::Refusal;

/// For `deserialize_with`: keeps `null` apart from a field that is absent.
pub fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// A non-empty string of at most `limit` bytes.
pub fn text(field: &'static str, value: Option<&RawValue>, limit: usize) -> Result<String, Refusal> {
    let text = text_or_empty(field, Some(there(field, value)?), limit)?;
    if text.is_empty() {
        return Err(Refusal::invalid(field, format!("`{field}` is empty")));
    }
    Ok(text)
}

/// A string of at most `limit` bytes; one that is absent is empty.
pub fn text_or_empty(field: &'static str, value: Option<&RawValue>, limit: usize) -> Result<String, Refusal> {
    let Some(value) = value else { return Ok(String::new()) };
    let text: String = serde_json::from_str(value.get())
        .map_err(|_| Refusal::invalid(field, format!("`{field}` must be a string")))?;
    match text.len() {
        length if length > limit => {
            Err(Refusal::invalid(field, format!("`{field}` has {length} bytes, at most {limit} are allowed")))
        }
        _ => Ok(text),
    }
}

/// A UUID in any of its written forms. The nil UUID is nobody's: all that carry it would be one.
pub fn uuid(field: &'static str, value: Option<&RawValue>) -> Result<String, Refusal> {
    let text: Option<String> = serde_json::from_str(there(field, value)?.get()).ok();
    text.and_then(|text| Uuid::try_parse(&text).ok())
        .filter(|uuid| !uuid.is_nil())
        .map(|uuid| uuid.hyphenated().to_string())
        .ok_or_else(|| Refusal::invalid(field, format!("`{field}` must be a UUID other than nil")))
}

/// The value of a field that must be there.
pub fn there<'a>(field: &'static str, value: Option<&'a RawValue>) -> Result<&'a RawValue, Refusal> {
    value.ok_or_else(|| Refusal::invalid(field, format!("`{field}` is missing")))
}
