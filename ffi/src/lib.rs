//! The C ABI of overt: translation only. Each function checks, converts, calls the core, and converts back.
//!
//! - One file for each chapter of `include/overt.h`, which is generated from them (`cargo run -p overt-ffi --example
//!   header`) and holds the rules that every function follows.
//! - NULL is in the types: `Option<&T>` is a pointer that may be NULL, `Option<Box<T>>` one that is given away or taken.
//! - Every function begins with the guard; a test reads the sources and says so if one does not.

#![deny(unsafe_op_in_unsafe_fn, missing_docs, clippy::undocumented_unsafe_blocks)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation
    )
)]

mod client;
mod command;
mod config;
mod consent;
mod event;
mod guard;
mod identity;
mod inspect;
mod members;
mod out;
mod status;
mod str;
mod text;
mod uploader;
mod version;
