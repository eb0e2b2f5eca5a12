//! What an uploader does once it is started: it leaves everything of its parent's and delivers. How it is started, and
//! how often, is in [`uploader`](crate::uploader).

use crate::client::Client;
use crate::config::{Config, HostConsent};
use crate::signals;
use crate::uploader::{MAX_LIFE, Turn, Upload};
#[cfg(unix)]
use std::path::Path;
use std::time::{Duration, Instant};

/// What of its life is left for its end, which lies in the host's hands again.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

impl Upload {
    /// Delivers what waits for each of the app's destinations. The process is to end afterwards: it has left its session,
    /// its directory and the descriptors that it inherited.
    pub fn run(self) {
        let end = Instant::now() + MAX_LIFE - LAST_MOMENTS;
        limit_life();
        detach();
        for mut config in Config::stored(&self.app, Some(&self.state_dir)).unwrap_or_default() {
            config.background = false;
            if self.host_says_on {
                config.consent = HostConsent::Says(true);
            }
            let Ok(client) = Client::new(config) else { continue };
            let turn = client.paths().and_then(|paths| Turn::take(&paths.spool).ok().flatten());
            if turn.is_some() {
                deliver(&client, end);
            }
        }
    }
}

/// Delivers what waits, and then what other runs have recorded meanwhile, which start no uploader of their own.
fn deliver(client: &Client, end: Instant) {
    let mut delivered = 0;
    while client.flush(end.saturating_duration_since(Instant::now())).is_ok() {
        let so_far = client.stats().delivered;
        if so_far == delivered {
            return;
        }
        delivered = so_far;
    }
}

/// Ends this process when its time is over, whatever hangs: a dead network file system, or what the host does at its end.
fn limit_life() {
    let end = || {
        std::thread::sleep(MAX_LIFE);
        #[cfg(unix)]
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
        std::process::exit(1)
    };
    let thread = std::thread::Builder::new().name("overt-end".into()).stack_size(64 * 1024);
    let _ = signals::with_none(|| thread.spawn(end));
}

/// Leaves the parent's session, descriptors and directory, and makes room for everybody else.
fn detach() {
    // The directory may lie on a medium that somebody wants to take out.
    let _ = std::env::set_current_dir("/");
    #[cfg(unix)]
    {
        let _ = nix::unistd::setsid();
        // Before it has to wait for everybody else: somebody may wait for this.
        close_inherited();
        let _ = rustix::process::nice(19);
    }
}

/// Closes what the parent's parent may wait on, such as the end of a pipe. Rust, Python and Go mark each descriptor of
/// theirs to be closed at exec, so what came through ours is what lacks the mark.
#[cfg(unix)]
fn close_inherited() {
    const CLOSED_AT_EXEC: u32 = 0o2_000_000; // Linux's O_CLOEXEC, as fdinfo shows it
    let info = Path::new("/proc/self/fdinfo");
    let numbers = std::fs::read_dir(info).into_iter().flatten().flatten();
    let numbers: Vec<i32> = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for fd in numbers.into_iter().filter(|fd| *fd > 2) {
        let text = std::fs::read_to_string(info.join(fd.to_string())).unwrap_or_default();
        let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
        let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
        if flags.is_some_and(|flags| flags & CLOSED_AT_EXEC == 0) {
            let _ = nix::unistd::close(fd);
        }
    }
}
