//! The calls: each takes a body, makes one call of the library's, and says what came of it.

use crate::answer::{self, Answer};
use crate::init::Init;
use axum::extract::State;
use overt::{Capture, Client, Counted, ErrorKind, Event, Options, Timestamp};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

/// Longer than any flush of the contract takes.
const FLUSH_MS: u64 = 60_000;

/// The one client, and the directory that it has if it was told none.
#[derive(Default)]
pub struct Held(Mutex<Option<(Arc<Client>, Option<TempDir>)>>);

type Shared = State<Arc<Held>>;

impl Held {
    fn client(&self) -> Option<Arc<Client>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|(client, _)| Arc::clone(client))
    }

    fn replace(&self, with: Option<(Arc<Client>, Option<TempDir>)>) {
        let before = std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), with);
        if let Some((client, _dir)) = before {
            // Without waiting: what is left stays for the next.
            let _ = client.close(Duration::ZERO);
        }
    }
}

#[derive(Deserialize)]
struct CaptureBody<'a> {
    event: String,
    distinct_id: Option<String>,
    #[serde(borrow)]
    properties: Option<&'a RawValue>,
    timestamp: Option<String>,
    uuid: Option<String>,
    #[serde(borrow)]
    options: Option<&'a RawValue>,
    force: Option<bool>,
}

#[derive(Deserialize)]
struct CommandBody {
    path: String,
    exit_code: i32,
}

#[derive(Deserialize)]
struct ConsentBody {
    enabled: bool,
}

#[derive(Deserialize)]
struct FlushBody {
    timeout_ms: Option<u64>,
}

pub async fn health() -> Answer {
    let version = overt::VERSION;
    answer::object(json!({"sdk_name": "overt", "sdk_version": version, "adapter_version": "1", "language": "rust"}))
}

pub async fn init(State(held): Shared, body: String) -> Answer {
    let init: Init = match serde_json::from_str(&body) {
        Ok(init) => init,
        Err(error) => return answer::unreadable(&error),
    };
    held.replace(None);
    let dir = if init.state_dir.is_none() { tempfile::tempdir().ok() } else { None };
    let fresh = dir.as_ref().map(|dir| dir.path().to_owned()).unwrap_or_default();
    match init.config(fresh).and_then(Client::new) {
        Ok(client) => {
            held.replace(Some((Arc::new(client), dir)));
            answer::success()
        }
        Err(error) => answer::refused(&error),
    }
}

pub async fn capture(State(held): Shared, body: String) -> Answer {
    let Some(client) = held.client() else { return answer::no_client() };
    let body: CaptureBody<'_> = match serde_json::from_str(&body) {
        Ok(body) => body,
        Err(error) => return answer::unreadable(&error),
    };
    match captured(&client, &body) {
        Ok(Capture::Recorded(uuid)) => answer::object(json!({"success": true, "uuid": uuid.to_string()})),
        Ok(Capture::Disabled) => answer::instead("disabled"),
        Ok(_) => answer::instead("dropped"),
        Err(error) => answer::refused(&error),
    }
}

fn captured(client: &Client, body: &CaptureBody<'_>) -> Result<Capture, overt::Error> {
    let mut event = Event::new(&body.event);
    event.distinct_id = body.distinct_id.as_deref();
    event.timestamp = body.timestamp.as_deref().map(Timestamp::parse).transpose()?;
    event.uuid = body.uuid.as_deref().map(overt::parse_uuid).transpose()?;
    event.options = body.options.map_or(Ok(Options::default()), |options| Options::from_json(options.get()))?;
    event.force = body.force.unwrap_or(false);
    let properties = body.properties.map_or("{}", RawValue::get);
    client.capture(&event, |writer| writer.json_object(properties))
}

pub async fn record_command(State(held): Shared, body: String) -> Answer {
    let Some(client) = held.client() else { return answer::no_client() };
    let body: CommandBody = match serde_json::from_str(&body) {
        Ok(body) => body,
        Err(error) => return answer::unreadable(&error),
    };
    match client.record_command(&body.path, body.exit_code) {
        Ok(Counted::Counted) => answer::success(),
        Ok(Counted::Disabled) => answer::instead("disabled"),
        Ok(Counted::Dropped) => answer::instead("dropped"),
        Err(error) => answer::refused(&error),
    }
}

pub async fn counters(State(held): Shared) -> Answer {
    let Some(client) = held.client() else { return answer::no_client() };
    match client.counters().as_deref().map(serde_json::from_str::<serde_json::Value>).transpose() {
        Ok(counters) => answer::object(json!({"success": true, "counters": counters})),
        Err(error) => answer::unreadable(&error),
    }
}

pub async fn set_consent(State(held): Shared, body: String) -> Answer {
    let Some(client) = held.client() else { return answer::no_client() };
    let body: ConsentBody = match serde_json::from_str(&body) {
        Ok(body) => body,
        Err(error) => return answer::unreadable(&error),
    };
    client.set_consent(body.enabled).map_or_else(|error| answer::refused(&error), |_| answer::success())
}

pub async fn reset_client_id(State(held): Shared) -> Answer {
    let Some(client) = held.client() else { return answer::no_client() };
    client.reset_client_id().map_or_else(|error| answer::refused(&error), |_| answer::success())
}

pub async fn flush(State(held): Shared, body: String) -> Answer {
    let Some(client) = held.client() else { return answer::no_client() };
    let body: FlushBody = match serde_json::from_str(&body) {
        Ok(body) => body,
        Err(error) => return answer::unreadable(&error),
    };
    let timeout = Duration::from_millis(body.timeout_ms.unwrap_or(FLUSH_MS));
    let flushed = tokio::task::spawn_blocking(move || client.flush(timeout)).await;
    match flushed {
        Ok(Ok(())) => answer::success(),
        Ok(Err(error)) if matches!(error.kind(), ErrorKind::Undelivered | ErrorKind::Timeout) => {
            answer::instead(answer::word(error.kind()))
        }
        Ok(Err(error)) => answer::refused(&error),
        Err(_) => answer::instead("internal"),
    }
}

pub async fn state(State(held): Shared) -> Answer {
    let Some(client) = held.client() else { return answer::no_client() };
    let stats = client.stats();
    let losses: serde_json::Map<_, _> =
        client.losses().into_iter().map(|(reason, events)| (reason.as_str().to_owned(), events.into())).collect();
    answer::object(json!({
        "pending_events": client.pending().len(),
        "total_events_captured": stats.recorded,
        "total_events_sent": stats.delivered,
        "total_requests": stats.requests,
        "failures": stats.failures,
        "unconfirmed": stats.unconfirmed,
        "losses": losses,
    }))
}

pub async fn reset(State(held): Shared) -> Answer {
    held.replace(None);
    answer::success()
}
