//! What stands beside an event's properties in version 1, and how it comes back among them.
//!
//! - Options, the two IDs and the library are stored as the properties that they are in version 0, so every reader sees
//!   one form.
//! - The text of the properties stays as it came; what stood beside them follows at its end.
//! - What is said beside wins over a property of the same name. Only then are the properties written anew, each value as
//!   it came.
//! - Options that we do not know are not kept.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::limits;
use crate::refusal::Refusal;

/// The members that were there, by their names in version 0, each of the right type.
#[derive(Debug, Default)]
pub struct Beside<'a>(Vec<(&'static str, &'a RawValue)>);

/// The library that sent a batch, by the names of its properties in version 0.
pub type Library = Vec<(&'static str, Box<RawValue>)>;

/// Reads `PostHog-Sdk-Info`: `<name>/<version>`. Anything else, or more than may be stored with each event of its batch,
/// says nothing.
pub fn library(sdk_info: Option<&str>) -> Library {
    let Some((name, version)) =
        sdk_info.filter(|text| text.len() <= limits::SDK_INFO_BYTES).and_then(|text| text.split_once('/'))
    else {
        return Library::new();
    };
    let text = |property, text: &str| to_raw_value(text).ok().map(|text| (property, text));
    [text("$lib", name), text("$lib_version", version)].into_iter().flatten().collect()
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    options: Option<&'a RawValue>,
    #[serde(borrow)]
    session_id: Option<&'a RawValue>,
    #[serde(borrow)]
    window_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Options<'a> {
    #[serde(borrow)]
    cookieless_mode: Option<&'a RawValue>,
    #[serde(borrow)]
    disable_skew_correction: Option<&'a RawValue>,
    #[serde(borrow)]
    process_person_profile: Option<&'a RawValue>,
    #[serde(borrow)]
    product_tour_id: Option<&'a RawValue>,
}

impl<'a> Beside<'a> {
    /// Reads the JSON text of one event, which is an object, sent by this library.
    pub fn read(text: &'a str, library: &'a Library) -> Result<Self, Refusal> {
        let fields: Fields<'_> =
            serde_json::from_str(text).map_err(|error| Refusal::unreadable("event_object", "the event", &error))?;
        let mut beside = Self::default();
        if let Some(options) = fields.options {
            beside.add_options(options)?;
        }
        beside.add_string("session_id", "session_id", "$session_id", fields.session_id)?;
        beside.add_string("window_id", "window_id", "$window_id", fields.window_id)?;
        beside.0.extend(library.iter().map(|(property, value)| (*property, &**value)));
        Ok(beside)
    }

    fn add_options(&mut self, options: &'a RawValue) -> Result<(), Refusal> {
        // `Options` could be read from an array too.
        if !options.get().starts_with('{') {
            return Err(Refusal::invalid("options", "`options` must be an object"));
        }
        let options: Options<'_> =
            serde_json::from_str(options.get()).map_err(|error| Refusal::unreadable("options", "`options`", &error))?;
        for (name, property, value) in [
            ("cookieless_mode", "$cookieless_mode", options.cookieless_mode),
            ("disable_skew_correction", "$ignore_sent_at", options.disable_skew_correction),
            ("process_person_profile", "$process_person_profile", options.process_person_profile),
        ] {
            let Some(value) = value else { continue };
            if !matches!(value.get(), "true" | "false") {
                return Err(Refusal::invalid("options", format!("`{name}` must be true or false")));
            }
            self.0.push((property, value));
        }
        self.add_string("options", "product_tour_id", "$product_tour_id", options.product_tour_id)
    }

    fn add_string(
        &mut self,
        rule: &'static str,
        name: &str,
        property: &'static str,
        value: Option<&'a RawValue>,
    ) -> Result<(), Refusal> {
        let Some(value) = value else { return Ok(()) };
        if serde_json::from_str::<String>(value.get()).is_err() {
            return Err(Refusal::invalid(rule, format!("`{name}` must be a string")));
        }
        self.0.push((property, value));
        Ok(())
    }

    /// Puts them among the properties: the JSON text of an object, and the values in it.
    pub fn join(&self, properties: (String, Map<String, Value>)) -> Result<(String, Map<String, Value>), Refusal> {
        let (mut text, mut values) = properties;
        let unreadable = |error: serde_json::Error| Refusal::unreadable("properties", "`properties`", &error);
        if self.0.iter().any(|(property, _)| values.contains_key(*property)) {
            let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(&text).map_err(unreadable)?;
            members.retain(|name, _| self.0.iter().all(|(property, _)| name != property));
            values.retain(|name, _| members.contains_key(name));
            text = serde_json::to_string(&members).map_err(unreadable)?;
        }
        for (property, value) in &self.0 {
            // The last character of an object is its brace.
            text.pop();
            let comma = if values.is_empty() { "" } else { "," };
            text.push_str(&format!("{comma}\"{property}\":{value}}}"));
            values.insert((*property).to_owned(), serde_json::from_str(value.get()).map_err(unreadable)?);
        }
        Ok((text, values))
    }
}

#[cfg(test)]
mod tests;
