//! An event that is built property by property.

use crate::client::{Client, Uuid, capture};
use crate::guard::{guard, set};
use crate::members::Members;
use crate::status::{Fault, Status, StatusValue};
use crate::str::Str;
use overt_core::{Capture, Options, Properties, Timestamp, Writer, parse_uuid};
use std::mem::MaybeUninit;

/// An event under construction. Belongs to one thread at a time.
pub struct Event {
    name: String,
    distinct_id: Option<String>,
    timestamp: Option<Timestamp>,
    uuid: Option<uuid::Uuid>,
    force: bool,
    properties: Members,
    /// Rarely any.
    options: Option<Members>,
    /// The first thing that was wrong.
    fault: Option<Fault>,
}

impl Event {
    fn new() -> Self {
        Self {
            name: String::new(),
            distinct_id: None,
            timestamp: None,
            uuid: None,
            force: false,
            properties: Members::new(),
            options: None,
            fault: None,
        }
    }

    fn keep<T, E: Into<Fault>>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| _ = self.fault.get_or_insert(error.into())).ok()
    }

    /// An object that was begun and has not ended has no value yet, and the gate refuses it.
    fn write(&self, properties: &mut Properties<'_>) -> Result<(), overt_core::Error> {
        for (key, value) in self.properties.iter() {
            let mut written = Ok(());
            properties.set(key, |writer| written = writer.json(value));
            written?;
        }
        Ok(())
    }
}

/// An event of this name: 1 to 200 bytes.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_new(name: Str) -> Option<Box<Event>> {
    guard(None, || {
        let mut event = Box::new(Event::new());
        if let Some(name) = event.keep(name.named_utf8("name")) {
            name.clone_into(&mut event.name);
        }
        Some(event)
    })
}

/// Frees an event.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_free(event: Option<Box<Event>>) {
    guard((), || drop(event));
}

/// Sets a property by writing its value.
fn set_property(event: Option<&mut Event>, key: Str, write: impl FnOnce(&mut Writer<'_>) -> Result<(), Fault>) {
    set(event, |event| {
        let written = key.named_utf8("a key").and_then(|key| event.properties.set(key, write));
        event.keep(written);
    });
}

/// Sets a property to a string; to null if there is no text.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_set_str(event: Option<&mut Event>, key: Str, value: Str) {
    set_property(event, key, |writer| {
        match value.bytes() {
            Some(_) => writer.str(value.named_utf8("a string")?),
            None => writer.null(),
        }
        Ok(())
    });
}

/// Sets a property to a whole number.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_set_int(event: Option<&mut Event>, key: Str, value: i64) {
    set_property(event, key, |writer| {
        writer.int(value);
        Ok(())
    });
}

/// Sets a property to a floating-point number; to null if it is not finite.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_set_double(event: Option<&mut Event>, key: Str, value: f64) {
    set_property(event, key, |writer| {
        writer.double(value);
        Ok(())
    });
}

/// Sets a property to true or false.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_set_bool(event: Option<&mut Event>, key: Str, value: bool) {
    set_property(event, key, |writer| {
        writer.bool(value);
        Ok(())
    });
}

/// Sets a property to null.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_set_null(event: Option<&mut Event>, key: Str) {
    set_property(event, key, |writer| {
        writer.null();
        Ok(())
    });
}

/// Sets a property to any value, given as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_set_json(event: Option<&mut Event>, key: Str, json: Str) {
    set_property(event, key, |writer| Ok(writer.json(json.named_utf8("a JSON value")?)?));
}

/// Begins a property that is an object: what is set from here on is set in it, up to overt_event_end_object.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_begin_object(event: Option<&mut Event>, key: Str) {
    set(event, |event| {
        let begun = key.named_utf8("a key").and_then(|key| Ok(event.properties.begin(key)?));
        event.keep(begun);
    });
}

/// Ends the object that was begun last.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_end_object(event: Option<&mut Event>) {
    set(event, |event| {
        let ended = event.properties.end();
        event.keep(ended);
    });
}

/// Whose event it is. Default: the client ID's.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_set_distinct_id(event: Option<&mut Event>, distinct_id: Str) {
    set(event, |event| {
        event.distinct_id = event.keep(distinct_id.named_utf8("distinct_id")).map(str::to_owned);
    });
}

/// When it happened, in RFC 3339 with an offset: "2026-11-20T18:10:36Z". Default: when it is captured.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_set_timestamp(event: Option<&mut Event>, timestamp: Str) {
    set(event, |event| {
        let parsed = timestamp.named_utf8("timestamp").and_then(|text| Ok(Timestamp::parse(text)?));
        event.timestamp = event.keep(parsed);
    });
}

/// Its UUID, for an event that may be captured twice and is to count once. Default: a new one at each capture.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_set_uuid(event: Option<&mut Event>, uuid: Str) {
    set(event, |event| {
        let parsed = uuid.named_utf8("uuid").and_then(|text| Ok(parse_uuid(text)?));
        event.uuid = event.keep(parsed);
    });
}

/// Records it although the host, CI or the tool's default says off. A person's off is never overruled.
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_set_force(event: Option<&mut Event>, force: bool) {
    set(event, |event| event.force = force);
}

/// Tells the server how to treat the event: "process_person_profile", "cookieless_mode" or "disable_skew_correction".
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_set_option_bool(event: Option<&mut Event>, option: Str, value: bool) {
    set_option(event, option, |writer| {
        writer.bool(value);
        Ok(())
    });
}

/// As above: "product_tour_id", "session_id" or "window_id".
#[unsafe(no_mangle)]
pub extern "C" fn overt_event_set_option_str(event: Option<&mut Event>, option: Str, value: Str) {
    set_option(event, option, |writer| {
        writer.str(value.named_utf8("an option")?);
        Ok(())
    });
}

fn set_option(event: Option<&mut Event>, option: Str, write: impl FnOnce(&mut Writer<'_>) -> Result<(), Fault>) {
    set(event, |event| {
        let options = event.options.get_or_insert_with(Members::new);
        let written = option.named_utf8("an option").and_then(|option| options.set(option, write));
        event.keep(written);
    });
}

/// Records an event, which may be changed and captured again afterwards. What was wrong with it is answered here; it
/// does not matter while consent is off.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_capture(
    client: Option<&Client>,
    event: Option<&Event>,
    out_uuid: Option<&mut MaybeUninit<Uuid>>,
) -> Status {
    capture(client, out_uuid, |client| {
        if !client.may_record(event.is_some_and(|event| event.force)) {
            return Ok(Capture::Disabled);
        }
        let missing = || Fault::new(StatusValue::OVERT_INVALID_ARGUMENT, "event: is NULL");
        let event = event.ok_or_else(missing)?;
        if let Some(fault) = &event.fault {
            return Err(fault.clone());
        }
        let options = event.options.as_ref().map(Members::to_json).transpose()?;
        let mut head = overt_core::Event::new(&event.name);
        head.distinct_id = event.distinct_id.as_deref();
        head.timestamp = event.timestamp;
        head.uuid = event.uuid;
        head.options = options.as_deref().map_or(Ok(Options::default()), Options::from_json)?;
        head.force = event.force;
        Ok(client.capture(&head, |properties| event.write(properties))?)
    })
}
