//! Options: what overt may take up.

use super::Config;
use crate::guard::set;
use std::time::Duration;

/// A size that does not fit into this machine's memory is no limit.
fn size(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// The largest event. Default: 32 KiB, at most 900 KiB.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_max_event_bytes(config: Option<&mut Config>, bytes: u64) {
    set(config, |config| config.core.max_event_bytes = size(bytes));
}

/// The largest request, before packing. Default: 512 KiB, at most 5 MiB.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_max_batch_bytes(config: Option<&mut Config>, bytes: u64) {
    set(config, |config| config.core.max_batch_bytes = size(bytes));
}

/// The most events waiting on disk. Default: 10,000.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_max_spool_events(config: Option<&mut Config>, events: u64) {
    set(config, |config| config.core.max_spool_events = events);
}

/// The most bytes waiting on disk. Default: 8 MiB.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_max_spool_bytes(config: Option<&mut Config>, bytes: u64) {
    set(config, |config| config.core.max_spool_bytes = bytes);
}

/// The longest an event waits. Default: 30 days.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_max_spool_age_ms(config: Option<&mut Config>, age_ms: u64) {
    set(config, |config| config.core.max_spool_age = Duration::from_millis(age_ms));
}

/// The most events held in memory while the disk cannot be written. Default: 1,000.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_max_memory_events(config: Option<&mut Config>, events: u64) {
    set(config, |config| config.core.max_memory_events = size(events));
}
