//! What packing a batch of 100 events costs in time, beside a hundred bare `write(2)`, one for each of them, and how small
//! it gets.
//!
//! The events are one client's over some minutes: all in one form, each with its own UUID, time, ID and numbers.

use crate::{Bare, ROUNDS, config, median, time};
use overt::{Client, Clock, Compression, Event, NoAnswer, Request, Response, Timestamp, Transport, Variables, Wire};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

const EVENTS: usize = 100;
const CALLS: usize = 10;

pub fn measure(dir: &Path) {
    let batch = batch(&dir.join("batch"));
    let mut bare = Bare::new(&dir.join("bare-lines"), batch.len() / EVENTS);
    println!("a batch of {EVENTS} events: {} bytes", batch.len());
    // One that this build lacks is left out.
    for compression in ["gzip", "deflate", "zstd", "br"].into_iter().flat_map(Compression::parse) {
        let packed = compression.pack(&batch).map_or(0, |packed| packed.len());
        let rounds: Vec<(f64, f64)> = (0..ROUNDS)
            .map(|_| {
                (time(CALLS, || (0..EVENTS).for_each(|_| bare.write())), time(CALLS, || drop(compression.pack(&batch))))
            })
            .collect();
        let ratio = median(rounds.iter().map(|(w, ours)| ours / w));
        let (w, ours) = (median(rounds.iter().map(|r| r.0)) / 1e3, median(rounds.iter().map(|r| r.1)) / 1e3);
        let percent = percent(packed, batch.len());
        println!(
            "packed by {:<20} {ours:>9.1} µs = {ratio:.2} W an event   (100 W = {w:.1} µs), {percent:.1} % of the plain",
            compression.as_str()
        );
    }
}

#[allow(clippy::cast_precision_loss)]
fn percent(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole as f64
}

/// The lines of a batch, joined by commas.
fn batch(state_dir: &Path) -> Vec<u8> {
    let mut config = config(state_dir, true);
    config.wire = Wire::PostHogV1;
    let client = Client::with_parts(config, Variables::of_process(), Box::<Minutes>::default(), Box::new(Nobody));
    let client = client.expect("a valid config");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..EVENTS {
        let properties = job(&mut random);
        let captured = client.capture(&Event::new("starfish_job"), |writer| writer.json_object(&properties));
        captured.expect("a valid event");
    }
    client.pending().join(",").into_bytes()
}

/// The nested event that a job of Starfish's ends with.
fn job(random: &mut Random) -> String {
    let inputs = random.below(1_000) + 10;
    let failed = random.below(inputs / 4 + 1);
    let (high, low) = (random.next(), random.next());
    let id =
        format!("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", high >> 32, high & 0xffff, low >> 52, low & 0xfff, low >> 16);
    let modes = ["normal", "simulate", "dry_run"];
    let errors = ["TimeoutError", "ValueError", "ConnectionError", "KeyError"];
    let mode = modes.get(random.index(modes.len())).copied().unwrap_or_default();
    let error = errors.get(random.index(errors.len())).copied().unwrap_or_default();
    format!(
        r#"{{"job_id":"{id}","target_reached":{},"run_mode":"{mode}","num_inputs":{inputs},"library_version":"0.4.2","config":{{"batch_size":{},"target_count":{inputs},"dead_queue_threshold":3,"max_concurrency":{},"task_runner_timeout":{},"job_run_stop_threshold":3}},"error_summary":{{"{error}":{failed}}},"count_summary":{{"completed":{},"failed":{failed},"filtered":{}}},"run_time_platform":"Linux"}}"#,
        random.below(2) == 0,
        random.below(50) + 1,
        random.below(32) + 1,
        random.below(90) + 30,
        inputs - failed,
        random.below(5),
    )
}

/// A clock by which some seconds lie between two events.
#[derive(Default)]
struct Minutes(AtomicI64);

impl Clock for Minutes {
    fn now(&self) -> Timestamp {
        let look = self.0.fetch_add(1, Ordering::Relaxed);
        let millis = 1_795_198_236_493 + look * 4_321 + look * look % 997;
        Timestamp::from_unix_micros(millis * 1_000).expect("a year before 10000")
    }
}

struct Nobody;

impl Transport for Nobody {
    fn send(&self, _: &Request) -> Result<Response, NoAnswer> {
        Err(NoAnswer::new("nobody listens"))
    }
}

/// The same numbers in each run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }
}
