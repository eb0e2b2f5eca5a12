//! What `serve` can be told about Graphite.

use std::path::PathBuf;

use clap::Args;

use super::credentials::{self, Credentials};
use super::target::Target;
use super::{Sink, carbon, post};
use crate::limits;

/// A minute: the finest step that Carbon keeps, as it is configured by itself and by Debian (`60s:1d`).
const INTERVAL: u32 = 60;

/// What `serve` can be told about Graphite.
#[derive(Args, Debug)]
pub struct Options {
    /// Write the counters to Graphite: tcp://HOST:PORT of a Carbon, or https://HOST/graphite/metrics.
    #[arg(long = "graphite", value_name = "URL")]
    pub target: Option<Target>,
    /// A file with one line, `Basic USER:PASSWORD` or `Bearer TOKEN`; without it the variable
    /// OVERT_GRAPHITE_CREDENTIALS counts.
    #[arg(id = "graphite_credentials", long = "graphite-credentials", value_name = "FILE", requires = "target")]
    pub credentials: Option<PathBuf>,
    /// Each series gets a point in every interval.
    #[arg(id = "graphite_interval", long = "graphite-interval", value_name = "SECONDS", requires = "target",
        default_value_t = INTERVAL, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub interval: u32,
    /// Leave the tag `id` out: one series for all installations together instead of one for each.
    #[arg(id = "graphite_without_id", long = "graphite-without-id", requires = "target")]
    pub without_id: bool,
    /// How many series Graphite may be given in all; more are refused and counted.
    #[arg(id = "graphite_series", long = "graphite-series", value_name = "N", requires = "target",
        default_value_t = limits::SERIES, value_parser = series)]
    pub series: usize,
}

impl Options {
    /// The sink that is asked for, if any.
    pub fn sink(&self) -> Result<Option<Box<dyn Sink>>, String> {
        let Some(target) = &self.target else { return Ok(None) };
        match target {
            Target::Carbon { .. } if self.credentials.is_some() => {
                Err("Carbon's plaintext knows no credentials: they are for https://".to_owned())
            }
            Target::Carbon { host, port } => Ok(Some(Box::new(carbon::Carbon::new(host, *port)))),
            Target::Http { url, private } => {
                let credentials = self.credentials()?;
                if credentials.is_some() && !private {
                    return Err("credentials only go over https:// or to this machine".to_owned());
                }
                Ok(Some(Box::new(post::Post::new(url, credentials, self.interval))))
            }
        }
    }

    fn credentials(&self) -> Result<Option<Credentials>, String> {
        match &self.credentials {
            Some(path) => Credentials::from_file(path).map(Some),
            None => {
                let value = std::env::var(credentials::VARIABLE).unwrap_or_default();
                if value.is_empty() { Ok(None) } else { Credentials::from_variable(&value).map(Some) }
            }
        }
    }
}

fn series(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|series| *series > 0).ok_or_else(|| "a whole number from 1 is needed".to_owned())
}
