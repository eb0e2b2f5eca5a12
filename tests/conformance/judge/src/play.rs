//! Playing a case: its steps, one after the other, with one server and one adapter of its own.

use crate::adapter::{Adapter, Said};
use crate::contract::{Act, Case, Step};
use crate::json::Json;
use crate::matcher::Moments;
use crate::placeholders;
use crate::script;
use crate::seen::Seen;
use crate::time;
use crate::verdict::Evidence;
use overt_tests::{Recorded, Server};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};
use toml::{Table, Value};

/// For what must happen by itself; nothing waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(30);

/// A privileged port on which nothing listens; a free one could be another case's server a moment later.
const NOBODY: &str = "http://127.0.0.1:1";

/// What came of a case.
pub struct Played {
    /// What is wrong, in words.
    pub faults: Vec<String>,
    /// The requests that the server got.
    pub requests: Vec<Recorded>,
    /// What the adapter said on stderr.
    pub log: String,
}

/// Plays a case to the program.
pub fn play(case: &Case, program: &Path) -> Played {
    let dir = match tempfile::tempdir() {
        Ok(dir) => dir,
        Err(error) => return Played { faults: vec![error.to_string()], requests: Vec::new(), log: String::new() },
    };
    let mut scene = Scene::new(case, program, dir.path());
    let faults = match scene.run() {
        Ok(()) => scene.judge(),
        Err(fault) => vec![fault],
    };
    let log = std::fs::read_to_string(dir.path().join("stderr")).unwrap_or_default();
    Played { faults, requests: scene.server.requests(), log }
}

struct Scene<'c> {
    case: &'c Case,
    program: &'c Path,
    dir: &'c Path,
    server: Server,
    adapter: Option<Adapter>,
    version: String,
    /// The UUIDs that captures were answered with.
    uuids: Vec<String>,
    /// The counts at the end.
    counters: Option<Json>,
    moments: Moments,
    /// How often each thing was done, for the names of moments.
    done: BTreeMap<&'static str, usize>,
}

impl<'c> Scene<'c> {
    fn new(case: &'c Case, program: &'c Path, dir: &'c Path) -> Self {
        // The answers name the server's own URL, which is known only when it runs.
        let server = Server::with_url(|url| {
            let answers = case.answers.iter().map(|play| script::answer(play, case.wire, url)).collect();
            (answers, script::answer(&crate::contract::Play::default(), case.wire, url))
        });
        let (version, uuids) = (String::new(), Vec::new());
        let (moments, done) = (Moments::new(), BTreeMap::new());
        Self { case, program, dir, server, adapter: None, version, uuids, counters: None, moments, done }
    }

    fn run(&mut self) -> Result<(), String> {
        for (place, step) in self.case.steps.iter().enumerate() {
            for n in 1..=step.times {
                let begun = Instant::now();
                self.take(step, n).map_err(|fault| format!("step {}: {fault}", place + 1))?;
                let took = begun.elapsed().as_millis();
                if step.within_ms.is_some_and(|most| took > u128::from(most)) {
                    return Err(format!("step {}: it took {took} ms", place + 1));
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, step: &Step, n: u32) -> Result<(), String> {
        match &step.act {
            Act::Init(options) => {
                if self.adapter.is_none() {
                    self.start()?;
                }
                let all: Table = self.case.init.clone().into_iter().chain(options.clone()).collect();
                self.tell("init", self.init_body(&all)?, step)?;
            }
            Act::Capture(members) => {
                let body = self.json(&Table::from_iter([("event".to_owned(), "run".into())]), members, n)?;
                let said = self.tell("capture", body, step)?;
                if said.is_success() {
                    let uuid = said.word("uuid").ok_or("the capture was answered without a uuid")?;
                    self.uuids.push(uuid.to_owned());
                }
            }
            Act::Flush(members) => {
                let body = self.json(&Table::new(), members, n)?;
                self.tell("flush", body, step)?;
            }
            Act::Reset => drop(self.tell("reset", "{}".to_owned(), step)?),
            Act::RecordCommand(members) => {
                let given = Table::from_iter([("path".to_owned(), "pace".into()), ("exit_code".to_owned(), 0.into())]);
                let body = self.json(&given, members, n)?;
                self.tell("record_command", body, step)?;
            }
            Act::SetConsent(enabled) => {
                self.tell("set_consent", format!("{{\"enabled\":{enabled}}}"), step)?;
            }
            Act::ResetClientId => drop(self.tell("reset_client_id", "{}".to_owned(), step)?),
            Act::Kill => self.adapter.take().ok_or("no adapter runs")?.kill()?,
            Act::Write(files) => {
                for (name, text) in files {
                    self.write(name, text).map_err(|error| format!("{name}: {error}"))?;
                }
            }
            Act::Wait(ms) => std::thread::sleep(Duration::from_millis(*ms)),
            Act::WaitForRequests(count) => {
                let came = self.server.wait_for(*count, PATIENCE).len();
                if came < *count {
                    return Err(format!("only {came} of {count} requests came"));
                }
            }
        }
        Ok(())
    }

    fn write(&self, name: &str, text: &str) -> std::io::Result<()> {
        let path = self.dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(self.dir))?;
        std::fs::write(path, text)
    }

    fn start(&mut self) -> Result<(), String> {
        let adapter = Adapter::start(self.program, self.dir, &self.dir.join("stderr"))?;
        self.version.clone_from(&adapter.version);
        self.adapter = Some(adapter);
        Ok(())
    }

    /// Says it to the adapter, and refuses an answer that the step does not ask for.
    fn tell(&mut self, verb: &'static str, body: String, step: &Step) -> Result<Said, String> {
        let number = {
            let done = self.done.entry(verb).or_default();
            *done += 1;
            *done
        };
        self.note(format!("{verb} {number} begins"));
        let said = self.adapter.as_ref().ok_or("no adapter runs")?.post(&format!("/{verb}"), body)?;
        self.note(format!("{verb} {number} ends"));
        let word = said.word("status").unwrap_or_default();
        // Not every front door says why a command is not counted.
        let says_no = said.body.at("status") == Some(&Json::Null) && !said.is_success();
        let unsaid = verb == "record_command" && says_no;
        let as_asked = match (&step.refused, &step.says) {
            (Some(_), _) | (_, Some(_)) if unsaid => true,
            (Some(wanted), _) => said.status == 400 && word == wanted,
            (_, Some(wanted)) => said.status == 200 && word == wanted,
            _ => said.is_success(),
        };
        if as_asked {
            return Ok(said);
        }
        let wanted = match (&step.refused, &step.says) {
            (Some(word), _) => format!("400 with the status {word:?}"),
            (_, Some(word)) => format!("200 with the status {word:?}"),
            _ => "success".to_owned(),
        };
        Err(format!("/{verb}: expected {wanted}, came {} {}", said.status, said.body))
    }

    fn note(&mut self, moment: String) {
        self.moments.insert(moment, time::micros(SystemTime::now()));
    }

    fn init_body(&self, options: &Table) -> Result<String, String> {
        let state_dir = self.dir.join("state").display().to_string();
        let given = Table::from_iter([
            ("host".to_owned(), self.server.url.as_str().into()),
            ("wire".to_owned(), self.case.wire.option().into()),
            ("state_dir".to_owned(), state_dir.into()),
        ]);
        self.json(&given, options, 1)
    }

    /// A body for the adapter: `given`, and `members` in place of those of the same name. Objects that stand as text are
    /// JSON and go out as they are; what is `default` stays out.
    fn json(&self, given: &Table, members: &Table, n: u32) -> Result<String, String> {
        let lookup = |name: &str| if name == "n" { Some(Value::Integer(n.into())) } else { self.value(name) };
        let mut body = BTreeMap::new();
        for (name, value) in given.iter().chain(members) {
            let value = placeholders::fill(value, &lookup)?;
            let text = match (name.as_str(), &value) {
                (_, Value::String(word)) if word == "default" => {
                    body.remove(name);
                    continue;
                }
                ("properties" | "super_properties" | "options" | "extra_headers", Value::String(json)) => json.clone(),
                (_, value) => serde_json::to_string(value).map_err(|error| error.to_string())?,
            };
            body.insert(name.clone(), RawValue::from_string(text).map_err(|error| format!("{name}: {error}"))?);
        }
        serde_json::to_string(&body).map_err(|error| error.to_string())
    }

    fn value(&self, name: &str) -> Option<Value> {
        Some(match name {
            "server" => self.server.url.clone().into(),
            "localhost" => self.server.url.replace("127.0.0.1", "localhost").into(),
            "nobody" => NOBODY.into(),
            "dir" => self.dir.display().to_string().into(),
            "version" => self.version.clone().into(),
            "os" => go_os().into(),
            "client_id" => self.counters.as_ref()?.at("id")?.text()?.into(),
            _ => {
                let number: usize = name.strip_prefix("uuid_")?.parse().ok()?;
                self.uuids.get(number.checked_sub(1)?)?.clone().into()
            }
        })
    }

    fn judge(&mut self) -> Vec<String> {
        let requests: Vec<Seen> = self.server.requests().iter().map(Seen::of).collect();
        for (place, request) in requests.iter().enumerate() {
            self.moments.insert(format!("request {} arrives", place + 1), time::micros(request.arrived.1));
        }
        let state = match self.ask_for_state() {
            Ok(state) => state,
            Err(fault) => return vec![fault],
        };
        let lookup = |name: &str| self.value(name);
        let (counters, moments) = (self.counters.as_ref(), &self.moments);
        let evidence = Evidence { requests: &requests, state, counters, dir: self.dir, moments, lookup: &lookup };
        let always = self.case.always.iter().flat_map(|expect| evidence.faults_of_all(expect));
        let claimed = self.case.expects.iter().flat_map(|expect| evidence.faults(expect));
        evidence.unreadable().into_iter().chain(always).chain(claimed).collect()
    }

    /// Asks for the counts of commands, if the case is about them, and for what the library counts, where a claim is made
    /// about it.
    fn ask_for_state(&mut self) -> Result<Option<Json>, String> {
        let is_claimed = self.case.expects.iter().any(|expect| !expect.state.is_empty());
        if self.case.is_about_counters() {
            let said = self.ask("/counters")?;
            self.counters = Some(said.at("counters").ok_or_else(|| format!("/counters has none: {said}"))?.clone());
        }
        is_claimed.then(|| self.ask("/state")).transpose()
    }

    fn ask(&self, path: &str) -> Result<Json, String> {
        let adapter = self.adapter.as_ref().ok_or_else(|| format!("no adapter runs that could be asked for {path}"))?;
        let said = adapter.get(path)?;
        if said.status == 200 { Ok(said.body) } else { Err(format!("{path}: {} {}", said.status, said.body)) }
    }
}

/// Go's name for this operating system.
fn go_os() -> &'static str {
    if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS }
}
