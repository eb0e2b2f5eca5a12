//! The configuration: every option, its unit, its default and where its numbers come from.
//!
//! A [`Config`] is a plain value. [`Client::new`](crate::Client::new) checks it and answers an error that names the
//! option; nothing of it changes afterwards.

use crate::consent::ConsentVariable;
use crate::error::Error;
use crate::transport;
use crate::uploader::Uploader;
use crate::wire::{Ack, Compression, Wire};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a hook gets to see of an event, and what it makes of it: the event as one JSON object, or `None` to drop it.
/// It runs in the thread that captures, before anything is stored.
pub type BeforeSend = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Asked at each capture; `None` means that the host has no opinion.
pub type AskHost = Arc<dyn Fn() -> Option<bool> + Send + Sync>;

/// Whether the host itself consents.
#[derive(Clone, Default)]
pub enum HostConsent {
    /// The host leaves it to the variables, the stored choice and the default.
    #[default]
    Unset,
    /// The host says so once. On stands below the variables; off is final.
    Says(bool),
    /// The host is asked at each capture, for a choice that it keeps itself and that may change.
    Asked(AskHost),
}

/// Every option. `Config::new(app)` sets the defaults; fill in the rest as fields.
///
/// ```
/// let mut config = overt::Config::new("pace");
/// config.app_version = "1.16.0".into();
/// config.api_key = "phc_example".into();
/// config.endpoint = "http://127.0.0.1:8990".into();
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The tool's name: 1 to 64 letters, digits, `.`, `-` and `_`. It names the state directory and is `$app_name`.
    pub app: String,
    /// The tool's version, sent as `$app_version` unless empty.
    pub app_version: String,
    /// The project's public key. Empty: the client is disabled. The wire `aws-sam` has none.
    pub api_key: String,
    /// The server's URL. Empty: PostHog's US cloud; on the wire `aws-sam` the client is disabled. Plain `http` only to
    /// loopback, or with `allow_plain_http`.
    pub endpoint: String,
    /// Whether the endpoint may be plain `http` beyond loopback. Default: no.
    pub allow_plain_http: bool,
    /// The protocol. Default: `posthog`.
    pub wire: Wire,
    /// How bodies are packed. Default: not at all.
    pub compression: Compression,
    /// When an event counts as delivered: by the server's status (default), or, on the wire `aws-sam`, as soon as its request
    /// is written.
    pub ack: Ack,
    /// With [`Ack::Write`], how long the answer is awaited nevertheless, so that the server sees the end of a connection and
    /// no reset. Nobody else waits for it. Default 0.1 s, which is what AWS SAM CLI takes.
    pub response_wait: Duration,
    /// Headers added to every request, beside those that overt sets itself.
    pub extra_headers: Vec<(String, String)>,

    /// So many waiting events start a send by themselves. Default 100, the size of a batch.
    pub flush_at: u32,
    /// The oldest waiting event starts a send after this time. Default 5 s.
    pub flush_interval: Duration,
    /// Attempts of a batch after the first. Default 3. Then it stays in the spool, parked for [`PARK_TIME`].
    pub max_retries: u32,
    /// The whole of one request: name lookup, connection, TLS, writing and reading. Default 10 s.
    pub timeout: Duration,
    /// What of `timeout` the name lookup and the connection may take; of a host's addresses each gets its share.
    /// Default 5 s.
    pub connect_timeout: Duration,
    /// How long `close` and drop may wait for delivery when the host says nothing else. Default 0: nothing waits.
    pub exit_timeout: Duration,

    /// The largest event, in bytes of its line. Default 32 KiB, at most 900 KiB (PostHog takes 1 MB).
    pub max_event_bytes: usize,
    /// The largest body before packing, in bytes. Default 512 KiB, at most 5 MiB (PostHog takes 20 MiB).
    pub max_batch_bytes: usize,
    /// The most events waiting on disk for one destination. Default 10,000: a year of a command that runs 27 times a day.
    pub max_spool_events: u64,
    /// The most bytes waiting on disk for one destination. Default 8 MiB.
    pub max_spool_bytes: u64,
    /// The longest an event waits. Default 30 days; a server's clock correction is of no use after that.
    pub max_spool_age: Duration,
    /// The most events held in memory while the state directory cannot be written. Default 1,000.
    pub max_memory_events: usize,

    /// Asks the server not to derive a place from the sender's address. Default: yes.
    pub disable_geoip: bool,
    /// Whether events make person profiles. Default: no, events are anonymous.
    pub person_profiles: bool,
    /// Marks batches as an import of old events. Default: no.
    pub historical_migration: bool,
    /// Properties of every event, as the text of a JSON object; an event's own properties win.
    pub super_properties: String,
    /// Whether events say on what system they arose (`docs/events.md` lists the properties). Default: yes. On the wire
    /// `aws-sam` they never do by themselves.
    pub enrich: bool,
    /// Whether an event `overt_losses` tells the server how many events were lost on this machine, if any were.
    /// Default: yes.
    pub report_losses: bool,
    /// A last look at each event.
    pub before_send: Option<BeforeSend>,

    /// Where everything is kept. Unset: the platform's directory for a user's state, `overt`, then the app's name.
    pub state_dir: Option<PathBuf>,
    /// A text file of the tool's own that holds the client ID. Unset: `client_id` in the state directory.
    pub client_id_path: Option<PathBuf>,
    /// A file of the tool's own that counts its commands (`record_command`), such as `~/.config/pace/telemetry.yaml`. The
    /// client ID then lives there. Unset: commands are not counted.
    pub counters_path: Option<PathBuf>,
    /// Where the counts go as one document; under the same rule as `endpoint`. Empty: they go as events, if there is a key.
    pub counters_endpoint: String,
    /// How often the counts go. Default 1 h, as in PACE. `None`: never, they are only kept.
    pub counters_interval: Option<Duration>,
    /// Whether the last events that were sent stay readable. Off: what was kept goes with the next delivery. Default: yes.
    pub keep_sent: bool,
    /// The client ID is the string under this key of `client_id_path`, which then is a JSON object's file. Empty: it is a
    /// text file.
    pub client_id_key: String,

    /// What the host itself says about consent.
    pub consent: HostConsent,
    /// The tool's own variables.
    pub consent_env: Vec<ConsentVariable>,
    /// A JSON object's file of the tool's own that holds the user's choice, under `consent_key`. Unset: the choice lies in
    /// the state directory.
    pub consent_path: Option<PathBuf>,
    /// The key in `consent_path` whose boolean is the user's choice. Without it nobody has chosen; anything that is no
    /// boolean, or a file that cannot be read, means off.
    pub consent_key: String,
    /// On unless somebody says off (default), or off unless somebody says on.
    pub default_consent: bool,
    /// What a person is told once, on a terminal, before the default counts for them: what is sent, where to read it, how
    /// to stop it. Empty: nothing, and the default counts at once. With a `consent_key`, `true` under it marks that it was
    /// shown.
    pub notice: String,
    /// Whether the default counts before the notice was shown. Default: no.
    pub send_before_notice: bool,
    /// Whether the notice is shown in CI, too, and where stderr is a pipe or a file, which somebody may read later. Never
    /// to a null device. Default: no, only on a terminal.
    pub notice_anywhere: bool,
    /// Whether `DO_NOT_TRACK` counts. Default: yes.
    pub respect_do_not_track: bool,
    /// Whether the default holds in CI too, where nobody sees a notice. Default: no.
    pub in_ci: bool,

    /// What is started at the end of the client to deliver what is left ([`Uploader`]). Unset: nothing is; the next run
    /// delivers it.
    pub uploader: Option<Uploader>,
    /// Whether a thread delivers by itself. Off: only `flush` and `close` do. Default: yes.
    pub background: bool,
    /// Says on stderr what is done, never with an event's contents or a key. `OVERT_DEBUG=1` does the same.
    pub debug: bool,
}

/// How long a batch rests after `max_retries`, unless somebody calls `flush`: long enough for a laptop to find its
/// network again, short enough that an afternoon's work is not lost sight of.
pub const PARK_TIME: Duration = Duration::from_secs(5 * 60);

const KIB: usize = 1024;
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// A body of one event must hold the largest event and the envelope around it.
const MAX_EVENT_BYTES_LIMIT: usize = 900 * KIB;
const MAX_BATCH_BYTES_LIMIT: usize = 5 * KIB * KIB;
/// Room for the envelope of a batch: key, times and braces.
const ENVELOPE_BYTES: usize = KIB;

impl Config {
    /// The defaults for the tool of this name.
    pub fn new(app: impl Into<String>) -> Self {
        Self {
            app: app.into(),
            app_version: String::new(),
            api_key: String::new(),
            endpoint: String::new(),
            allow_plain_http: false,
            wire: Wire::default(),
            compression: Compression::default(),
            ack: Ack::default(),
            response_wait: Duration::from_millis(100),
            extra_headers: Vec::new(),
            flush_at: 100,
            flush_interval: Duration::from_secs(5),
            max_retries: 3,
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            exit_timeout: Duration::ZERO,
            max_event_bytes: 32 * KIB,
            max_batch_bytes: 512 * KIB,
            max_spool_events: 10_000,
            max_spool_bytes: 8 * 1024 * 1024,
            max_spool_age: DAY * 30,
            max_memory_events: 1_000,
            disable_geoip: true,
            person_profiles: false,
            historical_migration: false,
            super_properties: String::new(),
            enrich: true,
            report_losses: true,
            before_send: None,
            state_dir: None,
            client_id_path: None,
            counters_path: None,
            counters_endpoint: String::new(),
            counters_interval: Some(HOUR),
            keep_sent: true,
            client_id_key: String::new(),
            consent: HostConsent::default(),
            consent_env: Vec::new(),
            consent_path: None,
            consent_key: String::new(),
            default_consent: true,
            notice: String::new(),
            send_before_notice: false,
            notice_anywhere: false,
            respect_do_not_track: true,
            in_ci: false,
            uploader: None,
            background: true,
            debug: false,
        }
    }

    /// Refuses what cannot work, naming the option and its limit.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let named = (1..=64).contains(&self.app.len()) && self.app.bytes().all(name_byte);
        if !named || self.app.starts_with('.') {
            return Err(Error::config(
                "app: 1 to 64 letters, digits, '.', '-' and '_' are allowed, and no leading '.'",
            ));
        }
        for (what, value, limit) in [
            ("max_event_bytes", self.max_event_bytes, MAX_EVENT_BYTES_LIMIT),
            ("max_batch_bytes", self.max_batch_bytes, MAX_BATCH_BYTES_LIMIT),
        ] {
            if !(KIB..=limit).contains(&value) {
                return Err(Error::config(format!("{what}: must lie between 1024 and {limit}")));
            }
        }
        if self.max_batch_bytes < self.max_event_bytes + ENVELOPE_BYTES {
            return Err(Error::config("max_batch_bytes: must exceed max_event_bytes by 1024 or more"));
        }
        if self.flush_at == 0 {
            return Err(Error::config("flush_at: must be at least 1"));
        }
        if self.counters_path.is_some() && self.client_id_path.is_some() {
            return Err(Error::config("client_id_path: with counters_path the client ID is in that file"));
        }
        if self.timeout.is_zero() || self.connect_timeout.is_zero() {
            return Err(Error::config("timeout and connect_timeout: must be longer than 0"));
        }
        if !self.counters_endpoint.is_empty() {
            transport::check_endpoint(&self.counters_endpoint, self.allow_plain_http)
                .map_err(|error| Error::config(format!("counters_{error}")))?;
        }
        if !self.client_id_key.is_empty() && self.client_id_path.is_none() {
            return Err(Error::config("client_id_key: needs client_id_path, the file in which the key stands"));
        }
        if self.consent_key.is_empty() != self.consent_path.is_none() {
            return Err(Error::config("consent_path and consent_key: a file and a key in it are needed, or neither"));
        }
        self.wire.check_compression(self.compression)?;
        self.wire.check_ack(self.ack)?;
        for (name, value) in &self.extra_headers {
            let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            let plain = |byte: u8| byte == b'\t' || (0x20..0x7f).contains(&byte);
            if name.is_empty() || !name.bytes().all(token) || !value.bytes().all(plain) {
                return Err(Error::config("extra_headers: a name or value holds a character that HTTP does not allow"));
            }
            if self.wire.sets_header(name) {
                return Err(Error::config(format!("extra_headers: {name} is set by overt itself")));
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Config {
    /// Says which app and endpoint, never the key or a header.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("app", &self.app).field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
