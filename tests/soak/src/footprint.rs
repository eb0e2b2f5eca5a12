//! What a process holds, and what lies in the state directory, as others see it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long threads may take to be gone after their work has ended.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
pub struct Footprint {
    /// Memory that is the process's own (`RssAnon`), in KiB: pages of the program come and go with the system's load.
    pub memory_kib: u64,
    pub descriptors: Vec<String>,
    pub threads: Vec<String>,
    /// Relative to the state directory.
    pub files: BTreeSet<String>,
}

impl Footprint {
    /// Of a process that rests, and the state directory, as soon as no thread of overt's is left.
    pub fn of(pid: u32, state_dir: &Path) -> Self {
        let until = Instant::now() + PATIENCE;
        while threads(pid).iter().any(|name| name.starts_with("overt") && name != "overt-soak") {
            assert!(Instant::now() < until, "a thread does not end: {:?}", threads(pid));
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut files = BTreeSet::new();
        walk(state_dir, state_dir, &mut files);
        Self { memory_kib: memory_kib(pid), descriptors: descriptors(pid), threads: threads(pid), files }
    }
}

fn threads(pid: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the process lives").flatten();
    let mut names: Vec<_> = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok()).collect();
    names.iter_mut().for_each(|name| *name = name.trim().to_owned());
    names.sort();
    names
}

fn descriptors(pid: u32) -> Vec<String> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).expect("the process lives").flatten();
    let mut targets: Vec<_> = entries.filter_map(|entry| fs::read_link(entry.path()).ok()).collect();
    targets.sort();
    targets.iter().map(|target| target.display().to_string()).collect()
}

fn memory_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process lives");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("Linux says RssAnon");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn walk(dir: &Path, root: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).expect("the state directory is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, root, found);
        } else {
            found.insert(path.strip_prefix(root).expect("below the root").display().to_string());
        }
    }
}
