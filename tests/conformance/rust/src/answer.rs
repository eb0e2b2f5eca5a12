//! The adapter's answers: a status of HTTP and an object.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use overt::{Error, ErrorKind};
use serde_json::{Value, json};

/// An answer.
pub struct Answer(StatusCode, Value);

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (self.0, [(header::CONTENT_TYPE, "application/json")], self.1.to_string()).into_response()
    }
}

/// 200 with this object.
pub fn object(body: Value) -> Answer {
    Answer(StatusCode::OK, body)
}

/// It went as asked.
pub fn success() -> Answer {
    object(json!({"success": true}))
}

/// Nothing is wrong, but it did not go as asked.
pub fn instead(status: &str) -> Answer {
    object(json!({"success": false, "status": status}))
}

/// The library refuses.
pub fn refused(error: &Error) -> Answer {
    let body = json!({"success": false, "status": word(error.kind()), "error": error.to_string()});
    Answer(StatusCode::BAD_REQUEST, body)
}

/// The request itself cannot be read.
pub fn unreadable(error: &serde_json::Error) -> Answer {
    let body = json!({"success": false, "status": "invalid_argument", "error": error.to_string()});
    Answer(StatusCode::BAD_REQUEST, body)
}

/// There is no client yet.
pub fn no_client() -> Answer {
    Answer(StatusCode::CONFLICT, json!({"success": false, "error": "no client: POST /init comes first"}))
}

/// The word of the C header for a kind of error.
pub fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidName => "invalid_name",
        ErrorKind::InvalidDistinctId => "invalid_distinct_id",
        ErrorKind::InvalidUuid => "invalid_uuid",
        ErrorKind::InvalidTimestamp => "invalid_timestamp",
        ErrorKind::InvalidProperties => "invalid_properties",
        ErrorKind::EventTooLarge => "event_too_large",
        ErrorKind::InvalidConfig => "invalid_config",
        ErrorKind::Storage => "storage",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Undelivered => "undelivered",
        _ => "internal",
    }
}
