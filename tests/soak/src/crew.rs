//! The processes as the driver sees them: how each is to end, what it tells, and the server that is killed with them.

use crate::audit::Told;
use crate::member::EXIT_CODE;
use crate::random::Random;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How much longer than its life a process may take to end: a flush of 1.5 s, and a machine that is busy.
const HANGS: Duration = Duration::from_secs(120);

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Return,
    Exit,
    Abort,
    Exec,
    Fork,
    Killed,
    Terminated,
    /// When its stdin ends.
    Steady,
}

const MORTAL: [Fate; 8] =
    [Fate::Return, Fate::Exit, Fate::Abort, Fate::Exec, Fate::Fork, Fate::Killed, Fate::Killed, Fate::Terminated];

impl Fate {
    pub fn choose(random: &mut Random) -> Self {
        *random.pick(&MORTAL)
    }

    fn order(self) -> &'static str {
        match self {
            Self::Return | Self::Killed | Self::Terminated => "return",
            Self::Exit => "exit",
            Self::Abort => "abort",
            Self::Exec => "exec",
            Self::Fork => "fork",
            Self::Steady => "steady",
        }
    }

    fn signal(self) -> Option<Signal> {
        match self {
            Self::Killed => Some(Signal::SIGKILL),
            Self::Terminated => Some(Signal::SIGTERM),
            _ => None,
        }
    }

    /// Whether its threads are stopped in the middle of their work.
    pub fn cuts_off(self) -> bool {
        !matches!(self, Self::Return | Self::Fork | Self::Steady)
    }

    /// Whether it ended as it would have without overt.
    fn is_met_by(self, status: ExitStatus) -> bool {
        let (code, signal) = match self {
            Self::Return | Self::Exec | Self::Fork | Self::Steady => (Some(0), None),
            Self::Exit => (Some(EXIT_CODE), None),
            Self::Abort => (None, Some(Signal::SIGABRT as i32)),
            Self::Killed | Self::Terminated => (None, self.signal().map(|signal| signal as i32)),
        };
        (status.code(), status.signal()) == (code, signal)
    }
}

/// What all processes have told.
#[derive(Default)]
pub struct Tales {
    pub told: [Told; 2],
    pub oddities: Vec<String>,
}

/// Where everything happens.
pub struct Stage {
    pub program: PathBuf,
    pub dir: PathBuf,
    pub url: String,
    pub tales: Arc<Mutex<Tales>>,
}

pub struct Member {
    process: Child,
    stdin: Option<ChildStdin>,
    pub fate: Fate,
    until: Instant,
    listener: JoinHandle<()>,
    paused: Receiver<()>,
}

impl Member {
    pub fn start(stage: &Stage, fate: Fate, random: &mut Random) -> Self {
        let life = random.millis(100, 6_000);
        // Who is to be killed must not end before.
        let its_own = if fate.signal().is_some() { life + HANGS } else { life };
        let mut command = command(&stage.program);
        command.arg("member").arg(random.next().to_string()).arg(&stage.dir).arg(&stage.url);
        command.arg(its_own.as_millis().to_string()).arg(fate.order());
        let mut process = command.spawn().expect("a process can be started");
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take().expect("it has a stdout"));
        let (tales, (says_paused, paused)) = (Arc::clone(&stage.tales), channel());
        let listener = std::thread::spawn(move || listen(stdout, &tales, &says_paused));
        Self { process, stdin, fate, until: Instant::now() + life, listener, paused }
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends the signal if it is time; how it ended, if it has. A word about an end that is not its own.
    pub fn has_ended(&mut self) -> Option<Result<(), String>> {
        let status = self.process.try_wait().expect("it is our child");
        let Some(status) = status else {
            if Instant::now() >= self.until {
                match self.fate.signal() {
                    Some(signal) => kill(Pid::from_raw(self.id().cast_signed()), signal).expect("it is our child"),
                    None if self.fate == Fate::Steady => {}
                    None => assert!(Instant::now() < self.until + HANGS, "a process hangs: {:?}", self.fate),
                }
            }
            return None;
        };
        Some(if self.fate.is_met_by(status) { Ok(()) } else { Err(format!("{:?} ended with {status}", self.fate)) })
    }

    /// Lets it rest when all is delivered, or go on.
    pub fn tell(&mut self, command: &str) {
        let stdin = self.stdin.as_mut().expect("it still listens");
        stdin.write_all(format!("{command}\n").as_bytes()).expect("the steady process lives");
        if command == "pause" {
            self.paused.recv_timeout(2 * HANGS).expect("the steady process delivers what waits");
        }
    }

    /// Ends the steady process, or waits for another.
    pub fn end(mut self) -> Result<(), String> {
        drop(self.stdin.take());
        let ended = loop {
            if let Some(ended) = self.has_ended() {
                break ended;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        self.listen_to_the_end();
        ended
    }

    /// Until its pipe ends: nobody may hold it longer than the process and its child.
    pub fn listen_to_the_end(self) {
        self.listener.join().expect("a listener does not panic");
    }
}

fn listen(stdout: ChildStdout, tales: &Mutex<Tales>, says_paused: &Sender<()>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let mut tales = tales.lock().expect("nobody panics");
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["recorded", place, uuid] => {
                let new = tales.told[usize::from(*place == "1")].recorded.insert((*uuid).to_owned());
                if !new {
                    tales.oddities.push(format!("a UUID was given twice: {uuid}"));
                }
            }
            ["dropped", place, reason] => {
                *tales.told[usize::from(*place == "1")].dropped.entry((*reason).to_owned()).or_default() += 1;
            }
            ["paused"] => drop(says_paused.send(())),
            _ => tales.oddities.push(line),
        }
    }
}

/// A process that sees no variable of ours, and says nothing on stderr that we do not see.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("RUST_BACKTRACE", "1").current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// The server's process.
pub struct Server {
    process: Child,
    stdin: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Server {
    pub fn start(program: &Path, port: u16, log: &Path, mood: &str, random: &mut Random) -> Self {
        let mut command = command(program);
        command.args(["server", &random.next().to_string(), &port.to_string()]).arg(log).arg(mood);
        let mut process = command.spawn().expect("the server can be started");
        let stdin = process.stdin.take().expect("it has a stdin");
        let says = BufReader::new(process.stdout.take().expect("it has a stdout"));
        let mut this = Self { process, stdin, says };
        this.hear("listening");
        this
    }

    /// `well` or `ill`, from the next connection on.
    pub fn tell(&mut self, mood: &str) {
        self.stdin.write_all(format!("{mood}\n").as_bytes()).expect("the server lives");
        self.hear(mood);
    }

    fn hear(&mut self, expected: &str) {
        let mut line = String::new();
        self.says.read_line(&mut line).expect("the server lives");
        assert_eq!(line.trim(), expected, "what the server says");
    }

    /// By SIGKILL, in the middle of whatever it does.
    pub fn kill(mut self) {
        self.process.kill().expect("it is our child");
        let status = self.process.wait().expect("it is our child");
        assert_eq!(status.signal(), Some(Signal::SIGKILL as i32), "the server ended by itself");
    }
}
