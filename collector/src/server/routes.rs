//! What is answered where.
//!
//! - `POST /batch/` and `/batch`: the PostHog v0 protocol. 200 means durable.
//! - `GET /health`: how many events are stored, asked of the thread that stores them.
//!
//! A refusal is [`Refusal::to_json`] under its status; 503 asks for another try with `Retry-After`.

use std::io::{self, Write};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::body;
use crate::encoding::Encoding;
use crate::ingest::Desk;
use crate::limits::{self, Limits};
use crate::posthog::{Batch, Keys};
use crate::refusal::Refusal;
use crate::store::{self, Stored};
use crate::time::Moment;

/// What a client is told to wait, in seconds, before it tries again. Enough for a queue of batches to drain.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

const CLOSE: HeaderValue = HeaderValue::from_static("close");

struct Server {
    desk: Desk,
    keys: Keys,
    limits: Limits,
    /// Bytes of bodies that may still be taken into memory.
    budget: Arc<Semaphore>,
    /// Batches that may still go from bytes to commit.
    work: Arc<Semaphore>,
}

pub fn routes(desk: Desk, keys: Keys, limits: Limits) -> Router {
    let server = Server {
        desk,
        keys,
        limits,
        budget: Arc::new(Semaphore::new(limits.body_budget_bytes)),
        work: Arc::new(Semaphore::new(limits::BATCHES_IN_WORK)),
    };
    Router::new()
        .route("/batch", post(batch))
        .route("/batch/", post(batch))
        .route("/health", get(health))
        .with_state(Arc::new(server))
}

async fn batch(State(server): State<Arc<Server>>, request: Request) -> Response {
    match accept(server, request).await {
        Ok(stored) => {
            answer(StatusCode::OK, &json!({"status": "Ok", "stored": stored.new, "duplicates": stored.duplicates}))
        }
        Err(refusal) => refuse(&refusal),
    }
}

async fn health(State(server): State<Arc<Server>>) -> Response {
    match server.desk.count().await {
        Ok(events) => answer(StatusCode::OK, &json!({"status": "ok", "events": events})),
        Err(_) => refuse(&store_failed()),
    }
}

async fn accept(server: Arc<Server>, request: Request) -> Result<Stored, Refusal> {
    // Before the body: however long that takes, the client's `sent_at` is from before it.
    let received_at = Moment::now();
    let (head, body) = request.into_parts();
    // The body is read before the head is judged, so that the client is there to hear the verdict.
    let body = body::read(body, &server.limits, &server.budget).await?;
    expect_json(&head.headers)?;
    let encoding = Encoding::of(text(&head.headers, header::CONTENT_ENCODING), head.uri.query())?;

    let permit = Arc::clone(&server.work).acquire_owned().await.map_err(|_| store_failed())?;
    let reader = Arc::clone(&server);
    // Inflating and reading 20 MiB takes long enough to hold up every other connection. The permit goes along: if the
    // client hangs up, this future ends and the work does not.
    let (batch, permit) = tokio::task::spawn_blocking(move || {
        let plain = body.decode(encoding, reader.limits.body_bytes);
        (plain.and_then(|plain| Batch::read(&plain, &reader.keys, received_at)), permit)
    })
    .await
    .map_err(|_| store_failed())?;

    match server.desk.insert(batch?, permit).await {
        Ok(Ok(stored)) => Ok(stored),
        Ok(Err(error)) => {
            tell_operator(&error);
            Err(store_failed())
        }
        Err(_) => Err(store_failed()),
    }
}

/// Only `application/json`. It is what PostHog's clients send, and what a foreign web page cannot make a browser send
/// to a collector on the same machine without being asked.
fn expect_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let media_type = text(headers, header::CONTENT_TYPE).and_then(|value| value.split(';').next());
    if media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json")) {
        Ok(())
    } else {
        Err(Refusal::invalid("content_type", "Content-Type must be application/json"))
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Unlike `eprintln!` this does not panic when nobody holds the other end of stderr.
fn tell_operator(error: &store::Error) {
    let _ = writeln!(io::stderr(), "overt-collector: a batch could not be stored: {error}");
}

/// What went wrong is for the operator, not for a stranger.
fn store_failed() -> Refusal {
    Refusal::unavailable("store", "the batch could not be stored: try again")
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
