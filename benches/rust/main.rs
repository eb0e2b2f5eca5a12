//! What capturing costs in Rust, as multiples of W: one bare `write(2)` of the same bytes, `O_APPEND`, on the same disk. And
//! what packing a batch costs; with the argument `compression` only that.
//!
//! Rounds of both are run in turn, so that a machine that changes its pace changes it for both; the median of the
//! rounds' ratios is printed.

mod compression;

use overt::{Capture, Client, Config, Event, HostConsent};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

const ROUNDS: usize = 41;
const CALLS: usize = 2_000;

/// The nested event that a job of Starfish's ends with.
const JOB: &str = r#"{"job_id":"0b5ae1a2-7d6c-4a53-8c1d-0d7f0a6f1e11","target_reached":true,"run_mode":"normal","num_inputs":100,"library_version":"0.4.2","config":{"batch_size":10,"target_count":100,"dead_queue_threshold":3,"max_concurrency":10,"task_runner_timeout":60,"job_run_stop_threshold":3},"error_summary":{"TimeoutError":2},"count_summary":{"completed":98,"failed":2,"filtered":0},"run_time_platform":"Linux"}"#;

fn main() {
    let dir =
        tempfile::Builder::new().prefix("overt-bench-").tempdir_in(".").expect("the working directory is writable");
    if std::env::args().nth(1).as_deref() != Some("compression") {
        capturing(dir.path());
    }
    compression::measure(dir.path());
}

fn capturing(dir: &Path) {
    let client = |state: &str, consent| Client::new(config(&dir.join(state), consent)).expect("a valid config");
    let line_bytes = {
        let probe = client("probe", true);
        capture(&probe);
        probe.pending().first().map_or(0, String::len) + 1
    };
    println!("one event: {line_bytes} bytes");

    let first = median((0..ROUNDS).map(|n| {
        let fresh = client(&format!("fresh-{n}"), true);
        time(1, || capture(&fresh))
    }));
    println!("first capture of a process     {:>9.1} µs", first / 1e3);

    let backlog = median((0..ROUNDS).map(|n| {
        let state = dir.join(format!("backlog-{n}"));
        let mut limited = config(&state, true);
        limited.max_spool_bytes = 8 * 1024 * 1024; // the default
        let earlier = Client::new(limited).expect("a valid config");
        while earlier.stats().lost == 0 {
            let _ = earlier.capture(&Event::new("starfish_job"), |properties| properties.json_object(JOB));
        }
        drop(earlier);
        let mut next = config(&state, true);
        next.background = false;
        let next = Client::new(next).expect("a valid config");
        time(1, || capture(&next))
    }));
    println!("first capture, 8 MiB waiting   {:>9.1} µs", backlog / 1e3);

    let enabled = client("enabled", true);
    let mut bare = Bare::new(&dir.join("bare"), line_bytes);
    compare("capture, JSON text", &mut bare, || capture(&enabled));
    compare("capture, typed values", &mut bare, || capture_typed(&enabled));

    let disabled = client("disabled", false);
    let off = median((0..ROUNDS).map(|_| time(CALLS * 100, || capture(&disabled))));
    println!("capture, disabled              {off:>9.1} ns");

    burst(&dir.join("burst"));
}

fn config(state_dir: &Path, consent: bool) -> Config {
    let mut config = Config::new("bench");
    config.app_version = "1.0".into();
    config.api_key = "phc_bench".into();
    config.endpoint = "http://127.0.0.1:9".into(); // nobody listens there
    config.state_dir = Some(state_dir.to_owned());
    config.consent = HostConsent::Says(consent);
    config.flush_interval = Duration::from_secs(3_600);
    config.flush_at = u32::MAX;
    config.max_spool_events = 10_000_000;
    config.max_spool_bytes = 10_000_000_000;
    config
}

fn capture(client: &Client) {
    let captured = client.capture(&Event::new("starfish_job"), |properties| properties.json_object(JOB));
    assert!(matches!(captured, Ok(Capture::Recorded(_) | Capture::Disabled)), "{captured:?}");
}

fn capture_typed(client: &Client) {
    let captured = client.capture(&Event::new("starfish_job"), |properties| {
        properties.set("job_id", |w| w.str("0b5ae1a2-7d6c-4a53-8c1d-0d7f0a6f1e11"));
        properties.set("target_reached", |w| w.bool(true));
        properties.set("run_mode", |w| w.str("normal"));
        properties.set("num_inputs", |w| w.int(100));
        properties.set("library_version", |w| w.str("0.4.2"));
        for (object, members) in [
            (
                "config",
                &[
                    ("batch_size", 10),
                    ("target_count", 100),
                    ("dead_queue_threshold", 3),
                    ("max_concurrency", 10),
                    ("task_runner_timeout", 60),
                    ("job_run_stop_threshold", 3),
                ][..],
            ),
            ("error_summary", &[("TimeoutError", 2)]),
            ("count_summary", &[("completed", 98), ("failed", 2), ("filtered", 0)]),
        ] {
            properties.set(object, |w| {
                w.begin_object();
                for (key, value) in members {
                    w.key(key);
                    w.int(*value);
                }
                w.end_object();
            });
        }
        properties.set("run_time_platform", |w| w.str("Linux"));
        Ok(())
    });
    assert!(matches!(captured, Ok(Capture::Recorded(_))), "{captured:?}");
}

/// A bare append of as many bytes.
struct Bare {
    file: std::fs::File,
    line: Vec<u8>,
}

impl Bare {
    fn new(path: &Path, bytes: usize) -> Self {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("a file can be made");
        Self { file, line: vec![b'x'; bytes] }
    }

    fn write(&mut self) {
        let written = self.file.write(&self.line).expect("the disk takes it");
        assert_eq!(written, self.line.len());
    }
}

fn compare(what: &str, bare: &mut Bare, mut ours: impl FnMut()) {
    let mut rounds: Vec<(f64, f64)> =
        (0..ROUNDS).map(|_| (time(CALLS, || bare.write()), time(CALLS, &mut ours))).collect();
    rounds.remove(0); // the first warms up
    let ratio = median(rounds.iter().map(|(w, ours)| ours / w));
    let (w, ours) = (median(rounds.iter().map(|r| r.0)), median(rounds.iter().map(|r| r.1)));
    println!("{what:<30} {ours:>9.1} ns = {ratio:.2} W   (W = {w:.1} ns)");
}

/// 100,000 events as fast as one thread can, with the worker delivering to nobody.
fn burst(state_dir: &Path) {
    let mut config = config(state_dir, true);
    config.flush_at = 100;
    let client = Client::new(config).expect("a valid config");
    capture(&client);
    let before = resident_kib();
    for _ in 1..100_000 {
        capture(&client);
    }
    let stats = client.stats();
    let grown = resident_kib() - before;
    println!("burst of 100,000: {} recorded, {} lost, memory grew by {grown} KiB", stats.recorded, stats.lost);
}

fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// Nanoseconds a call.
#[allow(clippy::cast_precision_loss)]
fn time(calls: usize, mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        call();
    }
    start.elapsed().as_nanos() as f64 / calls as f64
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
