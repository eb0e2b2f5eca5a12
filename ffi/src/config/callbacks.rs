//! Options that are functions of the host's.

use super::Config;
use crate::guard::set;
use crate::str::Str;
use overt_core::HostConsent;
use std::ffi::c_void;
use std::sync::Arc;

/// A last look at an event, which is one JSON object, not NUL-terminated: false drops it. Runs on the thread that
/// captures.
pub type BeforeSend =
    Option<unsafe extern "C" fn(event: Str, rewrite: Option<&mut Rewrite>, user_data: *mut c_void) -> bool>;

/// Whether the host consents now: 1 yes, 0 no, -1 no opinion. Runs on the thread that captures and on overt's own.
pub type AskConsent = Option<unsafe extern "C" fn(user_data: *mut c_void) -> i32>;

/// Told once that nobody will use `user_data` any more; on any thread, perhaps after overt_client_free.
pub type Release = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// What a before_send makes of an event. Lives during that call.
pub struct Rewrite {
    /// Empty if it was not UTF-8, because the core refuses both with one status.
    text: Option<String>,
}

/// The host's data for a callback.
struct UserData {
    pointer: *mut c_void,
    release: Release,
}

// SAFETY: overt.h, "Threads": the host lets its callbacks, and so their data, be used from any thread.
unsafe impl Send for UserData {}
// SAFETY: as above; overt itself never looks at what the pointer points to.
unsafe impl Sync for UserData {}

impl UserData {
    fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: overt.h, `overt_release`: it takes the pointer that was given with it, once, on any thread.
            unsafe { release(self.pointer) }
        }
    }
}

/// Sets a callback. Without a configuration, or if it panics, the data is released at once.
fn set_callback(
    config: Option<&mut Config>,
    user_data: UserData,
    apply: impl FnOnce(&mut overt_core::Config, UserData),
) {
    set(config, move |config| apply(&mut config.core, user_data));
}

/// Lets `callback` see each event before it is stored. NULL: none, which is the default.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_before_send(
    config: Option<&mut Config>,
    callback: BeforeSend,
    user_data: *mut c_void,
    release: Release,
) {
    set_callback(config, UserData { pointer: user_data, release }, |core, user_data| {
        core.before_send = callback.map(|callback| -> overt_core::BeforeSend {
            Arc::new(move |event| {
                let mut rewrite = Rewrite { text: None };
                // SAFETY: overt.h, `overt_before_send`: it may be called on any thread, with texts that live as long as
                // the call, until `release`.
                let keep = unsafe { callback(event.into(), Some(&mut rewrite), user_data.pointer()) };
                keep.then(|| rewrite.text.unwrap_or_else(|| event.to_owned()))
            })
        });
    });
}

/// Sends this JSON object in place of the event that the callback was given. A bad one is answered by the capture.
#[unsafe(no_mangle)]
pub extern "C" fn overt_rewrite_set(rewrite: Option<&mut Rewrite>, event: Str) {
    set(rewrite, |rewrite| rewrite.text = Some(event.utf8().unwrap_or_default().to_owned()));
}

/// Asks the host at each capture, for a choice that it keeps itself and that may change. Its answer counts as that of
/// overt_config_set_consent. NULL: nobody is asked, which is the default.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_ask_consent(
    config: Option<&mut Config>,
    callback: AskConsent,
    user_data: *mut c_void,
    release: Release,
) {
    set_callback(config, UserData { pointer: user_data, release }, |core, user_data| {
        core.consent = match callback {
            None => HostConsent::Unset,
            Some(callback) => HostConsent::Asked(Arc::new(move || {
                // SAFETY: overt.h, `overt_ask_consent`: it may be called on any thread until `release`.
                let answer = unsafe { callback(user_data.pointer()) };
                (answer >= 0).then_some(answer != 0)
            })),
        };
    });
}
