//! The driver: starts and kills, lets everything come to rest twice, and compares.

use crate::audit::{self, Account, Told};
use crate::crew::{Fate, Member, Server, Stage, Tales};
use crate::faults::DEEDS;
use crate::footprint::Footprint;
use crate::member::{self, THREADS};
use crate::places::{self, WIRES};
use crate::random::Random;
use crate::server::reserve;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

/// How many live at the same time, the steady one among them.
const PROCESSES: usize = 8;
/// Whether the ledger must be exact although processes are killed. While it is not, a killed process may take with it what
/// it has not entered yet: less is told, more is an error.
const LEDGER_IS_EXACT: bool = true;
/// What the steady process may have grown by. Its freed memory does not all go back: a heap for each thread that was ever
/// contended, and holes. A leak of 100 bytes an event would pass it after 40,000 events.
const MAX_GROWTH_KIB: u64 = 4 * 1024;
/// What stays in a spool's directory while nothing waits; `docs/files.md` has what each is.
const STANDING: [&str; 6] =
    ["destination.json", "ledger.json", "sent.jsonl", "sent.1.jsonl", "upload.lock", "cooldown"];
/// From this length on everything that can happen must have happened.
const LONG: Duration = Duration::from_secs(120);

/// What was done, for the figures.
#[derive(Default)]
struct Figures {
    started: BTreeMap<Fate, u64>,
    cut_off: u64,
    server_kills: u64,
    problems: Vec<String>,
}

struct Drive {
    stage: Stage,
    random: Random,
    figures: Figures,
    port: u16,
    log: std::path::PathBuf,
    server: Option<Server>,
    /// When the server is killed, or started again.
    turn: Instant,
    steady: Member,
    crew: Vec<Member>,
}

/// Runs the driver with `--seconds N` and `--seed N`.
pub fn run(options: &[&str]) -> ExitCode {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("the clock is set");
    let (mut seconds, mut seed) = (600, u64::from(now.subsec_nanos()));
    for pair in options.chunks(2) {
        match pair {
            ["--seconds", number] => seconds = number.parse().expect("--seconds takes a number"),
            ["--seed", number] => seed = number.parse().expect("--seed takes a number"),
            other => panic!("overt-soak [--seconds N] [--seed N]: {other:?}"),
        }
    }
    println!("soak: {seconds} s, seed {seed}");
    let scratch = tempfile::tempdir().expect("there is room for a directory");
    let problems = soak(scratch.path(), Duration::from_secs(seconds), Random::new(seed));
    if problems.is_empty() {
        println!("soak: all is as it should be");
        return ExitCode::SUCCESS;
    }
    println!("soak: {} problems, everything is kept in {}", problems.len(), scratch.keep().display());
    problems.iter().for_each(|problem| println!("  {problem}"));
    ExitCode::FAILURE
}

fn soak(scratch: &Path, length: Duration, mut random: Random) -> Vec<String> {
    let reserved = reserve(0).expect("loopback has a free port");
    let address = reserved.local_addr().expect("it is bound").as_socket().expect("an address of IPv4");
    let (log, dir) = (scratch.join("server.log"), scratch.join("state"));
    std::fs::write(&log, "").expect("there is room for a file");
    let program = std::env::current_exe().expect("a process has a program");
    let tales = Arc::new(Mutex::new(Tales::default()));
    let stage = Stage { program, dir, url: format!("http://{address}"), tales };
    let server = Server::start(&stage.program, address.port(), &log, "ill", &mut random);
    let steady = Member::start(&stage, Fate::Steady, &mut random);
    let mut drive = Drive {
        server: Some(server),
        turn: Instant::now() + random.millis(500, 4_000),
        figures: Figures { started: BTreeMap::from([(Fate::Steady, 1)]), ..Figures::default() },
        crew: Vec::new(),
        port: address.port(),
        stage,
        random,
        log,
        steady,
    };
    drive.go_on_for(length / 5);
    let before = drive.rest();
    drive.steady.tell("go");
    drive.go_on_for(length * 4 / 5);
    let after = drive.rest();
    drive.finish(&before, &after, length)
}

impl Drive {
    fn go_on_for(&mut self, length: Duration) {
        let until = Instant::now() + length;
        while Instant::now() < until {
            while self.crew.len() + 1 < PROCESSES {
                let fate = Fate::choose(&mut self.random);
                *self.figures.started.entry(fate).or_default() += 1;
                self.figures.cut_off += u64::from(fate.cuts_off());
                self.crew.push(Member::start(&self.stage, fate, &mut self.random));
            }
            self.bury();
            self.change_server();
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Takes those out who have ended.
    fn bury(&mut self) {
        for mut member in std::mem::take(&mut self.crew) {
            match member.has_ended() {
                None => self.crew.push(member),
                Some(ended) => {
                    self.figures.problems.extend(ended.err());
                    member.listen_to_the_end();
                }
            }
        }
    }

    /// Kills the server, or starts it again, when it is time.
    fn change_server(&mut self) {
        if Instant::now() < self.turn {
            return;
        }
        let pause = match self.server.take() {
            Some(server) => {
                server.kill();
                self.figures.server_kills += 1;
                self.random.millis(0, 800)
            }
            None => {
                self.server = Some(self.new_server("ill"));
                self.random.millis(500, 4_000)
            }
        };
        self.turn = Instant::now() + pause;
    }

    fn new_server(&mut self, mood: &str) -> Server {
        Server::start(&self.stage.program, self.port, &self.log, mood, &mut self.random)
    }

    /// Lets all end but the steady one, and that one rest with everything delivered.
    fn rest(&mut self) -> Footprint {
        while !self.crew.is_empty() {
            self.bury();
            self.change_server();
            std::thread::sleep(Duration::from_millis(10));
        }
        match &mut self.server {
            Some(server) => server.tell("well"),
            None => self.server = Some(self.new_server("well")),
        }
        self.steady.tell("pause");
        let footprint = Footprint::of(self.steady.id(), &self.stage.dir);
        if let Some(server) = &mut self.server {
            server.tell("ill");
        }
        footprint
    }

    /// Ends what is left, delivers, and draws up the account.
    fn finish(mut self, before: &Footprint, after: &Footprint, length: Duration) -> Vec<String> {
        if let Some(server) = &mut self.server {
            server.tell("well");
        }
        let mut figures = self.figures;
        figures.problems.extend(self.steady.end().err());
        self.stage.last_run();
        self.server.into_iter().for_each(Server::kill);
        let tales = self.stage.tales.lock().expect("nobody panics");
        figures.problems.extend(tales.oddities.iter().cloned());
        let log = std::fs::read_to_string(&self.log).expect("the log is text");
        figures.tell_doings(&log, length);
        figures.compare_footprints(before, after);
        figures.check_files(&self.stage.dir);
        let clients = places::idle_clients(&self.stage.url, &self.stage.dir);
        let accounts = WIRES.iter().zip(&tales.told).zip(&clients).map(|((wire, told), client)| {
            let account = audit::account(&log, wire.as_str(), told);
            figures.balance(wire.as_str(), told, &account, client);
            account.untold
        });
        let untold: u64 = accounts.sum();
        println!("untold: {untold} events were in the spool, but their process was cut off before it could say so");
        if untold > figures.cut_off * THREADS as u64 {
            figures.problems.push(format!("{untold} events were sent that nobody has told of"));
        }
        figures.problems
    }
}

impl Stage {
    /// A last run of the tool, which finds what the others left: events, and the files of those that are dead.
    fn last_run(&self) {
        let clients = places::idle_clients(&self.url, &self.dir);
        for (place, client) in clients.iter().enumerate() {
            let captured = client.capture_event("last", &serde_json::json!({})).expect("an event can be captured");
            let overt::Capture::Recorded(uuid) = captured else { panic!("the last event: {captured:?}") };
            self.tales.lock().expect("nobody panics").told[place].recorded.insert(uuid.to_string());
        }
        member::deliver_all(&clients);
        // Its own files go with its clients, which its threads hold for as long as they run.
        Footprint::of(std::process::id(), &self.dir);
    }
}

impl Figures {
    fn tell_doings(&mut self, log: &str, length: Duration) {
        let deeds = audit::deeds(log);
        println!("processes: {} started, {} of them cut off", self.started.values().sum::<u64>(), self.cut_off);
        println!("  {:?}", self.started);
        println!("server: killed and started again {} times; what it did:", self.server_kills);
        println!("  {deeds:?}");
        if length >= LONG {
            let missing = DEEDS.iter().filter(|(deed, _)| !deeds.contains_key(&format!("{deed:?}")));
            self.problems.extend(missing.map(|(deed, _)| format!("the server never did {deed:?}")));
        }
    }

    /// Whether captured = delivered + pending + lost, where nothing is pending any more.
    fn balance(&mut self, wire: &str, told: &Told, account: &Account, client: &overt::Client) {
        let ledger = client.ledger();
        let lost = |reason: &str| ledger.lost.get(reason).copied().unwrap_or(0);
        println!(
            "{wire}: {} acknowledged, {} accepted, {} refused, {} requests; the ledger: {} delivered, lost {:?}",
            told.recorded.len(),
            account.accepted,
            account.refused,
            account.requests,
            ledger.delivered,
            ledger.lost
        );
        println!("  accepted again {}, dropped at capture {:?}", account.accepted_again, told.dropped);
        let mut problem = |text: String| self.problems.push(format!("{wire}: {text}"));
        let pending = client.pending().len();
        for (what, events) in [("are missing", &account.missing), ("were sent and never judged", &account.unjudged)] {
            if !events.is_empty() {
                problem(format!("{} events {what}: {:?}", events.len(), &events[..events.len().min(5)]));
            }
        }
        if pending > 0 {
            problem(format!("{pending} events are pending"));
        }
        let dropped = told.dropped.get("spool_full").copied().unwrap_or(0);
        for (what, ledger, truth) in [
            ("delivered", ledger.delivered, account.accepted),
            ("refused", lost("refused"), account.refused),
            ("spool_full", lost("spool_full"), dropped),
        ] {
            match ledger.cmp(&truth) {
                std::cmp::Ordering::Equal => {}
                // What was dropped at capture is counted in memory, and goes with a process that is killed.
                std::cmp::Ordering::Less if !LEDGER_IS_EXACT || what == "spool_full" => {
                    println!("  {what}: {} are not in the ledger", truth - ledger);
                }
                _ => problem(format!("{what}: {ledger} in the ledger, {truth} in truth")),
            }
        }
        let others: Vec<_> =
            ledger.lost.iter().filter(|(reason, _)| !["refused", "spool_full"].contains(&reason.as_str())).collect();
        if !others.is_empty() || told.dropped.keys().any(|reason| reason != "spool_full") {
            problem(format!("lost for other reasons: {others:?}, {:?}", told.dropped));
        }
        let file = client.paths().map(|paths| paths.spool.join("ledger.json"));
        let text = file.and_then(|file| std::fs::read(file).ok()).unwrap_or_default();
        if serde_json::from_slice::<overt::Ledger>(&text).ok().as_ref() != Some(&ledger) {
            problem("ledger.json says something else".into());
        }
    }

    fn compare_footprints(&mut self, before: &Footprint, after: &Footprint) {
        println!(
            "the steady process: {} KiB before, {} KiB after; {} descriptors, {} threads; {} files, {} after",
            before.memory_kib,
            after.memory_kib,
            after.descriptors.len(),
            after.threads.len(),
            before.files.len(),
            after.files.len()
        );
        if after.memory_kib > before.memory_kib + MAX_GROWTH_KIB {
            self.problems.push(format!("memory grew from {} to {} KiB", before.memory_kib, after.memory_kib));
        }
        for (what, before, after) in
            [("descriptors", &before.descriptors, &after.descriptors), ("threads", &before.threads, &after.threads)]
        {
            if before.len() != after.len() {
                self.problems.push(format!("{what}: {before:?} before, {after:?} after"));
            }
        }
        // `sent.1.jsonl` comes with enough events; a draft stays for a day if its writer was killed at that moment.
        let usual = |file: &str| file.ends_with("sent.1.jsonl") || file.ends_with("cooldown") || is_draft(file);
        let new: Vec<_> = after.files.difference(&before.files).filter(|file| !usual(file)).collect();
        if !new.is_empty() {
            self.problems.push(format!("files that were not there before: {new:?}"));
        }
    }

    /// Whether nothing is left that belongs to a process or to an event.
    fn check_files(&mut self, dir: &Path) {
        let (mut left, mut drafts) = (Vec::new(), 0);
        for spool in std::fs::read_dir(dir.join("spool")).expect("there are spools").flatten() {
            for entry in std::fs::read_dir(spool.path()).expect("a spool is a directory").flatten() {
                let name = entry.file_name().into_string().expect("names are text");
                match STANDING.contains(&name.as_str()) {
                    true => {}
                    false if is_draft(&name) => drafts += 1,
                    false => left.push(name),
                }
            }
        }
        println!("left over: {drafts} drafts of processes that were killed while they wrote them");
        if !left.is_empty() {
            self.problems.push(format!("files that nobody needs: {left:?}"));
        }
        if drafts > self.cut_off {
            self.problems.push(format!("{drafts} drafts are left of {} processes", self.cut_off));
        }
    }
}

fn is_draft(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    name.starts_with('.') && name.ends_with(".tmp")
}
