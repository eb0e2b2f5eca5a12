//! Options: the tool's rules about consent.

use super::{Config, set_text};
use crate::guard::set;
use crate::str::Str;
use overt_core::{ConsentVariable, HostConsent};

/// The host says so itself. Off is final; on stands below the variables and a stored off. Default: it says nothing.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_consent(config: Option<&mut Config>, enabled: bool) {
    set(config, |config| config.core.consent = HostConsent::Says(enabled));
}

/// Adds a variable of the tool's own: `NAME` is on for 1, true, t, yes, y and on in any case, `NAME=1,yes` for exactly
/// these values. Any other value, the empty one included, is off.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_add_consent_env(config: Option<&mut Config>, variable: Str) {
    set_text(config, "consent_env", variable, |core, text| {
        ConsentVariable::parse(text).map(|variable| core.consent_env.push(variable))
    });
}

/// What holds if nobody says anything. Default: true.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_default_consent(config: Option<&mut Config>, enabled: bool) {
    set(config, |config| config.core.default_consent = enabled);
}

/// Whether DO_NOT_TRACK counts. Default: true.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_respect_do_not_track(config: Option<&mut Config>, respect: bool) {
    set(config, |config| config.core.respect_do_not_track = respect);
}

/// Whether the default holds in CI too, where nobody sees a notice. Default: false.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_in_ci(config: Option<&mut Config>, in_ci: bool) {
    set(config, |config| config.core.in_ci = in_ci);
}

/// What a person is told once, on a terminal, before the default counts for them: what is sent, where to read it, how to
/// stop it. It goes to stderr. Default: nothing is told, and the default counts at once.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_notice(config: Option<&mut Config>, notice: Str) {
    set_text(config, "notice", notice, |core, text| {
        text.clone_into(&mut core.notice);
        Ok(())
    });
}

/// Whether the default counts before the notice was shown. Default: false.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_send_before_notice(config: Option<&mut Config>, send: bool) {
    set(config, |config| config.core.send_before_notice = send);
}

/// Whether the notice is shown in CI and where stderr is a pipe or a file, too; never to a null device. Default: false.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_notice_anywhere(config: Option<&mut Config>, anywhere: bool) {
    set(config, |config| config.core.notice_anywhere = anywhere);
}
