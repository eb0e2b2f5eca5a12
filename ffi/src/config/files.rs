//! Options: where things lie, and who is told.

use super::{Config, set_text};
use crate::guard::set;
use crate::str::Str;

/// Where everything is kept. Default: the platform's directory for a user's state, `overt`, then the tool's name.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_state_dir(config: Option<&mut Config>, path: Str) {
    set(config, |config| {
        if let Some(path) = config.keep(path.path("state_dir")) {
            config.core.state_dir = path;
        }
    });
}

/// A text file of the tool's own that holds the client ID. Default: `client_id` in the state directory.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_client_id_path(config: Option<&mut Config>, path: Str) {
    set(config, |config| {
        if let Some(path) = config.keep(path.path("client_id_path")) {
            config.core.client_id_path = path;
        }
    });
}

/// The client ID is the string under this key of the file above, which then is a JSON object's. Default: a text file.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_client_id_key(config: Option<&mut Config>, key: Str) {
    set_text(config, "client_id_key", key, |core, text| {
        text.clone_into(&mut core.client_id_key);
        Ok(())
    });
}

/// A JSON object's file of the tool's own that holds the user's choice; needs the next option, too. Its other members
/// stay as they are. Default: the choice lies in the state directory.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_consent_path(config: Option<&mut Config>, path: Str) {
    set(config, |config| {
        if let Some(path) = config.keep(path.path("consent_path")) {
            config.core.consent_path = path;
        }
    });
}

/// The key in that file whose boolean is the choice. Without it nobody has chosen; what is no boolean, or a file that
/// cannot be read, is off.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_consent_key(config: Option<&mut Config>, key: Str) {
    set_text(config, "consent_key", key, |core, text| {
        text.clone_into(&mut core.consent_key);
        Ok(())
    });
}

/// Whether the last events that were sent stay readable: at most 512 KiB in the state directory. Off: what was kept goes
/// with the next delivery. Default: true.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_keep_sent(config: Option<&mut Config>, keep: bool) {
    set(config, |config| config.core.keep_sent = keep);
}

/// Says on stderr what is done, never what an event holds. Default: false. OVERT_DEBUG=1 does the same.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_debug(config: Option<&mut Config>, debug: bool) {
    set(config, |config| config.core.debug = debug);
}
