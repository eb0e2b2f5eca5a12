//! Credentials for Graphite's HTTP form: read from a file or a variable, sent as a header, never shown.
//!
//! They never come from the command line, which every user of the machine can read. No error repeats them.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::limits;

/// The variable that is read if no file is named.
pub const VARIABLE: &str = "OVERT_GRAPHITE_CREDENTIALS";

/// The value of the header `Authorization`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials(String);

impl Credentials {
    /// Reads a file with one line.
    pub fn from_file(path: &Path) -> Result<Self, String> {
        let mut text = String::new();
        let limit = u64::try_from(limits::CREDENTIALS_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        let read = File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text));
        let place = format!("the credentials in {}", path.display());
        read.map_err(|error| format!("cannot read {place}: {error}"))?;
        Self::parse(&text, &place)
    }

    /// Reads the variable's value.
    pub fn from_variable(value: &str) -> Result<Self, String> {
        Self::parse(value, &format!("the credentials in {VARIABLE}"))
    }

    /// For the header `Authorization`.
    pub fn header(&self) -> &str {
        &self.0
    }

    /// `Basic USER:PASSWORD` or `Bearer TOKEN`.
    fn parse(text: &str, place: &str) -> Result<Self, String> {
        if text.len() > limits::CREDENTIALS_BYTES {
            return Err(format!("{place} have more than {} bytes", limits::CREDENTIALS_BYTES));
        }
        let wrong = || format!("{place} must be one line: `Basic USER:PASSWORD` or `Bearer TOKEN`");
        let (scheme, secret) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let secret = secret.trim_start();
        // A line break would end the header, and let in another.
        if secret.is_empty() || secret.chars().any(char::is_control) {
            return Err(wrong());
        }
        match scheme.to_ascii_lowercase().as_str() {
            "basic" if secret.contains(':') => Ok(Self(format!("Basic {}", STANDARD.encode(secret)))),
            "bearer" if secret.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Self(format!("Bearer {secret}"))),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Credentials(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_become_the_header() {
        for (text, header) in [
            ("Basic 12345:glc_secret\n", "Basic MTIzNDU6Z2xjX3NlY3JldA=="),
            ("basic  user:pass word:ü", "Basic dXNlcjpwYXNzIHdvcmQ6w7w="),
            ("BEARER 12345:glc_secret\r\n", "Bearer 12345:glc_secret"),
        ] {
            assert_eq!(Credentials::from_variable(text).unwrap().header(), header, "{text}");
        }
    }

    #[test]
    fn what_is_no_credentials_is_refused_and_not_repeated() {
        let long = format!("Bearer {}", "s3cret".repeat(1_000));
        let wrong = [
            "",
            "s3cret",
            "Basic s3cret",
            "Bearer ",
            "Digest s3cret:x",
            "Bearer s3cret\nX: y",
            "Bearer s3cret x",
            &long,
        ];
        for text in wrong {
            let error = Credentials::from_variable(text).unwrap_err();
            assert!(error.starts_with("the credentials in OVERT_GRAPHITE_CREDENTIALS"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn they_are_not_shown() {
        assert_eq!(format!("{:?}", Credentials::from_variable("Bearer s3cret").unwrap()), "Credentials(…)");
    }
}
