//! The uploader: a process of its own that delivers what a short-lived one left in the spool.
//!
//! - It is started at the end of a client whose host allows it ([`Config::uploader`](crate::Config::uploader)), if events
//!   wait, consent stands and the server was not found unreachable a moment ago. Starting it costs the host one spawn.
//! - At most one lives for a spool, and at most one is started in [`START_EVERY`]; both are kept by a lock and a stamp in
//!   `uploader.lock` beside the spool, so they hold over any number of processes.
//! - It lives at most [`MAX_LIFE`], in a session of its own, with the lowest priority, no descriptor of its parent's, and
//!   nothing to write to. On its command line stand the app and the state directory, never an event.
//! - It decides about consent anew. What it cannot deliver stays for the next run.

use crate::clock::Timestamp;
use crate::error::Error;
use crate::reaper;
use crate::signals;
use crate::state::Lock;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The longest that an uploader lives: four attempts of 10 s each and the pauses between them fit in.
pub const MAX_LIFE: Duration = Duration::from_secs(60);
/// A tool that is run in a loop starts one in this time; its other runs leave their events to the next.
pub const START_EVERY: Duration = Duration::from_secs(60);

const LOCK: &str = "uploader.lock";
/// The first argument after the host's own, by which the started process knows what it is.
const MARK: &str = "overt-upload";
/// The last argument: whether the host itself had said on.
const HOST_SAYS_ON: &str = "host-says-on";
const HOST_SAYS_NOTHING: &str = "host-says-nothing";

/// `DETACHED_PROCESS`, `CREATE_NEW_PROCESS_GROUP`, `IDLE_PRIORITY_CLASS`: no console, and none that opens. Compiled, and never run.
#[cfg(windows)]
const WITHOUT_A_WINDOW: u32 = 0x8 | 0x200 | 0x40;

/// How a host starts its uploader: a program that hands what follows `args` to [`Upload::from_args`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploader {
    /// The program: the host itself, or its interpreter.
    pub program: PathBuf,
    /// What stands before the uploader's own arguments.
    pub args: Vec<OsString>,
}

impl Uploader {
    /// The running program, if it can be found. It must look for [`Upload::from_args`] before it does anything else.
    pub fn this_program() -> Option<Self> {
        std::env::current_exe().ok().map(|program| Self { program, args: Vec::new() })
    }

    /// Starts it for this spool, unless one lives or lived a moment ago. True: it was started.
    pub(crate) fn start(&self, job: &Upload, spool: &Path, now: Timestamp) -> Result<bool, Error> {
        let failed = |error: &std::io::Error| Error::storage("the uploader cannot be started", error);
        let due = Turn::take(spool).and_then(|turn| turn.map_or(Ok(false), |mut turn| turn.is_due(now)));
        if !due.map_err(|error| failed(&error))? {
            return Ok(false);
        }
        let mut command = Command::new(&self.program);
        command.args(&self.args).args(job.to_args());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        #[cfg(windows)]
        std::os::windows::process::CommandExt::creation_flags(&mut command, WITHOUT_A_WINDOW);
        // The terminal may close, or the user press Ctrl-C, before the new process has a session of its own.
        let child = signals::with_none_of_terminal(|| command.spawn()).map_err(|error| failed(&error))?;
        reaper::wait_for(child);
        Ok(true)
    }
}

/// The right to be, or to start, a spool's uploader.
pub(crate) struct Turn(Lock);

impl Turn {
    /// `None` if another has it.
    pub(crate) fn take(spool: &Path) -> std::io::Result<Option<Self>> {
        Ok(Lock::take(&spool.join(LOCK))?.map(Self))
    }

    /// Whether enough time has passed since the last start; if so, this is the next.
    fn is_due(&mut self, now: Timestamp) -> std::io::Result<bool> {
        if self.0.noted(now)?.is_some_and(|last| now.since(last) < START_EVERY) {
            return Ok(false);
        }
        self.0.note(Some(now)).map(|()| true)
    }
}

/// What an uploader is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub(crate) app: String,
    pub(crate) state_dir: PathBuf,
    pub(crate) host_says_on: bool,
}

impl Upload {
    pub(crate) fn new(app: &str, state_dir: &Path, host_says_on: bool) -> Self {
        Self { app: app.to_owned(), state_dir: state_dir.to_owned(), host_says_on }
    }

    fn to_args(&self) -> [&OsStr; 4] {
        let says = if self.host_says_on { HOST_SAYS_ON } else { HOST_SAYS_NOTHING };
        [MARK.as_ref(), self.app.as_ref(), self.state_dir.as_ref(), says.as_ref()]
    }

    /// Reads it from a process's arguments, without the name of the program and what [`Uploader::args`] put before. `None`:
    /// this process is no uploader, and the host goes on.
    pub fn from_args<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> Option<Self> {
        let args: Vec<OsString> = args.into_iter().map(Into::into).take(5).collect();
        let [mark, app, state_dir, says] = args.as_slice() else { return None };
        let known = mark == MARK && (says == HOST_SAYS_ON || says == HOST_SAYS_NOTHING);
        known.then(|| Some(Self::new(app.to_str()?, Path::new(state_dir), says == HOST_SAYS_ON)))?
    }
}
