//! The keyword arguments of `Client`, turned into the core's configuration. An option that is absent or `None` keeps the
//! core's default; a value that cannot be used is an error that names the option.

use crate::event;
use crate::hooks::{AskHost, BeforeSend, Hooks};
use crate::uploader;
use crate::walk::str_of;
use overt::{Ack, Compression, Config, ConsentVariable, HostConsent, Wire};
use pyo3::exceptions::{PyException, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyMapping, PyString};
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

type Value<'py> = Bound<'py, PyAny>;

/// What a client is made of.
pub struct Given {
    pub config: Config,
    pub hooks: Hooks,
    /// An option that has no effect here, and why: no mistake of the host's, but its developer may wonder.
    pub remark: Option<String>,
}

/// Reads all options.
pub fn read(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Given> {
    let options = options.cloned().unwrap_or_else(|| PyDict::new(py));
    let app = options.get_item("app")?.ok_or_else(|| PyTypeError::new_err("Client() needs the keyword 'app'"))?;
    let mut config = Config::new(named("app", &app, text)?);
    // Those that need others first.
    let (mut super_properties, mut consent, mut before_send, mut detached_upload) = (None, None, None, None);
    for (name, value) in options {
        let name: String = name.extract()?;
        match name.as_str() {
            "super_properties" => super_properties = Some(value),
            "consent" => consent = Some(value),
            "before_send" => before_send = Some(value),
            "detached_upload" => detached_upload = Some(value),
            _ => set(&mut config, &name, &value)?,
        }
    }
    let max_bytes = config.max_event_bytes;
    let mut hooks = Hooks::default();
    if let Some(value) = given(super_properties) {
        config.super_properties = named("super_properties", &value, |value| properties(value, max_bytes))?;
    }
    if let Some(value) = given(consent) {
        config.consent = named("consent", &value, |value| host_consent(value, &mut hooks))?;
    }
    if let Some(value) = given(before_send) {
        let hook = named("before_send", &value, |value| BeforeSend::new(callable(value)?, max_bytes))?;
        let hook = Arc::clone(hooks.before_send.insert(Arc::new(hook)));
        config.before_send = Some(Arc::new(move |event: &str| hook.review(event)));
    }
    let mut remark = None;
    if let Some(value) = given(detached_upload)
        && named("detached_upload", &value, flag)?
    {
        match uploader::of_interpreter(py)? {
            Ok(uploader) => config.uploader = Some(uploader),
            Err(reason) => remark = Some(format!("detached_upload has no effect: {reason}")),
        }
    }
    Ok(Given { config, hooks, remark })
}

/// The exception for a configuration that cannot be used.
pub fn config_error(py: Python<'_>, message: String) -> PyErr {
    let class = py.import("overt").and_then(|package| package.getattr("ConfigError"));
    class.and_then(|class| class.call1((&message,))).map_or_else(|error| error, PyErr::from_value)
}

/// Sets one option; its name is the core's.
fn set(config: &mut Config, name: &str, value: &Value<'_>) -> PyResult<()> {
    let put = Put { name, value };
    match name {
        "app" => Ok(()),
        "app_version" => put.to(&mut config.app_version, text),
        "api_key" => put.to(&mut config.api_key, text),
        "endpoint" => put.to(&mut config.endpoint, text),
        "allow_plain_http" => put.to(&mut config.allow_plain_http, flag),
        "wire" => put.to(&mut config.wire, wire),
        "compression" => put.to(&mut config.compression, compression),
        "ack" => put.to(&mut config.ack, ack),
        "response_wait" => put.to(&mut config.response_wait, seconds),
        "extra_headers" => put.to(&mut config.extra_headers, headers),
        "flush_at" => put.to(&mut config.flush_at, |value| value.extract()),
        "flush_interval" => put.to(&mut config.flush_interval, seconds),
        "max_retries" => put.to(&mut config.max_retries, |value| value.extract()),
        "timeout" => put.to(&mut config.timeout, seconds),
        "connect_timeout" => put.to(&mut config.connect_timeout, seconds),
        "exit_timeout" => put.to(&mut config.exit_timeout, seconds),
        "max_event_bytes" => put.to(&mut config.max_event_bytes, |value| value.extract()),
        "max_batch_bytes" => put.to(&mut config.max_batch_bytes, |value| value.extract()),
        "max_spool_events" => put.to(&mut config.max_spool_events, |value| value.extract()),
        "max_spool_bytes" => put.to(&mut config.max_spool_bytes, |value| value.extract()),
        "max_spool_age" => put.to(&mut config.max_spool_age, seconds),
        "max_memory_events" => put.to(&mut config.max_memory_events, |value| value.extract()),
        "disable_geoip" => put.to(&mut config.disable_geoip, flag),
        "person_profiles" => put.to(&mut config.person_profiles, flag),
        "historical_migration" => put.to(&mut config.historical_migration, flag),
        "enrich" => put.to(&mut config.enrich, flag),
        "report_losses" => put.to(&mut config.report_losses, flag),
        "counters_path" => put.to(&mut config.counters_path, path),
        "counters_endpoint" => put.to(&mut config.counters_endpoint, text),
        "counters_interval" => put.to(&mut config.counters_interval, interval),
        "keep_sent" => put.to(&mut config.keep_sent, flag),
        "state_dir" => put.to(&mut config.state_dir, path),
        "client_id_path" => put.to(&mut config.client_id_path, path),
        "client_id_key" => put.to(&mut config.client_id_key, text),
        "consent_path" => put.to(&mut config.consent_path, path),
        "consent_key" => put.to(&mut config.consent_key, text),
        "consent_env" => put.to(&mut config.consent_env, variables),
        "default_consent" => put.to(&mut config.default_consent, flag),
        "respect_do_not_track" => put.to(&mut config.respect_do_not_track, flag),
        "in_ci" => put.to(&mut config.in_ci, flag),
        "notice" => put.to(&mut config.notice, text),
        "send_before_notice" => put.to(&mut config.send_before_notice, flag),
        "notice_anywhere" => put.to(&mut config.notice_anywhere, flag),
        "background" => put.to(&mut config.background, flag),
        "debug" => put.to(&mut config.debug, flag),
        _ => Err(PyTypeError::new_err(format!("Client() got an unexpected keyword argument '{name}'"))),
    }
}

/// An option on its way into the configuration.
#[derive(Clone, Copy)]
struct Put<'a, 'py> {
    name: &'a str,
    value: &'a Value<'py>,
}

impl<'py> Put<'_, 'py> {
    fn to<T>(self, place: &mut T, read: impl FnOnce(&Value<'py>) -> PyResult<T>) -> PyResult<()> {
        if !self.value.is_none() {
            *place = named(self.name, self.value, read)?;
        }
        Ok(())
    }
}

/// Reads a value; an error names the option.
fn named<'py, T>(name: &str, value: &Value<'py>, read: impl FnOnce(&Value<'py>) -> PyResult<T>) -> PyResult<T> {
    read(value).map_err(|error| with_name(value.py(), name, error))
}

#[cold]
fn with_name(py: Python<'_>, name: &str, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyException>(py) {
        return error;
    }
    let message = error.value(py).to_string();
    let has_name = message.starts_with(&format!("{name}: "));
    config_error(py, if has_name { message } else { format!("{name}: {message}") })
}

fn given<'py>(value: Option<Value<'py>>) -> Option<Value<'py>> {
    value.filter(|value| !value.is_none())
}

fn wrong(error: impl Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn text(value: &Value<'_>) -> PyResult<String> {
    match value.is_instance_of::<PyString>() {
        true => str_of(value),
        false => Err(wrong("must be a str")),
    }
}

fn flag(value: &Value<'_>) -> PyResult<bool> {
    value.cast::<PyBool>().map(|flag| flag.is_true()).map_err(|_| wrong("must be True or False"))
}

fn seconds(value: &Value<'_>) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value.extract()?).map_err(|_| wrong("must be a number of seconds, 0 or more"))
}

/// A time between two things that are done; a negative one is never.
fn interval(value: &Value<'_>) -> PyResult<Option<Duration>> {
    if value.extract::<f64>()? < 0.0 { Ok(None) } else { seconds(value).map(Some) }
}

fn path(value: &Value<'_>) -> PyResult<Option<PathBuf>> {
    value.extract().map(Some)
}

fn wire(value: &Value<'_>) -> PyResult<Wire> {
    Wire::parse(&text(value)?).map_err(wrong)
}

fn ack(value: &Value<'_>) -> PyResult<Ack> {
    Ack::parse(&text(value)?).map_err(wrong)
}

fn compression(value: &Value<'_>) -> PyResult<Compression> {
    Compression::parse(&text(value)?).map_err(wrong)
}

fn headers(value: &Value<'_>) -> PyResult<Vec<(String, String)>> {
    let mapping = value.cast::<PyMapping>().map_err(|_| wrong("must be a mapping"))?;
    mapping.items()?.iter().map(|pair| pair.extract()).collect()
}

fn properties(value: &Value<'_>, max_bytes: usize) -> PyResult<String> {
    event::json(value, max_bytes).ok_or_else(|| wrong("is larger than max_event_bytes"))
}

/// One variable, or several.
fn variables(value: &Value<'_>) -> PyResult<Vec<ConsentVariable>> {
    let texts = match value.is_instance_of::<PyString>() {
        true => vec![text(value)?],
        false => value.try_iter()?.map(|one| text(&one?)).collect::<PyResult<_>>()?,
    };
    texts.iter().map(|text| ConsentVariable::parse(text).map_err(wrong)).collect()
}

fn callable<'py>(value: &Value<'py>) -> PyResult<Value<'py>> {
    if value.is_callable() { Ok(value.clone()) } else { Err(wrong("must be callable")) }
}

fn host_consent(value: &Value<'_>, hooks: &mut Hooks) -> PyResult<HostConsent> {
    if let Ok(says) = value.cast::<PyBool>() {
        return Ok(HostConsent::Says(says.is_true()));
    }
    let host = AskHost::new(callable(value).map_err(|_| wrong("must be True, False or callable"))?);
    let host = Arc::clone(hooks.ask_host.insert(Arc::new(host)));
    Ok(HostConsent::Asked(Arc::new(move || host.answer())))
}
