//! The builder of a configuration. Defaults and checks are the core's; what is not set stays unset.

mod callbacks;
mod counters;
mod delivery;
mod events;
mod files;
mod limits;
mod rules;

use crate::guard::{guard, set};
use crate::status::Fault;
use crate::str::Str;
use overt_core::{Ack, Compression, Wire};

/// The options of a client. Belongs to one thread at a time.
pub struct Config {
    core: overt_core::Config,
    /// The first thing that was wrong.
    fault: Option<Fault>,
}

impl Config {
    /// What the core makes a client of, or the first thing that was wrong.
    pub(crate) fn checked(&self) -> Result<overt_core::Config, Fault> {
        match &self.fault {
            None => Ok(self.core.clone()),
            Some(fault) => Err(fault.clone()),
        }
    }

    fn keep<T, E: Into<Fault>>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| _ = self.fault.get_or_insert(error.into())).ok()
    }
}

/// Sets an option that is a text. The name is for the developer who gets it wrong.
fn set_text(
    config: Option<&mut Config>,
    name: &'static str,
    text: Str,
    apply: impl FnOnce(&mut overt_core::Config, &str) -> Result<(), overt_core::Error>,
) {
    set(config, |config| {
        if let Some(text) = config.keep(text.named_utf8(name)) {
            let applied = apply(&mut config.core, text);
            config.keep(applied);
        }
    });
}

/// A configuration for the tool of this name: 1 to 64 letters, digits, `.`, `-` and `_`. The name is that of the tool's
/// directory, and the property $app_name of its events.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_new(app: Str) -> Option<Box<Config>> {
    guard(None, || {
        let mut config = Box::new(Config { core: overt_core::Config::new(""), fault: None });
        if let Some(app) = config.keep(app.named_utf8("app")) {
            app.clone_into(&mut config.core.app);
        }
        Some(config)
    })
}

/// Frees a configuration. Clients that were made with it stay as they are.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_free(config: Option<Box<Config>>) {
    guard((), || drop(config));
}

/// The tool's version, the property $app_version. Default: none.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_app_version(config: Option<&mut Config>, version: Str) {
    set_text(config, "app_version", version, |core, text| {
        text.clone_into(&mut core.app_version);
        Ok(())
    });
}

/// The project's public key. Without one the client is disabled; "aws-sam" needs none.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_api_key(config: Option<&mut Config>, api_key: Str) {
    set_text(config, "api_key", api_key, |core, text| {
        text.clone_into(&mut core.api_key);
        Ok(())
    });
}

/// The server's URL. Default: PostHog's US cloud; with "aws-sam" there is none, and the client is disabled. Plain http
/// only to loopback, unless the next option says otherwise.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_endpoint(config: Option<&mut Config>, endpoint: Str) {
    set_text(config, "endpoint", endpoint, |core, text| {
        text.clone_into(&mut core.endpoint);
        Ok(())
    });
}

/// Whether the endpoint may be plain http beyond loopback. Default: false.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_allow_plain_http(config: Option<&mut Config>, allow: bool) {
    set(config, |config| config.core.allow_plain_http = allow);
}

/// The protocol: "posthog" (default), "posthog-v1" with a result for each event, or "aws-sam", AWS SAM CLI's metrics.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_wire(config: Option<&mut Config>, wire: Str) {
    set_text(config, "wire", wire, |core, text| Wire::parse(text).map(|wire| core.wire = wire));
}

/// How requests are packed: "none" (default), "gzip"; with "posthog-v1" also "deflate" and "zstd".
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_compression(config: Option<&mut Config>, compression: Str) {
    set_text(config, "compression", compression, |core, text| {
        Compression::parse(text).map(|compression| core.compression = compression)
    });
}

/// When an event counts as delivered: "status" (default), when the server's status says so; "write", only with
/// "aws-sam", as soon as its request is written, whatever comes back.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_set_ack(config: Option<&mut Config>, ack: Str) {
    set_text(config, "ack", ack, |core, text| Ack::parse(text).map(|ack| core.ack = ack));
}

/// Adds a header to every request; one that overt sets itself is refused.
#[unsafe(no_mangle)]
pub extern "C" fn overt_config_add_header(config: Option<&mut Config>, name: Str, value: Str) {
    set(config, |config| {
        let header = name.named_utf8("a header").and_then(|name| Ok((name, value.named_utf8("a header")?)));
        if let Some((name, value)) = config.keep(header) {
            config.core.extra_headers.push((name.to_owned(), value.to_owned()));
        }
    });
}
