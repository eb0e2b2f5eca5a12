//! One tool's telemetry, as it is found on this machine: a client for each of its destinations. Opening reads only.

use crate::terminal;
use crate::{Request, Verb};
use overt::{Client, Config, Consent, ConsentReason, Error, HttpTransport, Paths, SystemClock, Timestamp, Variables};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io;
use std::path::{Path, PathBuf};

/// A key that stands in for the unknown one of a tool that recorded nothing: without any key core decides nothing else.
const UNKNOWN_KEY: &str = "unknown";

pub(crate) struct Tool<'r> {
    pub request: &'r Request,
    pub variables: Variables,
    pub paths: Paths,
    /// Where the tool recorded for; none if it never did.
    pub destinations: Vec<Destination>,
    /// What could not be read, a sentence each.
    pub unreadable: Vec<String>,
}

pub(crate) struct Destination {
    pub config: Config,
    pub client: Client,
    pub paths: Paths,
}

/// The lines that wait.
pub(crate) struct Waiting {
    pub events: Vec<Box<RawValue>>,
    /// Lines that are no JSON object: core will drop them.
    pub damaged: Vec<String>,
}

impl<'r> Tool<'r> {
    pub(crate) fn open(request: &'r Request, variables: Variables) -> Result<Self, Error> {
        let stored = Config::stored(&request.app, request.state_dir.as_deref())?;
        let client = open(&unknown(request)?, &variables)?;
        let no_home = || Error::new(overt::ErrorKind::Storage, "this user has no home directory");
        let paths = client.paths().ok_or_else(no_home)?;
        let mut unreadable = Vec::new();
        let mut destinations = Vec::new();
        for mut config in stored {
            config.background = false;
            match open(&config, &variables) {
                Ok(client) => match client.paths() {
                    Some(paths) => destinations.push(Destination { config, client, paths }),
                    None => return Err(no_home()),
                },
                Err(error) => unreadable.push(format!("what was recorded for {}: {error}", config.endpoint)),
            }
        }
        match spools(&paths) {
            Ok(found) => unreadable.extend(
                found.iter().filter(|dir| destinations.iter().all(|known| known.paths.spool != **dir)).map(|dir| {
                    format!("{}: it does not say where its events go, so they are not listed", dir.display())
                }),
            ),
            Err(error) => unreadable.push(format!("{}: {error}", spool_root(&paths).display())),
        }
        Ok(Self { request, variables, paths, destinations, unreadable })
    }

    /// What holds for a run of the tool in this shell: on if it is on for any destination.
    pub(crate) fn consent(&self) -> Consent {
        match self.decisive() {
            Some(destination) => destination.client.consent(),
            None => self.consent_of_unknown(),
        }
    }

    /// The variables of the tool's own that said so.
    pub(crate) fn variables_that_said(&self, enabled: bool) -> Vec<String> {
        let Some(destination) = self.decisive() else { return Vec::new() };
        let said_so = |variable: &&overt::ConsentVariable| {
            let mut config = destination.config.clone();
            config.consent_env = vec![(*variable).clone()];
            open(&config, &self.variables)
                .is_ok_and(|client| client.consent() == Consent { enabled, reason: ConsentReason::ToolVariable })
        };
        let name = |variable: &overt::ConsentVariable| {
            let text = String::from(variable.clone());
            text.split_once('=').map_or(text.clone(), |(name, _)| name.to_owned())
        };
        destination.config.consent_env.iter().filter(said_so).map(name).collect()
    }

    /// The client ID, if there is one. Only looks.
    pub(crate) fn client_id(&self) -> Option<(String, &Path)> {
        let of = |client: &Client| client.stored_client_id();
        let known = self.destinations.iter().find_map(|one| Some((of(&one.client)?, one.paths.client_id.as_path())));
        known.or_else(|| Some((of(&self.unknown().ok()?)?, self.paths.client_id.as_path())))
    }

    /// Where the client ID lies, or would.
    pub(crate) fn client_id_path(&self) -> &Path {
        let first = self.destinations.first().map(|destination| destination.paths.client_id.as_path());
        self.client_id().map(|(_, path)| path).or(first).unwrap_or(&self.paths.client_id)
    }

    /// The same tool, looked at anew: for what holds after a change, in the next process.
    pub(crate) fn reopened(&self) -> Result<Self, Error> {
        let open_again = |destination: &Destination| {
            let client = open(&destination.config, &self.variables)?;
            Ok(Destination { config: destination.config.clone(), client, paths: destination.paths.clone() })
        };
        let destinations = self.destinations.iter().map(open_again).collect::<Result<_, Error>>()?;
        let (paths, variables) = (self.paths.clone(), self.variables.clone());
        Ok(Self { request: self.request, variables, paths, destinations, unreadable: Vec::new() })
    }

    /// A client that knows no destination: for the choice, and for what lies in the places that need none.
    pub(crate) fn unknown(&self) -> Result<Client, Error> {
        open(&unknown(self.request)?, &self.variables)
    }

    /// How to call another verb for the same tool.
    pub(crate) fn command(&self, verb: Verb) -> String {
        let mut command = format!("overt {} --app {}", verb.as_str(), self.request.app);
        if let Some(dir) = &self.request.state_dir {
            command.push_str(" --state-dir ");
            command.push_str(&terminal::quoted(&dir.to_string_lossy()));
        }
        command
    }

    /// The destination whose decision counts for the whole.
    fn decisive(&self) -> Option<&Destination> {
        let on = self.destinations.iter().find(|destination| destination.client.consent().enabled);
        on.or(self.destinations.first())
    }

    /// A person's word holds for every tool; what an unknown tool would do by itself is unknown.
    fn consent_of_unknown(&self) -> Consent {
        let with_key = unknown(self.request).map(|mut config| {
            config.api_key = UNKNOWN_KEY.to_owned();
            config
        });
        let decided = with_key.and_then(|config| open(&config, &self.variables)).ok().map(|client| client.consent());
        let nothing = Consent { enabled: false, reason: ConsentReason::NoApiKey };
        decided.filter(|consent| consent.reason.is_a_persons()).unwrap_or(nothing)
    }
}

impl Destination {
    pub(crate) fn waiting(&self) -> Waiting {
        let mut waiting = Waiting { events: Vec::new(), damaged: Vec::new() };
        for line in self.client.pending() {
            match as_event(&line) {
                Some(event) => waiting.events.push(event),
                None => waiting.damaged.push(line),
            }
        }
        waiting
    }

    pub(crate) fn sent(&self) -> Vec<Box<RawValue>> {
        self.client.sent().iter().filter_map(|line| as_event(line)).collect()
    }
}

impl Waiting {
    /// The earliest time that one of the events bears.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        #[derive(Deserialize)]
        struct Timed {
            timestamp: String,
        }
        let time = |event: &RawValue| {
            let timed: Timed = serde_json::from_str(event.get()).ok()?;
            Timestamp::parse(&timed.timestamp).ok()
        };
        self.events.iter().filter_map(|event| time(event)).min()
    }
}

/// The directory with the spools of all destinations.
pub(crate) fn spool_root(paths: &Paths) -> PathBuf {
    paths.spool.parent().unwrap_or(&paths.spool).to_owned()
}

fn unknown(request: &Request) -> Result<Config, Error> {
    let mut config = Config::without_destination(&request.app, request.state_dir.as_deref())?;
    config.background = false;
    Ok(config)
}

/// Opens a client that sees the same variables as the others; with `background` off this only reads.
fn open(config: &Config, variables: &Variables) -> Result<Client, Error> {
    let transport = HttpTransport::new(config.timeout, config.connect_timeout, variables);
    Client::with_parts(config.clone(), variables.clone(), Box::new(SystemClock), Box::new(transport))
}

fn spools(paths: &Paths) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(spool_root(paths)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut dirs = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            dirs.push(path);
        }
    }
    dirs.sort();
    Ok(dirs)
}

fn as_event(line: &str) -> Option<Box<RawValue>> {
    line.trim_start().starts_with('{').then_some(())?;
    RawValue::from_string(line.to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn opening_starts_no_thread_although_events_wait() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::new("starfish");
        config.api_key = "phc_example".into();
        config.endpoint = "http://127.0.0.1:9".into();
        config.state_dir = Some(dir.path().to_owned());
        config.background = false;
        open(&config, &Variables::default()).unwrap().capture_event("one", &serde_json::json!({})).unwrap();

        let request = Request { state_dir: config.state_dir.clone(), ..Request::new(Verb::Status, "starfish") };
        let tool = Tool::open(&request, Variables::default()).unwrap();
        assert!(tool.consent().enabled);
        assert_eq!(tool.destinations.first().unwrap().waiting().events.len(), 1);
        // One that began after any of the tool's has a name by now, so those have theirs.
        std::thread::spawn(|| ()).join().unwrap();
        let threads = std::fs::read_dir("/proc/self/task").unwrap();
        let mut names = threads.filter_map(|thread| std::fs::read_to_string(thread.unwrap().path().join("comm")).ok());
        assert!(!names.any(|name| name.trim() == "overt"));
    }
}
