//! What a later process must know to deliver, or to explain, what this one left: `destination.json` beside the spool, and
//! `consent_file.json`, which outlives all spools: without it nobody could say on again after they had said off.

use crate::config::Config;
use crate::consent::ConsentVariable;
use crate::error::Error;
use crate::state::{self, StateDir};
use crate::wire::Destination;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

const FILE: &str = "destination.json";

/// Where the user's choice is kept, if that is a file of the tool's own.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct OwnChoice {
    consent_path: Option<PathBuf>,
    consent_key: String,
}

/// A later process may run in another directory.
fn absolute(path: Option<&Path>) -> Option<PathBuf> {
    path.and_then(|path| std::path::absolute(path).ok())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The part of a configuration that outlives its process.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stored {
    destination: Destination,
    allow_plain_http: bool,
    app_version: String,
    response_wait_ms: Option<u64>,
    client_id_path: Option<PathBuf>,
    #[serde(default)]
    client_id_key: String,
    #[serde(default)]
    counters_path: Option<PathBuf>,
    #[serde(default)]
    counters_endpoint: String,
    /// `None`: never.
    #[serde(default)]
    counters_interval_ms: Option<u64>,
    max_batch_bytes: usize,
    max_spool_age_ms: u64,
    #[serde(default = "kept_by_default")]
    keep_sent: bool,
    consent_env: Vec<ConsentVariable>,
    #[serde(flatten)]
    own_choice: OwnChoice,
    default_consent: bool,
    respect_do_not_track: bool,
    in_ci: bool,
}

/// What an earlier version stored does not say.
fn kept_by_default() -> bool {
    true
}

impl Stored {
    pub(crate) fn of(config: &Config, destination: &Destination) -> Self {
        Self {
            destination: destination.clone(),
            allow_plain_http: config.allow_plain_http,
            app_version: config.app_version.clone(),
            response_wait_ms: Some(millis(config.response_wait)),
            client_id_path: absolute(config.client_id_path.as_deref()),
            client_id_key: config.client_id_key.clone(),
            counters_path: absolute(config.counters_path.as_deref()),
            counters_endpoint: config.counters_endpoint.clone(),
            counters_interval_ms: config.counters_interval.map(millis),
            max_batch_bytes: config.max_batch_bytes,
            max_spool_age_ms: millis(config.max_spool_age),
            keep_sent: config.keep_sent,
            consent_env: config.consent_env.clone(),
            own_choice: OwnChoice {
                consent_path: absolute(config.consent_path.as_deref()),
                consent_key: config.consent_key.clone(),
            },
            default_consent: config.default_consent,
            respect_do_not_track: config.respect_do_not_track,
            in_ci: config.in_ci,
        }
    }

    /// Stores it beside a spool. Refused if that spool is another destination's, which would get these events.
    pub(crate) fn keep(&self, spool: &Path) -> Result<(), Error> {
        let path = spool.join(FILE);
        if Self::read(&path).is_some_and(|other| !other.destination.is_same_place(&self.destination)) {
            return Err(Error::new(crate::ErrorKind::Storage, "the spool belongs to another destination"));
        }
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        state::keep_whole(&path, &text).map_err(|error| Error::storage("the destination cannot be stored", &error))
    }

    /// Whether it is stored beside a spool.
    pub(crate) fn is_kept(spool: &Path) -> bool {
        spool.join(FILE).is_file()
    }

    /// Stores what stays when everything that is of a destination is erased.
    pub(crate) fn keep_choice_file(&self, state: &StateDir) -> Result<(), Error> {
        if self.own_choice == OwnChoice::default() {
            return Ok(());
        }
        let text = serde_json::to_vec_pretty(&self.own_choice).unwrap_or_default();
        let path = state.consent_file();
        let kept = state::make_dir(state.root()).and_then(|()| state::keep_whole(&path, &text));
        kept.map_err(|error| Error::storage("the place of the stored choice cannot be stored", &error))
    }

    fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&state::read(path).ok()?).ok()
    }

    fn into_config(self, app: &str, state_dir: &Path) -> Config {
        let mut config = Config::new(app);
        config.app_version = self.app_version;
        config.state_dir = Some(state_dir.to_owned());
        config.client_id_path = self.client_id_path;
        config.client_id_key = self.client_id_key;
        config.counters_path = self.counters_path;
        config.counters_endpoint = self.counters_endpoint;
        config.counters_interval = self.counters_interval_ms.map(Duration::from_millis);
        config.wire = self.destination.wire;
        config.endpoint = self.destination.endpoint;
        config.allow_plain_http = self.allow_plain_http;
        config.api_key = self.destination.api_key;
        config.compression = self.destination.compression;
        config.historical_migration = self.destination.historical_migration;
        config.extra_headers = self.destination.extra_headers;
        config.ack = self.destination.ack;
        if let Some(millis) = self.response_wait_ms {
            config.response_wait = Duration::from_millis(millis);
        }
        config.max_batch_bytes = self.max_batch_bytes;
        config.max_spool_age = Duration::from_millis(self.max_spool_age_ms);
        config.keep_sent = self.keep_sent;
        config.consent_env = self.consent_env;
        config.consent_path = self.own_choice.consent_path;
        config.consent_key = self.own_choice.consent_key;
        config.default_consent = self.default_consent;
        config.respect_do_not_track = self.respect_do_not_track;
        config.in_ci = self.in_ci;
        config
    }
}

impl Config {
    /// A configuration for an app of which nothing is known but where its user's choice is kept, if it ever recorded
    /// something here. For programs that look after another program's telemetry.
    pub fn without_destination(app: &str, state_dir: Option<&Path>) -> Result<Self, Error> {
        let mut config = Self::new(app);
        config.check()?;
        config.state_dir = state_dir.map(Path::to_owned);
        // A user without a home has recorded nothing.
        let text = StateDir::new(state_dir, app).ok().and_then(|state| state::read(&state.consent_file()).ok());
        let choice = text.and_then(|text| serde_json::from_slice::<OwnChoice>(&text).ok()).unwrap_or_default();
        if choice.consent_path.is_some() && !choice.consent_key.is_empty() {
            config.consent_path = choice.consent_path;
            config.consent_key = choice.consent_key;
        }
        Ok(config)
    }

    /// The configurations under which an app has recorded events on this machine: one for each destination, none if
    /// it never did. For programs that look after another program's telemetry, such as the `overt` command.
    pub fn stored(app: &str, state_dir: Option<&Path>) -> Result<Vec<Self>, Error> {
        Self::new(app).check()?;
        let state = StateDir::new(state_dir, app)?;
        let spools = std::fs::read_dir(state.spools()).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = spools.map(|entry| entry.path().join(FILE)).collect();
        files.sort();
        Ok(files.iter().filter_map(|file| Stored::read(file)).map(|one| one.into_config(app, state.root())).collect())
    }
}
