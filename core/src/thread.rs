//! The operating system's view of a thread of ours, for hosts that are about to fork and must be alone then.

use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

/// A thread as the operating system sees it, which exists for a moment after its work has ended.
#[derive(Debug, Default)]
pub(crate) struct Thread {
    /// Its number, or 0.
    id: AtomicI32,
}

impl Thread {
    /// Called by the thread itself.
    pub(crate) fn begins(&self) {
        #[cfg(target_os = "linux")]
        self.id.store(nix::unistd::gettid().as_raw(), Ordering::Relaxed);
    }

    /// Waits until nobody who counts this process's threads counts it; true if so. Elsewhere than on Linux its work's end
    /// has to do.
    pub(crate) fn wait_for_end(&self, deadline: Instant) -> bool {
        let task = match self.id.load(Ordering::Relaxed) {
            0 => return true,
            id => std::path::PathBuf::from(format!("/proc/self/task/{id}")),
        };
        while task.exists() {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_micros(50));
        }
        true
    }
}
