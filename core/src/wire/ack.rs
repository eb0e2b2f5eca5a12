//! What makes an event delivered.

use crate::error::Error;
use serde::{Deserialize, Serialize};

/// When an event counts as delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Ack {
    /// When the server's status says so. What it does not say is sent again.
    #[default]
    Status,
    /// As soon as the whole request is written, whatever comes back: it is never sent again. Only on the wire `aws-sam`.
    Write,
}

impl Ack {
    const ALL: [Self; 2] = [Self::Status, Self::Write];

    /// Reads the name of a rule.
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|ack| ack.as_str() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Error::config(format!("ack: {name:?} is not known; there are: {known}"))
        })
    }

    /// The name of the rule.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Write => "write",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_known_by_its_name() {
        for ack in Ack::ALL {
            assert_eq!(Ack::parse(ack.as_str()).unwrap(), ack);
            assert_eq!(serde_json::to_value(ack).unwrap(), ack.as_str());
        }
        assert!(Ack::parse("hope").unwrap_err().to_string().starts_with("ack: "));
    }
}
