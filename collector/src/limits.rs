//! Every limit of the collector, with its reason.
//!
//! - Sizes are bytes, times are [`Duration`]s.
//! - [`Limits`] holds those a test needs to make small; the others are used as they stand.

use std::time::Duration;

/// The largest body, as it comes and again once inflated. PostHog's own limit; overt's clients stop at 5 MiB.
pub const BODY_BYTES: usize = 20 * 1024 * 1024;

/// How much of a body that is already refused is still read and thrown away. A simple client writes all before it
/// reads, and would see a reset instead of its 413 if we hung up on it. Beyond this it does.
pub const DISCARD_BYTES: usize = 20 * 1024 * 1024;

/// Bytes of bodies that are arriving or waiting, over all requests. Twelve of the largest, or 512 of overt's usual 512 KiB.
/// Growing buffers may take up to twice as much.
pub const BODY_BUDGET_BYTES: usize = 256 * 1024 * 1024;

/// Events in one batch. overt sends 100; this keeps one transaction short, and a body of `[0,0,0,…` cheap.
pub const BATCH_EVENTS: usize = 10_000;

/// The JSON text of one event; overt's clients allow at most 900 KiB. Checking builds a tree of it, which may take 30
/// times its bytes, so this also bounds what a body of 20 MiB of `0,0,0,…` can take.
pub const EVENT_BYTES: usize = 1024 * 1024;

/// An event's name: PostHog's limit.
pub const EVENT_NAME_BYTES: usize = 200;

/// A distinct ID: PostHog's limit.
pub const DISTINCT_ID_BYTES: usize = 200;

/// An API key. It is stored with every event of its batch, so it must not be long; PostHog's have at most 64.
pub const API_KEY_BYTES: usize = 64;

/// `sent_at`, stored with every event of its batch like the key. A time with nine decimals and an offset has 35.
pub const SENT_AT_BYTES: usize = 64;

/// `PostHog-Sdk-Info`, stored with every event of its batch. overt's has some ten bytes.
pub const SDK_INFO_BYTES: usize = 64;

/// What of an event's `uuid` an answer repeats, as the name of its result. The longest form of a UUID has 45.
pub const UUID_BYTES: usize = 45;

/// A document of counters. The largest that the limits below let pass has half of that.
pub const DOCUMENT_BYTES: usize = 1024 * 1024;

/// Command paths in a document: those that one installation has used, of however many its tool has.
pub const PATHS: usize = 1_000;

/// Exit codes of one path: a process of Unix has one byte for it.
pub const EXIT_CODES: usize = 256;

/// Counts in a document: four exit codes for each of the most paths. Each may become a series in Graphite.
pub const DOCUMENT_COUNTERS: usize = 4_000;

/// A command path: ten times `pace get data-policy`.
pub const PATH_BYTES: usize = 256;

/// Words of a command path, each a tag in Graphite. Trees of commands are rarely deeper than six.
pub const PATH_WORDS: usize = 16;

/// `cli_version`. A version of Git's own making, `v1.16.0-rc.1-123-gdeadbee-dirty`, has some 30.
pub const CLI_VERSION_BYTES: usize = 64;

/// `operating_system`: Go's and ours have at most ten.
pub const OPERATING_SYSTEM_BYTES: usize = 64;

/// The largest count: up to 2⁵³ a double, which is what Graphite keeps, is exact.
pub const COUNT: u64 = 1 << 53;

/// Installations and counters stored, in all: some 80 MB of database.
pub const STORED_COUNTERS: usize = 1_000_000;

/// Series that Graphite is ever given. Whisper keeps 12 bytes a point from the start: with Debian's retentions (a day
/// of minutes, a month of 5 minutes, 3 years of hours) 436 KB a series, 4.4 GB for all; a year of minutes would be 6 MB
/// each.
pub const SERIES: usize = 10_000;

/// Slots that are kept for a Graphite that is away: a week of minutes.
pub const BACKLOG_SLOTS: i64 = 7 * 24 * 60;

/// Changes of series that are kept for a Graphite that is away: some 20 MB of database.
pub const BACKLOG_CHANGES: u32 = 1_000_000;

/// Points that are collected from the backlog before they are sent, and at most one slot more: a few MB in memory.
pub const COLLECTED_POINTS: usize = 10_000;

/// Points of one POST, some 200 KB, and of one write to Carbon, some 150 KB. Between two of them the collector may end.
pub const SEND_POINTS: usize = 1_000;

/// How long what was written to Carbon may still be lost with it: Carbon says nothing, and brings its cache to disk at
/// 500 series a second, as Debian configures it. That is 20 seconds for all of ours; the rest is for a Carbon that has
/// more to do.
pub const CARBON_SETTLES: Duration = Duration::from_secs(600);

/// For a connection to Graphite. What a far network needs.
pub const GRAPHITE_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// For a write to Carbon to go on, and for a whole POST; the collector's end may have to wait for one of them.
pub const GRAPHITE_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause after the first failure of Graphite; it doubles with each.
pub const GRAPHITE_FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest of these pauses. One slot of the usual interval: to try more seldom would save nothing.
pub const GRAPHITE_LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The file or variable with the credentials for Graphite. Grafana Cloud's tokens have some 200 bytes.
pub const CREDENTIALS_BYTES: usize = 4096;

/// Connections at once; more wait in the kernel's queue. Half of the usual 1,024 file descriptors.
pub const CONNECTIONS: usize = 512;

/// Batches between the end of their body and their commit. Each may hold its body, the inflated text, the events cut
/// from it and the tree of one, some 100 MiB at worst; two or three keep both a parser and the disk busy.
pub const BATCHES_IN_WORK: usize = 8;

/// What hyper may buffer of one connection. Heads of our clients are under 1 KiB.
pub const CONNECTION_BUFFER_BYTES: usize = 64 * 1024;

/// From the opening of a connection, or the last answer on it, to the end of the next head. Also how long an idle
/// connection is kept.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// From the end of the head to the end of the body: 5 MiB, a client's largest, at 1.4 Mbit/s.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection in all. A client that sends request after request and reads no answer would keep its place for ever;
/// one that is cut off in a request sends it again, and is not counted twice.
pub const CONNECTION_LIFETIME: Duration = Duration::from_secs(3600);

/// What an ending collector allows on top of the body time-out for committing and answering.
pub const DRAIN_MARGIN: Duration = Duration::from_secs(5);

/// How long to hold off after `accept` failed, usually for want of file descriptors.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long to wait for another process that holds the database's lock, such as a `sqlite3` shell.
pub const DATABASE_WAIT: Duration = Duration::from_secs(5);

/// What stays on disk of the write-ahead log after a large transaction has been moved into the database.
pub const LOG_BYTES: i64 = 64 * 1024 * 1024;

/// The limits of one server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// See [`CONNECTIONS`].
    pub connections: usize,
    /// See [`BODY_BYTES`].
    pub body_bytes: usize,
    /// See [`BODY_BUDGET_BYTES`].
    pub body_budget_bytes: usize,
    /// See [`HEAD_TIMEOUT`].
    pub head_timeout: Duration,
    /// See [`BODY_TIMEOUT`].
    pub body_timeout: Duration,
    /// See [`CONNECTION_LIFETIME`].
    pub connection_lifetime: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            body_bytes: BODY_BYTES,
            body_budget_bytes: BODY_BUDGET_BYTES,
            head_timeout: HEAD_TIMEOUT,
            body_timeout: BODY_TIMEOUT,
            connection_lifetime: CONNECTION_LIFETIME,
        }
    }
}
