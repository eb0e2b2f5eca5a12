//! The client.

use crate::config::Config;
use crate::guard::guard;
use crate::out::put_message;
use crate::status::{DISABLED, DROPPED, Fault, OK, Status, StatusValue, status};
use crate::str::Str;
use overt_core::{Capture, Event};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::time::Duration;

/// Records events and delivers them. May be used from any number of threads at once, and goes on in a forked child.
pub struct Client {
    core: overt_core::Client,
}

/// The UUID of a recorded event, NUL-terminated; "" if nothing was recorded.
#[repr(C)]
pub struct Uuid {
    text: [c_char; 37],
}

impl Uuid {
    const NONE: Self = Self { text: [0; 37] };

    fn set(&mut self, uuid: uuid::Uuid) {
        let mut buffer = uuid::Uuid::encode_buffer();
        let text = uuid.hyphenated().encode_lower(&mut buffer);
        // 36 characters; the last of the 37 stays 0.
        for (to, from) in self.text.iter_mut().zip(text.bytes()) {
            *to = c_char::from_ne_bytes([from]);
        }
    }
}

impl Client {
    pub(crate) fn core(&self) -> &overt_core::Client {
        &self.core
    }
}

/// Makes a client, without waiting for anything; overt's thread starts only if an earlier run left events behind. On an
/// error the answer is NULL, which every other function takes for a disabled client, and `error_buf` says why.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_new(
    config: Option<&Config>,
    error_buf: *mut c_char,
    error_cap: usize,
) -> Option<Box<Client>> {
    guard(None, || {
        // What is left standing if the rest panics.
        put_message(error_buf, error_cap, "a fault inside overt");
        let config = config.ok_or_else(|| Fault::new(StatusValue::OVERT_INVALID_ARGUMENT, "config: is NULL"));
        let client = config.and_then(Config::checked).and_then(|config| Ok(overt_core::Client::new(config)?));
        put_message(error_buf, error_cap, client.as_ref().err().map_or("", Fault::message));
        client.ok().map(|core| Box::new(Client { core }))
    })
}

/// Ends a client: waits as overt_client_wait_at_exit, ends delivery, and frees it.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_free(client: Option<Box<Client>>) {
    guard((), || drop(client));
}

/// Records an event with properties given as the text of a JSON object; none if the text is empty. When it returns
/// OVERT_OK the event is stored, and survives the death of the process.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_capture_event(
    client: Option<&Client>,
    name: Str,
    properties: Str,
    out_uuid: Option<&mut MaybeUninit<Uuid>>,
) -> Status {
    capture(client, out_uuid, |client| {
        let name = match name.utf8() {
            Ok(name) => name,
            // A disabled client finds no fault with anything.
            Err(_) if !client.may_record(false) => return Ok(Capture::Disabled),
            Err(fault) => return Err(fault),
        };
        let mut fault = None;
        let captured = client.capture(&Event::new(name), |writer| match properties.named_utf8("properties") {
            Ok("") => Ok(()),
            Ok(text) => writer.json_object(text),
            Err(found) => {
                fault = Some(found);
                Err(overt_core::Error::new(overt_core::ErrorKind::InvalidProperties, "not UTF-8"))
            }
        });
        captured.map_err(|error| fault.unwrap_or_else(|| error.into()))
    })
}

/// Waits until everything that was recorded before is delivered or given up, at most `timeout_ms`. OVERT_TIMEOUT and
/// OVERT_UNDELIVERED lose nothing: what is left stays where it is.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_flush(client: Option<&Client>, timeout_ms: u64) -> Status {
    status(|| match client {
        None => DISABLED,
        Some(client) => client.core.flush(Duration::from_millis(timeout_ms)).map_err(Fault::from).and(OK),
    })
}

/// Waits for delivery at the end of the process, within exit_timeout, which counts from the first of these calls: all
/// waits of an exit have one budget. Each exit in a row that waited in vain halves the next one's, for five minutes.
/// Ends nothing. OVERT_TIMEOUT and OVERT_UNDELIVERED as in overt_client_flush; OVERT_OK, too, if no budget was left.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_wait_at_exit(client: Option<&Client>) -> Status {
    status(|| match client {
        None => DISABLED,
        Some(client) => client.core.wait_at_exit(&|| true).map_err(Fault::from).and(OK),
    })
}

/// Ends delivery: flushes unless `timeout_ms` is 0, then tells overt's thread to stop, which it does as soon as its
/// request has ended. Events can still be recorded; a later run sends them.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_close(client: Option<&Client>, timeout_ms: u64) -> Status {
    status(|| match client {
        None => DISABLED,
        Some(client) => client.core.close(Duration::from_millis(timeout_ms)).map_err(Fault::from).and(OK),
    })
}

/// What both ways of recording an event have in common.
pub(crate) fn capture(
    client: Option<&Client>,
    out_uuid: Option<&mut MaybeUninit<Uuid>>,
    record: impl FnOnce(&overt_core::Client) -> Result<Capture, Fault>,
) -> Status {
    status(|| {
        let out = out_uuid.map(|out| out.write(Uuid::NONE));
        let Some(client) = client else { return DISABLED };
        match record(client.core())? {
            Capture::Disabled => DISABLED,
            Capture::Dropped(_) => DROPPED,
            Capture::Recorded(uuid) => {
                if let Some(out) = out {
                    out.set(uuid);
                }
                OK
            }
        }
    })
}
