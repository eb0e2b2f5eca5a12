//! One of the processes: it captures from several threads and says what was acknowledged before it goes on.
//!
//! It speaks on stdout, one line by one `write(2)`, so that a line is told whole or not at all whatever kills it:
//! `recorded PLACE UUID`, `dropped PLACE REASON`, `failed PLACE ERROR`, `paused`.

use crate::places;
use crate::random::Random;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};
use overt::{Capture, Client};
use serde_json::json;
use std::io::BufRead;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Each has one event at most of which the driver may not have been told when it is killed.
pub const THREADS: usize = 3;
/// What a process that ends by `exit` ends with.
pub const EXIT_CODE: i32 = 7;
/// How long the steady process may take to deliver everything to a server that is well.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the threads of a process share.
struct Shared {
    clients: [Client; 2],
    state: Mutex<State>,
    changed: Condvar,
    stop: AtomicBool,
}

#[derive(Default)]
struct State {
    paused: bool,
    resting: usize,
}

/// Runs `member SEED DIR URL LIFE_MS END`.
pub fn run(orders: &[&str]) -> ExitCode {
    let [seed, dir, url, life, end] = orders else { panic!("member SEED DIR URL LIFE_MS END: {orders:?}") };
    let mut random = Random::new(seed.parse().expect("a seed is a number"));
    let life = Duration::from_millis(life.parse().expect("a life has a length"));
    setrlimit(Resource::RLIMIT_CORE, 0, 0).expect("core dumps can be switched off");
    let clients = places::clients(url, Path::new(dir), &mut random);
    let shared =
        Arc::new(Shared { clients, state: Mutex::default(), changed: Condvar::new(), stop: AtomicBool::new(false) });
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (shared, random) = (Arc::clone(&shared), Random::new(random.next()));
            std::thread::spawn(move || shared.capture_until_told(random))
        })
        .collect();
    if *end == "steady" {
        shared.obey(Random::new(random.next()));
    } else {
        shared.flush_now_and_then(&mut random, Instant::now() + life);
    }
    match *end {
        "exit" => std::process::exit(EXIT_CODE),
        "abort" => std::process::abort(),
        "exec" => {
            // The same process begins anew, with its threads in the middle of their work.
            let this = std::env::current_exe().expect("a process has a program");
            let seed = random.next().to_string();
            panic!("{}", Command::new(this).args(["member", &seed, dir, url, "300", "return"]).exec());
        }
        "fork" => shared.leave_to_a_child(&mut random),
        _ => {}
    }
    shared.stop.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().expect("no thread panics"));
    ExitCode::SUCCESS
}

impl Shared {
    fn capture_until_told(&self, mut random: Random) {
        while !self.stop.load(Ordering::Relaxed) {
            let mut state = self.state.lock().expect("nobody panics");
            if state.paused {
                state.resting += 1;
                self.changed.notify_all();
                state = self.changed.wait_while(state, |state| state.paused).expect("nobody panics");
                state.resting -= 1;
            }
            drop(state);
            capture(&self.clients, &mut random);
            std::thread::sleep(random.millis(0, 100));
        }
    }

    fn flush_now_and_then(&self, random: &mut Random, until: Instant) {
        while Instant::now() < until {
            std::thread::sleep(random.millis(20, 200).min(until.saturating_duration_since(Instant::now())));
            if random.chance(30) {
                let _ = random.pick(&self.clients).flush(random.millis(50, 1_500));
            }
        }
    }

    /// The process that lives through everything: it rests when it is told to, with everything delivered.
    fn obey(self: &Arc<Self>, mut random: Random) {
        let flushing = Arc::clone(self);
        let flusher = std::thread::spawn(move || {
            while !flushing.stop.load(Ordering::Relaxed) {
                if !flushing.state.lock().expect("nobody panics").paused {
                    flushing.flush_now_and_then(&mut random, Instant::now() + Duration::from_millis(200));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        for command in std::io::stdin().lock().lines().map_while(Result::ok) {
            let pause = command == "pause";
            let mut state = self.state.lock().expect("nobody panics");
            state.paused = pause;
            self.changed.notify_all();
            if pause {
                drop(self.changed.wait_while(state, |state| state.resting < THREADS).expect("nobody panics"));
                deliver_all(&self.clients);
                say("paused\n");
            }
        }
        self.state.lock().expect("nobody panics").paused = false;
        self.changed.notify_all();
        self.stop.store(true, Ordering::Relaxed);
        flusher.join().expect("no thread panics");
    }

    /// A child goes on with the clients it inherited and ends in one of several ways, while the threads here go on, too.
    fn leave_to_a_child(&self, random: &mut Random) {
        let (seed, events) = (random.next(), random.between(1, 10));
        // SAFETY: the child has this thread alone; it allocates, which glibc allows there, and takes no lock of ours.
        match unsafe { fork() }.expect("a process can fork") {
            ForkResult::Parent { child } => drop(waitpid(child, None).expect("the child is ours")),
            ForkResult::Child => {
                let mut random = Random::new(seed);
                (0..events).for_each(|_| capture(&self.clients, &mut random));
                if random.chance(50) {
                    let _ = random.pick(&self.clients).flush(random.millis(0, 500));
                }
                if random.chance(50) { std::process::abort() } else { std::process::exit(0) }
            }
        }
    }
}

/// Records an event and tells of it.
fn capture(clients: &[Client; 2], random: &mut Random) {
    let place = random.between(0, 1) as usize;
    let length = if random.chance(3) { random.between(0, 20_000) } else { random.between(0, 400) };
    let captured =
        clients[place].capture_event("soak", &json!({"length": length, "text": "x".repeat(length as usize)}));
    say(&match captured {
        Ok(Capture::Recorded(uuid)) => format!("recorded {place} {uuid}\n"),
        Ok(Capture::Dropped(Some(reason))) => format!("dropped {place} {}\n", reason.as_str()),
        other => format!("failed {place} {other:?}\n"),
    });
}

/// Delivers what waits, of all processes, to a server that is well.
pub fn deliver_all(clients: &[Client; 2]) {
    let until = Instant::now() + PATIENCE;
    for client in clients {
        while client.flush(PATIENCE).is_err() || !client.pending().is_empty() {
            assert!(Instant::now() < until, "{} events still wait: {:?}", client.pending().len(), client.stats());
            // What a server that was just told to be well still has in its hands.
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Says a line by one write(2). Without a driver nobody needs this process.
fn say(line: &str) {
    if nix::unistd::write(std::io::stdout(), line.as_bytes()).ok() != Some(line.len()) {
        std::process::exit(1);
    }
}
