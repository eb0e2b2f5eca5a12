//! The two destinations: one state directory, both versions of the protocol.

use crate::random::Random;
use overt::{Client, Compression, Config, HttpTransport, SystemClock, Variables, Wire};
use std::path::Path;
use std::time::Duration;

pub const WIRES: [Wire; 2] = [Wire::PostHog, Wire::PostHogV1];
/// Small enough that a server that is away for long fills it now and then.
const MAX_SPOOL_EVENTS: u64 = 4_000;

fn config(wire: Wire, url: &str, dir: &Path) -> Config {
    let mut config = Config::new("soak");
    config.api_key = "phc_soak".into();
    config.endpoint = url.into();
    config.wire = wire;
    config.state_dir = Some(dir.to_owned());
    config.max_spool_events = MAX_SPOOL_EVENTS;
    // The report's UUID is made of its counts, so that several processes may record the same one.
    config.report_losses = false;
    // A server that stalls is to cost less than a person's patience.
    config.timeout = Duration::from_millis(800);
    config.connect_timeout = Duration::from_millis(400);
    config
}

/// A client that sees no variable of the machine's.
fn open(config: Config) -> Client {
    let variables = Variables::default();
    let transport = HttpTransport::new(config.timeout, config.connect_timeout, &variables);
    Client::with_parts(config, variables, Box::new(SystemClock), Box::new(transport))
        .expect("the configuration is valid")
}

/// Clients that deliver by themselves, each configured by chance.
pub fn clients(url: &str, dir: &Path, random: &mut Random) -> [Client; 2] {
    WIRES.map(|wire| {
        let mut config = config(wire, url, dir);
        let packings: &[Compression] = match wire {
            Wire::PostHog => &[Compression::None, Compression::Gzip],
            _ => &[Compression::None, Compression::Gzip, Compression::Deflate],
        };
        config.compression = *random.pick(packings);
        config.flush_at = random.between(5, 60) as u32;
        config.flush_interval = random.millis(50, 400);
        config.max_retries = random.between(0, 2) as u32;
        config.max_batch_bytes = random.between(40, 512) as usize * 1024;
        config.exit_timeout = *random.pick(&[Duration::ZERO, Duration::ZERO, Duration::from_millis(200)]);
        config.enrich = random.chance(50);
        open(config)
    })
}

/// Clients that do nothing unless they are asked to.
pub fn idle_clients(url: &str, dir: &Path) -> [Client; 2] {
    WIRES.map(|wire| {
        let mut config = config(wire, url, dir);
        config.background = false;
        config.timeout = Duration::from_secs(30);
        open(config)
    })
}
