//! Why a request is not accepted, as the client gets to read it.
//!
//! - `rule` is a word that stays the same, for programs; `detail` is a sentence, for people.
//! - Neither repeats anything of the body but sizes, so that an answer cannot carry what a stranger sent.

use serde_json::error::Category;
use serde_json::{Value, json};

/// A refused request. Nothing of it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The rule that was broken.
    pub rule: &'static str,
    /// The same for people.
    pub detail: String,
    /// Which event of the batch broke it.
    pub index: Option<usize>,
}

impl Refusal {
    /// 400: the request can never be accepted as it is.
    pub fn invalid(rule: &'static str, detail: impl Into<String>) -> Self {
        Self::new(400, rule, detail)
    }

    /// 400: JSON that is broken or of the wrong type. Only the place is given: the parser's words may quote the body.
    pub fn unreadable(rule: &'static str, what: &str, error: &serde_json::Error) -> Self {
        let fault = match error.classify() {
            Category::Data => "has a wrong type, or a key twice,",
            Category::Eof => "ends too early",
            Category::Io | Category::Syntax => "is not valid JSON",
        };
        Self::invalid(rule, format!("{what} {fault} at line {}, column {}", error.line(), error.column()))
    }

    /// 401: no key, or not one of ours.
    pub fn unauthorised(detail: impl Into<String>) -> Self {
        Self::new(401, "api_key", detail)
    }

    /// 408: the body did not arrive in time.
    pub fn too_slow() -> Self {
        Self::new(408, "body_timeout", "the body did not arrive in time")
    }

    /// 413: the same in smaller pieces may pass.
    pub fn too_large(rule: &'static str, detail: impl Into<String>) -> Self {
        Self::new(413, rule, detail)
    }

    /// 415: a type or an encoding that we do not read.
    pub fn unsupported(rule: &'static str, detail: impl Into<String>) -> Self {
        Self::new(415, rule, detail)
    }

    /// 503: not the request's fault; the same may pass later.
    pub fn unavailable(rule: &'static str, detail: impl Into<String>) -> Self {
        Self::new(503, rule, detail)
    }

    /// Says which event of the batch it was.
    pub fn at(mut self, index: usize) -> Self {
        self.detail = format!("batch[{index}]: {}", self.detail);
        self.index = Some(index);
        self
    }

    /// The answer's body.
    pub fn to_json(&self) -> Value {
        let mut body = json!({"status": "Error", "rule": self.rule, "detail": self.detail});
        if let (Some(index), Some(fields)) = (self.index, body.as_object_mut()) {
            fields.insert("index".to_owned(), index.into());
        }
        body
    }

    fn new(status: u16, rule: &'static str, detail: impl Into<String>) -> Self {
        Self { status, rule, detail: detail.into(), index: None }
    }
}
