//! Consent: whether events are recorded, and why.

use crate::client::Client;
use crate::guard::guard;
use crate::status::{DISABLED, OK, Status, status};
use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

/// The rule that decided about consent.
pub type ConsentReason = i32;

/// The values of an overt_consent_reason. Values are added, never renumbered.
#[allow(non_camel_case_types, reason = "the names are those of overt.h")]
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentReasonValue {
    /// There is no client.
    OVERT_REASON_NO_CLIENT = 0,
    /// One of the tool's own variables.
    OVERT_REASON_TOOL_VARIABLE = 1,
    /// The variable TELEMETRY_ENABLED.
    OVERT_REASON_TELEMETRY_ENABLED = 2,
    /// The variable DO_NOT_TRACK.
    OVERT_REASON_DO_NOT_TRACK = 3,
    /// The host.
    OVERT_REASON_HOST = 4,
    /// The choice that was stored by overt_client_set_consent or by `overt on` and `overt off`.
    OVERT_REASON_STORED = 5,
    /// There is a stored choice, but it cannot be read: off.
    OVERT_REASON_UNREADABLE = 6,
    /// The process runs in CI, and nobody said on: off.
    OVERT_REASON_CI = 7,
    /// The tool's default.
    OVERT_REASON_DEFAULT = 8,
    /// There is no API key: off.
    OVERT_REASON_NO_API_KEY = 9,
    /// The program runs with another user's rights (setuid, setgid): off.
    OVERT_REASON_PRIVILEGED = 10,
    /// The tool's notice was not shown yet, and nobody said on: off.
    OVERT_REASON_NO_NOTICE = 11,
    /// There is no endpoint, and the wire knows none by itself: off.
    OVERT_REASON_NO_ENDPOINT = 12,
}

impl ConsentReasonValue {
    /// The value, and the word of the core where it is one of its reasons.
    const WORDS: [(Self, &'static CStr); 13] = [
        (Self::OVERT_REASON_NO_CLIENT, c"no_client"),
        (Self::OVERT_REASON_TOOL_VARIABLE, c"tool_variable"),
        (Self::OVERT_REASON_TELEMETRY_ENABLED, c"telemetry_enabled"),
        (Self::OVERT_REASON_DO_NOT_TRACK, c"do_not_track"),
        (Self::OVERT_REASON_HOST, c"host"),
        (Self::OVERT_REASON_STORED, c"stored"),
        (Self::OVERT_REASON_UNREADABLE, c"unreadable"),
        (Self::OVERT_REASON_CI, c"ci"),
        (Self::OVERT_REASON_DEFAULT, c"default"),
        (Self::OVERT_REASON_NO_API_KEY, c"no_api_key"),
        (Self::OVERT_REASON_PRIVILEGED, c"privileged"),
        (Self::OVERT_REASON_NO_NOTICE, c"no_notice"),
        (Self::OVERT_REASON_NO_ENDPOINT, c"no_endpoint"),
    ];

    fn of(reason: overt_core::ConsentReason) -> ConsentReason {
        let word = reason.as_str().as_bytes();
        let known = Self::WORDS.into_iter().find(|(_, known)| known.to_bytes() == word);
        known.map_or(Self::OVERT_REASON_DEFAULT, |(value, _)| value) as ConsentReason
    }
}

/// Answers with what holds after `find`, even if that failed.
fn answer(
    client: Option<&Client>,
    out_reason: Option<&mut MaybeUninit<ConsentReason>>,
    find: impl FnOnce(&overt_core::Client) -> Result<(), overt_core::Error>,
) -> Status {
    status(|| {
        let out = out_reason.map(|out| out.write(ConsentReasonValue::OVERT_REASON_NO_CLIENT as ConsentReason));
        let Some(client) = client.map(Client::core) else { return DISABLED };
        let found = find(client);
        let consent = client.consent();
        if let Some(out) = out {
            *out = ConsentReasonValue::of(consent.reason);
        }
        found?;
        if consent.enabled { OK } else { DISABLED }
    })
}

/// OVERT_OK if events are recorded, OVERT_DISABLED if not; and why.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_consent(
    client: Option<&Client>,
    out_reason: Option<&mut MaybeUninit<ConsentReason>>,
) -> Status {
    answer(client, out_reason, |_| Ok(()))
}

/// Stores the user's choice, for this process and all later ones, and answers as overt_client_consent: a variable that
/// says off overrules on. Off also erases the client ID and everything pending. OVERT_STORAGE: the choice holds in this
/// process, but could not be stored, or not all be erased.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_set_consent(
    client: Option<&Client>,
    enabled: bool,
    out_reason: Option<&mut MaybeUninit<ConsentReason>>,
) -> Status {
    answer(client, out_reason, |client| client.set_consent(enabled).map(drop))
}

/// Whether this client has shown the tool's notice: its first run on a terminal. Tools that count installations send an
/// event then.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_notice_shown(client: Option<&Client>) -> bool {
    guard(false, || client.is_some_and(|client| client.core().notice_shown()))
}

/// The word for a reason, such as "do_not_track", the same in every language of overt; "unknown" for an unknown value.
#[unsafe(no_mangle)]
pub extern "C" fn overt_consent_reason_str(reason: ConsentReason) -> *const c_char {
    guard(c"".as_ptr(), || {
        let known = ConsentReasonValue::WORDS.into_iter().find(|(known, _)| *known as ConsentReason == reason);
        known.map_or(c"unknown", |(_, word)| word).as_ptr()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_reason_of_the_core_has_a_value_with_its_word() {
        let mut seen = HashSet::new();
        for reason in overt_core::ConsentReason::ALL {
            let value = ConsentReasonValue::of(reason);
            assert!(seen.insert(value), "{reason:?}");
            // SAFETY: the function gives a static, NUL-terminated text.
            let word = unsafe { CStr::from_ptr(overt_consent_reason_str(value)) };
            assert_eq!(word.to_str().unwrap(), reason.as_str());
        }
    }
}
