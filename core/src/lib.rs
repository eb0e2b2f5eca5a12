//! Usage telemetry that a command-line tool or a library can embed, that its users can read, and that anyone can
//! switch off.
//!
//! - [`Client::capture_event`] stores an event by one `write(2)` in the caller's thread; when it has returned, the event
//!   survives the death of the process. Nothing ever waits for the network unless it is asked to.
//! - Off is off: while [`Client::consent`] says so there is no file, no thread and no request.
//! - A client is a value: there is no global state, and no `unsafe` in this crate.
//!
//! ```
//! use serde_json::json;
//! # let dir = tempfile::tempdir().unwrap();
//! let mut config = overt::Config::new("starfish");
//! config.api_key = "phc_example".into();
//! config.endpoint = "http://127.0.0.1:8990".into();
//! # config.state_dir = Some(dir.path().into());
//! let client = overt::Client::new(config)?;
//! client.capture_event("starfish_job", &json!({"target_reached": true, "num_inputs": 12}))?;
//! # Ok::<(), overt::Error>(())
//! ```
//!
//! A tool whose runs are shorter than a request can leave delivery to a process of its own: itself, started again at the
//! end of its client. It must look for that before it does anything else.
//!
//! ```no_run
//! // The first lines of main.
//! if let Some(upload) = overt::Upload::from_args(std::env::args_os().skip(1)) {
//!     upload.run();
//!     return;
//! }
//!
//! let mut config = overt::Config::new("starfish");
//! config.uploader = overt::Uploader::this_program();
//! ```
//!
//! The way of an event, and the only direction in which the modules depend on each other:
//!
//! ```text
//! capture_event → consent → event (one JSON line) → spool (append)        in the caller's thread
//!                                                      │
//!                  worker: spool (claim) → batch → wire (encode) → transport (POST) → wire (read the answer)
//!                                           → retry (decide) → spool (acknowledge, keep, or give up → loss)
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]
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

mod batch;
mod client;
mod clock;
mod config;
mod consent;
mod cooldown;
mod counters;
mod environment;
mod error;
mod event;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod json;
mod ledger;
mod loss;
mod notice;
pub mod reaper;
mod retry;
mod salt;
mod sent;
mod signals;
mod spool;
mod state;
mod stats;
mod stored;
mod thread;
mod trace;
mod transport;
mod upload;
mod uploader;
mod wire;
mod worker;

pub use client::{Capture, Client, Paths};
pub use clock::{Clock, SystemClock, Timestamp};
pub use config::{AskHost, BeforeSend, Config, HostConsent, PARK_TIME};
pub use consent::{Consent, ConsentReason, ConsentVariable, StoredChoice};
pub use counters::{Counted, MAX_COMMAND_BYTES};
pub use environment::{Environment, Variables, View, WELL_KNOWN_FILES, agent_name, ci_name, os_name};
pub use error::{Error, ErrorKind};
pub use event::{Event, Options, Properties, parse_uuid};
pub use json::{MAX_DEPTH, Writer};
pub use ledger::Ledger;
pub use loss::LossReason;
pub use stats::{Stats, Storage};
pub use transport::{HttpTransport, InFlight, NoAnswer, Request, Response, Transport};
pub use uploader::{MAX_LIFE, START_EVERY, Upload, Uploader};
pub use wire::{Ack, Compression, Wire};

/// The version of this crate, and of everything else in the same release.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
