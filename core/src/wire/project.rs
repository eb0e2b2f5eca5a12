//! A PostHog project: its hosts and keys, the same in both versions of the protocol.

use crate::error::Error;

/// Longer keys are not PostHog's; the limit keeps a pasted file from becoming a key.
const MAX_KEY_BYTES: usize = 64;

/// Hosts of the web application that people paste, and where their events go.
const INGESTION_HOSTS: [(&str, &str); 4] = [
    ("", "https://us.i.posthog.com"),
    ("https://app.posthog.com", "https://us.i.posthog.com"),
    ("https://us.posthog.com", "https://us.i.posthog.com"),
    ("https://eu.posthog.com", "https://eu.i.posthog.com"),
];

pub(super) fn endpoint(given: &str) -> String {
    let bare = given.trim().trim_end_matches('/');
    INGESTION_HOSTS.iter().find(|(known, _)| *known == bare).map_or(bare, |(_, host)| host).to_owned()
}

pub(super) fn check_key(key: &str) -> Result<(), Error> {
    if key.len() > MAX_KEY_BYTES || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::config("api_key: a key has 1 to 64 visible ASCII characters"));
    }
    if key.starts_with("phx_") {
        return Err(Error::config(
            "api_key: this is a personal key (phx_…), which is secret; use the project's (phc_…)",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_brought_to_their_ingestion_form() {
        for (given, expected) in [
            ("", "https://us.i.posthog.com"),
            (" https://app.posthog.com/ ", "https://us.i.posthog.com"),
            ("https://us.posthog.com", "https://us.i.posthog.com"),
            ("https://eu.posthog.com/", "https://eu.i.posthog.com"),
            ("https://eu.i.posthog.com", "https://eu.i.posthog.com"),
            ("http://127.0.0.1:8990/base/", "http://127.0.0.1:8990/base"),
        ] {
            assert_eq!(endpoint(given), expected);
        }
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        assert!(check_key("phc_abc").is_ok() && check_key(&"k".repeat(64)).is_ok());
        for key in ["phx_secret", "with space", "grüße", &"k".repeat(65)] {
            assert!(check_key(key).unwrap_err().to_string().starts_with("api_key: "), "{key}");
        }
        assert!(!check_key("phx_secret").unwrap_err().to_string().contains("secret,"));
    }
}
