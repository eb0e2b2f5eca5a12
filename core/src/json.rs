//! JSON, written once: values go straight into an event's line, and foreign JSON passes a gate on its way.
//!
//! - [`Writer`] appends values to a buffer; what it wrote is valid JSON on one line if containers are closed.
//! - [`gate`](copy_object) is one pass that validates, drops white space and copies: depth at most [`MAX_DEPTH`], only
//!   paired surrogates, only finite numbers, no control character. Digits of numbers and escapes stay as they came.
//! - [`Document`] changes a member of somebody else's document and leaves the rest as it is.
//! - None builds a tree; none panics on any input.

mod document;
mod gate;
mod writer;

pub(crate) use document::{Document, new_document};
pub(crate) use gate::{KeepAll, Sift, copy_object, is_object};
pub use writer::Writer;

/// Containers inside containers. serde_json stops at 128; nobody can read 32, and a stack must hold it.
pub const MAX_DEPTH: usize = 32;
