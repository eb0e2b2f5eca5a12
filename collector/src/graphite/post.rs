//! Graphite over HTTP, as Grafana Cloud takes it: JSON arrays by POST, with Basic or Bearer credentials.
//!
//! The client is overt's own: one deadline from name lookup to the last byte, no redirects, the platform's
//! certificates, proxies from the environment.
//!
//! | answer | the points |
//! |---|---|
//! | 2xx | are there |
//! | 413 | are sent in halves; a single one is refused |
//! | 400, 415, 422 | are refused: the same would be refused for ever, and what follows would never get through |
//! | anything else (401 and 404 too), or none | are sent again later: it can be mended on one side or the other |

use std::time::Duration;

use overt::{HttpTransport, Request, Response, Transport, Variables};

use super::credentials::Credentials;
use super::{Failure, Point, Sink, format};
use crate::limits;

/// An endpoint that takes JSON arrays.
// Not Debug: a header holds the credentials.
pub struct Post {
    url: String,
    headers: Vec<(String, String)>,
    interval: u64,
    transport: HttpTransport,
}

impl Post {
    /// Reads the proxies from the environment, once.
    pub fn new(url: &str, credentials: Option<Credentials>, interval: u32) -> Self {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers = vec![
            header("Content-Type", "application/json"),
            header("User-Agent", concat!("overt-collector/", env!("CARGO_PKG_VERSION"))),
        ];
        headers.extend(credentials.map(|credentials| header("Authorization", credentials.header())));
        let variables = Variables::of_process();
        let transport = HttpTransport::new(limits::GRAPHITE_TIMEOUT, limits::GRAPHITE_CONNECT_TIMEOUT, &variables);
        Self { url: url.to_owned(), headers, interval: u64::from(interval), transport }
    }

    /// Sends one array, or parts of it if it is too large. Gives how many points were refused.
    fn post(&self, points: &[Point]) -> Result<usize, Failure> {
        let body = format::array(points, self.interval).map_err(|error| Failure::new(error.to_string()))?;
        let request = Request { url: self.url.clone(), headers: self.headers.clone(), body };
        let answer = self.transport.send(&request).map_err(|error| Failure::new(error.reason))?;
        match verdict(&answer)? {
            Verdict::Taken => Ok(0),
            Verdict::Refused => Ok(points.len()),
            Verdict::TooLarge if points.len() <= 1 => Ok(points.len()),
            Verdict::TooLarge => {
                let (first, second) = points.split_at(points.len() / 2);
                Ok(self.post(first)? + self.post(second)?)
            }
        }
    }
}

impl Sink for Post {
    fn send(&mut self, points: &[Point]) -> Result<usize, Failure> {
        self.post(points)
    }

    fn settles_after(&self) -> Duration {
        Duration::ZERO
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Taken,
    Refused,
    TooLarge,
}

fn verdict(answer: &Response) -> Result<Verdict, Failure> {
    match answer.status {
        200..=299 => Ok(Verdict::Taken),
        413 => Ok(Verdict::TooLarge),
        400 | 415 | 422 => Ok(Verdict::Refused),
        status => {
            let seconds = answer.retry_after.as_deref().and_then(|text| text.trim().parse().ok());
            Err(Failure { why: format!("it answered {status}"), after: seconds.map(Duration::from_secs) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: Option<&str>) -> Result<Verdict, Failure> {
        verdict(&Response { status, retry_after: retry_after.map(str::to_owned), ..Response::default() })
    }

    #[test]
    fn only_what_would_be_refused_for_ever_is_given_up() {
        for status in [200, 202, 204] {
            assert_eq!(answer(status, None), Ok(Verdict::Taken), "{status}");
        }
        assert_eq!(answer(413, None), Ok(Verdict::TooLarge));
        for status in [400, 415, 422] {
            assert_eq!(answer(status, None), Ok(Verdict::Refused), "{status}");
        }
        for status in [301, 401, 403, 404, 429, 500, 502, 503, 504] {
            assert_eq!(answer(status, None).unwrap_err().why, format!("it answered {status}"));
        }
    }

    #[test]
    fn it_may_ask_to_be_left_alone() {
        assert_eq!(answer(429, Some(" 7 ")).unwrap_err().after, Some(Duration::from_secs(7)));
        for text in ["soon", "-1", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(answer(503, Some(text)).unwrap_err().after, None, "{text}");
        }
    }
}
