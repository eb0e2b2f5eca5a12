//! Which API keys may send.

use crate::limits;
use crate::refusal::Refusal;

/// Which API keys may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Any that is not empty.
    Any,
    /// These.
    Only(Vec<String>),
}

impl Keys {
    /// The key that was sent at this place, if it may send.
    pub fn accept(&self, sent: Option<&str>, place: &str) -> Result<String, Refusal> {
        let key = sent.unwrap_or_default().trim();
        if key.is_empty() {
            return Err(Refusal::unauthorised(format!("{place} is missing or empty")));
        }
        let accepted = match self {
            Self::Any => key.len() <= limits::API_KEY_BYTES,
            Self::Only(keys) => keys.iter().any(|known| known == key),
        };
        if accepted { Ok(key.to_owned()) } else { Err(Refusal::unauthorised(format!("{place} is not one of ours"))) }
    }
}
