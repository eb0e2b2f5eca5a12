//! Waits for the uploaders that this process has started: a host that lives on would keep a zombie of each.
//!
//! - Each has a thread, which does nothing but wait. A host that forks and must be alone can hold them all: [`hold`].
//! - What is here belongs to one process. A forked child begins anew, and touches neither threads nor children of its
//!   parent's; if a lock was taken in the moment of the fork, its uploaders are waited for by threads that cannot be held.

use crate::signals;
use crate::thread::Thread;
use std::io;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How often a thread looks whether its child has ended: a zombie costs nothing for so long.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Looking and waking up, and no more.
const STACK_BYTES: usize = 64 * 1024;

static REAPERS: Mutex<Reapers> = Mutex::new(Reapers { process: 0, waiting: Vec::new(), left: Vec::new() });
static HELD: AtomicBool = AtomicBool::new(false);

struct Reapers {
    process: u32,
    waiting: Vec<Waiting>,
    /// Children for whom nobody waits at the moment.
    left: Vec<Child>,
}

struct Waiting {
    thread: Arc<Thread>,
    wake: std::thread::Thread,
    /// The thread's last word: its child, if it was held before that had ended.
    given_back: Receiver<Option<Child>>,
}

/// Waits for a child, on a thread of its own. If there can be none, the end of the host does it.
pub(crate) fn wait_for(mut child: Child) {
    match Reapers::of_this_process() {
        Some(mut reapers) => reapers.wait_for(child),
        None => drop(spawn(move || drop(child.wait()))),
    }
}

/// Lets no thread wait until [`release`]: what [`Client::hold_thread`](crate::Client::hold_thread) is for a client. Waits at
/// most `patience` for their end, which comes at once; true if none is left.
pub fn hold(patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    let Some(mut reapers) = Reapers::of_this_process() else { return false };
    HELD.store(true, Ordering::SeqCst);
    reapers.waiting.iter().for_each(|one| one.wake.unpark());
    reapers.take_back(deadline)
}

/// Lets threads wait again.
pub fn release() {
    HELD.store(false, Ordering::SeqCst);
    let Some(mut reapers) = Reapers::of_this_process() else { return };
    reapers.take_back(Instant::now());
    for child in std::mem::take(&mut reapers.left) {
        reapers.wait_for(child);
    }
}

impl Reapers {
    /// `None` where another thread is at it, which may be one that a fork has left in the parent.
    fn of_this_process() -> Option<MutexGuard<'static, Self>> {
        let mut reapers = REAPERS.try_lock().ok()?;
        if reapers.process != std::process::id() {
            reapers.process = std::process::id();
            // It was the parent that wanted to be alone, to fork this one.
            HELD.store(false, Ordering::SeqCst);
            // To drop one is to touch a thread, and those are the parent's.
            std::mem::forget(std::mem::take(&mut reapers.waiting));
            reapers.left.clear();
        }
        Some(reapers)
    }

    fn wait_for(&mut self, child: Child) {
        self.take_back(Instant::now());
        let (thread, (give_back, given_back)) = (Arc::new(Thread::default()), mpsc::channel());
        let body = {
            let thread = Arc::clone(&thread);
            move || {
                thread.begins();
                let _ = give_back.send(until_it_ends(child)); // a host that has forked does not listen any more
            }
        };
        self.waiting.extend(spawn(body).ok().map(|wake| Waiting { thread, wake, given_back }));
    }

    /// Forgets the threads that have ended by the deadline, and keeps the children that they give back; true if all have.
    fn take_back(&mut self, deadline: Instant) -> bool {
        let left = &mut self.left;
        self.waiting.retain(|one| {
            match one.given_back.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(child) => left.extend(child),
                Err(RecvTimeoutError::Disconnected) => {}
                Err(RecvTimeoutError::Timeout) => return true,
            }
            !one.thread.wait_for_end(deadline)
        });
        self.waiting.is_empty()
    }
}

/// The child, if the host wants to be alone before it has ended.
fn until_it_ends(mut child: Child) -> Option<Child> {
    while matches!(child.try_wait(), Ok(None)) {
        if HELD.load(Ordering::SeqCst) {
            return Some(child);
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
    None
}

fn spawn(body: impl FnOnce() + Send + 'static) -> io::Result<std::thread::Thread> {
    let builder = std::thread::Builder::new().name("overt-reaper".into()).stack_size(STACK_BYTES);
    signals::with_none(|| builder.spawn(body)).map(|handle| handle.thread().clone())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use std::process::Command;

    const LONG: Duration = Duration::from_secs(60);

    fn threads() -> usize {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
        names.filter(|name| name == "overt-reaper\n").count()
    }

    fn wait_until(is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < LONG);
            std::thread::yield_now();
        }
    }

    #[test]
    fn no_zombie_stays_and_who_forks_is_alone() {
        let started = [(); 2].map(|()| Command::new("sleep").arg("600").spawn().unwrap());
        let [one, other] = [0, 1].map(|n| PathBuf::from(format!("/proc/{}", started[n].id())));
        let kill = |child: &PathBuf| {
            let number = child.file_name().unwrap().to_str().unwrap();
            assert!(Command::new("kill").args(["-KILL", number]).status().unwrap().success());
        };
        started.into_iter().for_each(wait_for);
        wait_until(|| threads() == 2);
        kill(&one);
        wait_until(|| !one.exists());
        wait_until(|| threads() == 1);

        assert!(hold(LONG));
        assert_eq!(threads(), 0, "not even a moment longer");
        kill(&other);
        wait_until(|| std::fs::read_to_string(other.join("stat")).unwrap().contains(") Z "));
        release();
        wait_until(|| !other.exists());
        let reapers = REAPERS.lock().unwrap();
        assert!(reapers.left.is_empty() && !HELD.load(Ordering::SeqCst));
    }
}
