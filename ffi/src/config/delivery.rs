//! Options: when events are sent, and how long that may take.

use super::Config;
use crate::guard::set;
use crate::uploader;
use std::time::Duration;

/// So many waiting events start a send by themselves. Default: 100.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_flush_at(config: Option<&mut Config>, events: u32) {
    set(config, |config| config.core.flush_at = events);
}

/// The oldest waiting event starts a send after this time. Default: 5 s.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_flush_interval_ms(config: Option<&mut Config>, interval_ms: u64) {
    set(config, |config| config.core.flush_interval = Duration::from_millis(interval_ms));
}

/// Attempts of a batch after the first; then it rests for minutes. Default: 3.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_max_retries(config: Option<&mut Config>, retries: u32) {
    set(config, |config| config.core.max_retries = retries);
}

/// The whole of one request: name lookup, connection, TLS, writing and reading. Default: 10 s.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_timeout_ms(config: Option<&mut Config>, timeout_ms: u64) {
    set(config, |config| config.core.timeout = Duration::from_millis(timeout_ms));
}

/// What of it the name lookup and the connection may take. Default: 5 s.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_connect_timeout_ms(config: Option<&mut Config>, timeout_ms: u64) {
    set(config, |config| config.core.connect_timeout = Duration::from_millis(timeout_ms));
}

/// With the rule "write", how long the answer is awaited nevertheless; no thread of the host's waits. Default: 100 ms.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_response_wait_ms(config: Option<&mut Config>, wait_ms: u64) {
    set(config, |config| config.core.response_wait = Duration::from_millis(wait_ms));
}

/// How long the end of the process may wait for delivery: overt_client_wait_at_exit, and overt_client_free. Default: 0,
/// nothing waits; what is left, the next run sends.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_exit_timeout_ms(config: Option<&mut Config>, timeout_ms: u64) {
    set(config, |config| config.core.exit_timeout = Duration::from_millis(timeout_ms));
}

/// Whether a thread of overt's sends events by itself. Default: true. Off: only flush and close do.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_background(config: Option<&mut Config>, background: bool) {
    set(config, |config| config.core.background = background);
}

/// Whether a process of its own delivers what the end of a client leaves: this program, which is started again and so
/// must begin with overt_uploader_main. One at a time, one a minute, none longer than a minute. Default: false.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_detached_upload(config: Option<&mut Config>, detached: bool) {
    set(config, |config| {
        let uploader = if detached { uploader::this_program() } else { Ok(None) };
        if let Some(uploader) = config.keep(uploader) {
            config.core.uploader = uploader;
        }
    });
}
