//! What is answered where.
//!
//! - `POST /batch/` and `/batch`: the PostHog v0 protocol. 200 means durable.
//! - `POST /i/v1/analytics/events`: the PostHog v1 protocol. 200 means that what the answer calls `ok` is durable.
//! - `POST /telemetry`: counters in PACE's form. 200 and `OK` means durable.
//! - `GET /health`: how many events are stored, asked of the thread that stores them.
//!
//! A refusal is [`Refusal::to_json`] under its status; 503 asks for another try with `Retry-After`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::intake::Intake;
use crate::encoding::Encoding;
use crate::ingest::Desk;
use crate::keys::Keys;
use crate::limits::{self, Limits};
use crate::posthog;
use crate::posthog_v1::{self, Sender};
use crate::refusal::Refusal;

/// What a client is told to wait, in seconds, before it tries again. Enough for a queue of batches to drain.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

const CLOSE: HeaderValue = HeaderValue::from_static("close");

const NO_JSON: &str = "Content-Type must be application/json";

struct Server {
    intake: Intake,
    documents: Intake,
    keys: Keys,
}

pub fn routes(desk: Desk, keys: Keys, limits: Limits) -> Router {
    let intake = Intake::new(desk, limits);
    let server = Server { documents: intake.with_body_limit(limits::DOCUMENT_BYTES), intake, keys };
    Router::new()
        .route("/batch", post(batch))
        .route("/batch/", post(batch))
        .route("/i/v1/analytics/events", post(events))
        .route("/telemetry", post(telemetry))
        .route("/health", get(health))
        .with_state(Arc::new(server))
}

async fn batch(State(server): State<Arc<Server>>, request: Request) -> Response {
    respond(take_batch(server, request).await)
}

async fn take_batch(server: Arc<Server>, request: Request) -> Result<Value, Refusal> {
    let arrived = server.intake.arrive(request).await?;
    if !arrived.is_json() {
        return Err(Refusal::invalid("content_type", NO_JSON));
    }
    let encoding = Encoding::v0(arrived.header(header::CONTENT_ENCODING), arrived.query())?;
    let (intake, received_at) = (server.intake.clone(), arrived.received_at);
    let read = move |plain: &[u8]| Ok((posthog::read(plain, &server.keys, received_at)?, ()));
    let (stored, ()) = intake.store(arrived.into_body(), encoding, read).await?;
    Ok(json!({"status": "Ok", "stored": stored.new, "duplicates": stored.duplicates}))
}

async fn events(State(server): State<Arc<Server>>, request: Request) -> Response {
    respond(take_events(&server, request).await)
}

async fn take_events(server: &Server, request: Request) -> Result<Value, Refusal> {
    let arrived = server.intake.arrive(request).await?;
    let sender = Sender::read(|name| arrived.header(HeaderName::from_static(name)), &server.keys)?;
    if !arrived.is_json() {
        return Err(Refusal::unsupported("content_type", NO_JSON));
    }
    let encoding = Encoding::v1(arrived.header(header::CONTENT_ENCODING))?;
    let received_at = arrived.received_at;
    let read = move |plain: &[u8]| posthog_v1::read(plain, sender, received_at);
    let (_, results) = server.intake.store(arrived.into_body(), encoding, read).await?;
    Ok(results.into_json())
}

async fn telemetry(State(server): State<Arc<Server>>, request: Request) -> Response {
    match take_document(&server, request).await {
        Ok(()) => Response::new(Body::from("OK")),
        Err(refusal) => refuse(&refusal),
    }
}

/// PACE's document has no place for a key, and neither has its request: whoever reaches the address may send.
async fn take_document(server: &Server, request: Request) -> Result<(), Refusal> {
    let arrived = server.documents.arrive(request).await?;
    if !arrived.is_json() {
        return Err(Refusal::unsupported("content_type", NO_JSON));
    }
    let encoding = Encoding::v1(arrived.header(header::CONTENT_ENCODING))?;
    let received_at = arrived.received_at;
    server.documents.keep(arrived.into_body(), encoding, received_at).await
}

async fn health(State(server): State<Arc<Server>>) -> Response {
    respond(server.intake.count().await.map(|events| json!({"status": "ok", "events": events})))
}

fn respond(done: Result<Value, Refusal>) -> Response {
    match done {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(refusal) => refuse(&refusal),
    }
}

fn refuse(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = answer(status, &refusal.to_json());
    match status {
        StatusCode::SERVICE_UNAVAILABLE => response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER),
        // The rest of its body may still come, and is no head of a next request.
        StatusCode::REQUEST_TIMEOUT => response.headers_mut().insert(header::CONNECTION, CLOSE),
        _ => None,
    };
    response
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
