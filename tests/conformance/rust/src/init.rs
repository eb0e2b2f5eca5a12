//! `/init`: the options that a caller names, as the library's configuration. What is left out stays the library's.

use overt::{Ack, BeforeSend, Compression, Config, Error, ErrorKind, HostConsent, Wire};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[derive(Deserialize)]
pub struct Init {
    api_key: Option<String>,
    host: String,
    wire: Option<String>,
    ack: Option<String>,
    response_wait_ms: Option<u64>,
    client_id_path: Option<PathBuf>,
    client_id_key: Option<String>,
    consent: Option<bool>,
    consent_path: Option<PathBuf>,
    consent_key: Option<String>,
    flush_at: Option<u32>,
    flush_interval_ms: Option<u64>,
    max_retries: Option<u32>,
    timeout_ms: Option<u64>,
    enable_compression: Option<bool>,
    compression: Option<String>,
    report_losses: Option<bool>,
    disable_geoip: Option<bool>,
    person_profiles: Option<bool>,
    historical_migration: Option<bool>,
    super_properties: Option<Box<RawValue>>,
    extra_headers: Option<BTreeMap<String, String>>,
    max_event_bytes: Option<usize>,
    max_batch_bytes: Option<usize>,
    before_send: Option<String>,
    app_version: Option<String>,
    counters_path: Option<PathBuf>,
    counters_endpoint: Option<String>,
    counters_interval_ms: Option<i64>,
    pub state_dir: Option<PathBuf>,
}

impl Init {
    /// The configuration; `fresh_dir` is for a caller that names no directory.
    pub fn config(self, fresh_dir: PathBuf) -> Result<Config, Error> {
        let mut config = Config::new("conformance");
        config.app_version = self.app_version.unwrap_or_else(|| "1.2.3".into());
        config.api_key = self.api_key.unwrap_or_default();
        config.endpoint = self.host;
        config.state_dir = Some(self.state_dir.unwrap_or(fresh_dir));
        if let Some(name) = self.wire {
            config.wire = Wire::parse(&name)?;
        }
        let gzip = self.enable_compression.unwrap_or(false).then(|| "gzip".to_owned());
        if let Some(name) = self.compression.or(gzip) {
            config.compression = Compression::parse(&name)?;
        }
        if let Some(name) = self.ack {
            config.ack = Ack::parse(&name)?;
        }
        set(&mut config.response_wait, self.response_wait_ms.map(Duration::from_millis));
        config.client_id_path = self.client_id_path;
        set(&mut config.client_id_key, self.client_id_key);
        config.consent = self.consent.map_or(HostConsent::Unset, HostConsent::Says);
        config.consent_path = self.consent_path;
        set(&mut config.consent_key, self.consent_key);
        set(&mut config.flush_at, self.flush_at);
        set(&mut config.flush_interval, self.flush_interval_ms.map(Duration::from_millis));
        set(&mut config.max_retries, self.max_retries);
        set(&mut config.timeout, self.timeout_ms.map(Duration::from_millis));
        set(&mut config.report_losses, self.report_losses);
        set(&mut config.disable_geoip, self.disable_geoip);
        set(&mut config.person_profiles, self.person_profiles);
        set(&mut config.historical_migration, self.historical_migration);
        set(&mut config.super_properties, self.super_properties.map(|json| json.get().to_owned()));
        set(&mut config.extra_headers, self.extra_headers.map(|headers| headers.into_iter().collect()));
        set(&mut config.max_event_bytes, self.max_event_bytes);
        set(&mut config.max_batch_bytes, self.max_batch_bytes);
        config.counters_path = self.counters_path;
        set(&mut config.counters_endpoint, self.counters_endpoint);
        // A negative time is never.
        set(
            &mut config.counters_interval,
            self.counters_interval_ms.map(|ms| u64::try_from(ms).ok().map(Duration::from_millis)),
        );
        config.before_send = self.before_send.map(|name| before_send(&name)).transpose()?;
        Ok(config)
    }
}

fn set<T>(option: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *option = given;
    }
}

fn before_send(name: &str) -> Result<BeforeSend, Error> {
    match name {
        "drop" => Ok(Arc::new(|_| None)),
        "keep" => Ok(Arc::new(|event| Some(event.to_owned()))),
        "mark" => Ok(Arc::new(|event| Some(event.replacen("\"properties\":{", "\"properties\":{\"marked\":true,", 1)))),
        _ => Err(Error::new(ErrorKind::InvalidConfig, format!("before_send: {name:?} is not known"))),
    }
}
