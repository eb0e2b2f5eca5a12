//! Signals are the host's. A thread and a process begin with the mask of the thread that starts them, so what must not be
//! reached by a signal is started while that is blocked.
//!
//! Those that end a process are no exception, though a thread of ours that outlives a main thread's `pthread_exit` is deaf to
//! them: a host that has blocked them to wait for them in a place of its own (`sigwait`, a `signalfd`) would be killed, and
//! one that handles them would find its handler on a small stack that it does not know.

#[cfg(unix)]
use nix::sys::signal::{SigSet, SigmaskHow, Signal};

/// Runs `body` with all signals blocked: the host's handlers never run on a thread that it starts.
pub(crate) fn with_none<T>(body: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    return blocked(SigSet::all(), body);
    #[cfg(not(unix))]
    body()
}

/// Runs `body` with those signals blocked by which a terminal ends or stops what was started on it.
pub(crate) fn with_none_of_terminal<T>(body: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    return blocked([Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTSTP].into_iter().collect(), body);
    #[cfg(not(unix))]
    body()
}

#[cfg(unix)]
fn blocked<T>(signals: SigSet, body: impl FnOnce() -> T) -> T {
    let before = signals.thread_swap_mask(SigmaskHow::SIG_BLOCK);
    let answer = body();
    if let Ok(before) = before {
        let _ = before.thread_set_mask();
    }
    answer
}
