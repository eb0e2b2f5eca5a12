//! Options: what events say beside what the host says.

use super::{Config, set_text};
use crate::guard::set;
use crate::str::Str;

/// Properties of every event, as a JSON object; an event's own properties win.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_super_properties(config: Option<&mut Config>, json: Str) {
    set_text(config, "super_properties", json, |core, text| {
        text.clone_into(&mut core.super_properties);
        Ok(())
    });
}

/// Whether events say on what kind of system they arose. Default: true.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_enrich(config: Option<&mut Config>, enrich: bool) {
    set(config, |config| config.core.enrich = enrich);
}

/// Whether the server is asked not to derive a place from the sender's address. Default: true.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_disable_geoip(config: Option<&mut Config>, disable: bool) {
    set(config, |config| config.core.disable_geoip = disable);
}

/// Whether events make person profiles. Default: false, events are anonymous.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_person_profiles(config: Option<&mut Config>, profiles: bool) {
    set(config, |config| config.core.person_profiles = profiles);
}

/// Marks requests as an import of old events. Default: false.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_historical_migration(config: Option<&mut Config>, historical: bool) {
    set(config, |config| config.core.historical_migration = historical);
}

/// Whether an event overt_losses tells the server how many events were lost on this machine, if any were. Default: true.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_report_losses(config: Option<&mut Config>, report: bool) {
    set(config, |config| config.core.report_losses = report);
}
