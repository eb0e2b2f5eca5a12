//! Options: counting the tool's commands.

use super::{Config, set_text};
use crate::guard::set;
use crate::str::Str;
use std::time::Duration;

/// A file of the tool's own that counts its commands, such as `~/.config/pace/telemetry.yaml`: one of PACE's is taken
/// over. The client ID then lives there. Default: none, commands are not counted.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_counters_path(config: Option<&mut Config>, path: Str) {
    set(config, |config| {
        if let Some(path) = config.keep(path.path("counters_path")) {
            config.core.counters_path = path;
        }
    });
}

/// Where the counts go as one JSON document; under the same rule as the endpoint. Default: none, they go as events, if
/// there is a key.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_counters_endpoint(config: Option<&mut Config>, endpoint: Str) {
    set_text(config, "counters_endpoint", endpoint, |core, text| {
        text.clone_into(&mut core.counters_endpoint);
        Ok(())
    });
}

/// How often the counts go. Default: 1 h. Negative: never, they are only kept.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_counters_interval_ms(config: Option<&mut Config>, interval_ms: i64) {
    set(config, |config| config.core.counters_interval = u64::try_from(interval_ms).ok().map(Duration::from_millis));
}
