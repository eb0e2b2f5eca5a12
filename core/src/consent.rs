//! Consent: whether anything may be recorded, and which rule said so. A pure function over what was found.
//!
//! - The first rule of [`decide`] that applies wins; the answer carries it as a [`ConsentReason`].
//! - Off can be said by anyone, and on never overrules a person's off: a host that says on stands below the variables.
//! - What cannot be read means off.

mod kept;

pub(crate) use kept::KeptChoice;

use crate::environment::Variables;

/// Switches every tool that embeds overt.
pub const TELEMETRY_ENABLED: &str = "TELEMETRY_ENABLED";
/// The convention of <https://consoledonottrack.com>.
pub const DO_NOT_TRACK: &str = "DO_NOT_TRACK";

/// Whether events are recorded, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Whether events are recorded.
    pub enabled: bool,
    /// The rule that decided.
    pub reason: ConsentReason,
}

/// The rule that decided about consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConsentReason {
    /// One of the tool's own variables.
    ToolVariable,
    /// The variable `TELEMETRY_ENABLED`.
    TelemetryEnabled,
    /// The variable `DO_NOT_TRACK`.
    DoNotTrack,
    /// The host: its `consent` option, or a call of `set_consent` in this process.
    Host,
    /// The choice that was stored by an earlier `set_consent` or by `overt on` and `overt off`.
    Stored,
    /// There is a stored choice, but it cannot be read: off.
    Unreadable,
    /// The process runs in CI, where nobody sees a notice, and nobody said on: off.
    Ci,
    /// The tool's default.
    Default,
    /// There is no API key, so there is nowhere to send to: off.
    NoApiKey,
    /// The program runs with the rights of another user than the one who started it (setuid, setgid): off.
    Privileged,
    /// The tool's notice was not shown yet, and nobody said on: off.
    NoNotice,
    /// There is no endpoint, and the wire knows none by itself: off.
    NoEndpoint,
}

impl ConsentReason {
    /// All reasons. Their order is that of the values in C, where new ones come last.
    pub const ALL: [Self; 12] = [
        Self::ToolVariable,
        Self::TelemetryEnabled,
        Self::DoNotTrack,
        Self::Host,
        Self::Stored,
        Self::Unreadable,
        Self::Ci,
        Self::Default,
        Self::NoApiKey,
        Self::Privileged,
        Self::NoNotice,
        Self::NoEndpoint,
    ];

    /// The word for it in every language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToolVariable => "tool_variable",
            Self::TelemetryEnabled => "telemetry_enabled",
            Self::DoNotTrack => "do_not_track",
            Self::Host => "host",
            Self::Stored => "stored",
            Self::Unreadable => "unreadable",
            Self::Ci => "ci",
            Self::Default => "default",
            Self::NoApiKey => "no_api_key",
            Self::Privileged => "privileged",
            Self::NoNotice => "no_notice",
            Self::NoEndpoint => "no_endpoint",
        }
    }

    /// Whether a person said so, as against the tool or its surroundings. `force` never overrules a person.
    pub fn is_a_persons(self) -> bool {
        matches!(self, Self::ToolVariable | Self::TelemetryEnabled | Self::DoNotTrack | Self::Stored | Self::Unreadable)
    }
}

/// A variable of the tool's own that switches telemetry, such as `STARFISH_TELEMETRY`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConsentVariable {
    name: String,
    /// `None`: the lenient list of [`means_on`].
    on_values: Option<Vec<String>>,
}

impl ConsentVariable {
    /// Reads `NAME` (on for `1 true t yes y on` in any case) or `NAME=1,yes` (on for exactly these values). Any other
    /// value of a variable that is set, the empty one included, means off.
    pub fn parse(text: &str) -> Result<Self, crate::Error> {
        let (name, values) = match text.split_once('=') {
            Some((name, values)) => (name, Some(values.split(',').map(str::to_owned).collect())),
            None => (text, None),
        };
        if name.is_empty() || name.bytes().any(|byte| byte == 0 || byte.is_ascii_whitespace()) {
            return Err(crate::Error::config("consent_env: a variable needs a name without white space"));
        }
        Ok(Self { name: name.to_owned(), on_values: values })
    }

    fn says(&self, variables: &Variables) -> Option<bool> {
        let value = variables.get(&self.name)?;
        Some(match &self.on_values {
            Some(exact) => exact.iter().any(|on| on == value),
            None => means_on(value),
        })
    }
}

impl TryFrom<String> for ConsentVariable {
    type Error = crate::Error;

    fn try_from(text: String) -> Result<Self, crate::Error> {
        Self::parse(&text)
    }
}

impl From<ConsentVariable> for String {
    fn from(variable: ConsentVariable) -> Self {
        match variable.on_values {
            Some(values) => format!("{}={}", variable.name, values.join(",")),
            None => variable.name,
        }
    }
}

/// The stored choice, as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredChoice {
    /// Nobody chose yet.
    None,
    /// On.
    On,
    /// Off.
    Off,
    /// There is one, but it cannot be read or understood.
    Unreadable,
}

/// The tool's rules about consent, from its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Variables of the tool's own.
    pub variables: Vec<ConsentVariable>,
    /// Whether `DO_NOT_TRACK` counts.
    pub respect_do_not_track: bool,
    /// Whether the default also holds in CI.
    pub in_ci: bool,
    /// On unless somebody says off (opt-out), or off unless somebody says on (opt-in).
    pub default: bool,
    /// What is missing so that there is nowhere to send to: the API key or the endpoint.
    pub missing: Option<ConsentReason>,
}

/// What the environment says, read once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// What the tool's own variables say: off if any says off.
    pub tool: Option<bool>,
    /// What `TELEMETRY_ENABLED` says.
    pub general: Option<bool>,
    /// Whether `DO_NOT_TRACK` is set, and counts.
    pub do_not_track: bool,
    /// Whether the process runs in CI, and that counts.
    pub ci: bool,
    /// Whether the program runs with another user's rights.
    pub privileged: bool,
}

impl Signals {
    /// Reads the variables under the tool's rules.
    pub fn read(rules: &Rules, variables: &Variables) -> Self {
        let said = rules.variables.iter().filter_map(|variable| variable.says(variables));
        Self {
            tool: said.reduce(|one, other| one && other),
            general: variables.get(TELEMETRY_ENABLED).map(means_on),
            do_not_track: rules.respect_do_not_track && variables.get(DO_NOT_TRACK).is_some_and(means_do_not_track),
            ci: !rules.in_ci && crate::environment::ci_name(variables).is_some(),
            privileged: crate::state::has_anothers_rights(),
        }
    }

    /// Whether these alone say off, so that nothing else needs to be looked at.
    pub(crate) fn say_off(self) -> bool {
        self.privileged || self.tool == Some(false) || self.general == Some(false) || self.do_not_track
    }
}

/// Decides. The order is the contract; `docs/consent.md` gives the reason of each step. `noticed` says whether the tool's
/// notice was shown, or there is none; it is asked only where that matters.
pub fn decide(
    rules: &Rules,
    signals: Signals,
    host: Option<bool>,
    stored: StoredChoice,
    noticed: impl FnOnce() -> bool,
) -> Consent {
    use ConsentReason as Why;
    let (enabled, reason) = match (signals, host, stored) {
        (Signals { privileged: true, .. }, _, _) => (false, Why::Privileged),
        (Signals { tool: Some(false), .. }, _, _) => (false, Why::ToolVariable),
        (Signals { general: Some(false), .. }, _, _) => (false, Why::TelemetryEnabled),
        (Signals { do_not_track: true, .. }, _, _) => (false, Why::DoNotTrack),
        (_, Some(false), _) => (false, Why::Host),
        (Signals { tool: Some(true), .. }, _, _) => (true, Why::ToolVariable),
        (Signals { general: Some(true), .. }, _, _) => (true, Why::TelemetryEnabled),
        (_, _, StoredChoice::Off) => (false, Why::Stored),
        (_, _, StoredChoice::Unreadable) => (false, Why::Unreadable),
        (_, Some(true), _) => (true, Why::Host),
        (_, _, StoredChoice::On) => (true, Why::Stored),
        (Signals { ci: true, .. }, _, _) => (false, Why::Ci),
        _ if rules.default && !noticed() => (false, Why::NoNotice),
        _ => (rules.default, Why::Default),
    };
    match rules.missing.filter(|_| enabled) {
        Some(missing) => Consent { enabled: false, reason: missing },
        None => Consent { enabled, reason },
    }
}

/// Whether an event that is to be forced may be recorded where [`decide`] says off: decides again without what force
/// overrules, which is the host's off, CI and a default that is off. What stands behind those in the order still counts.
pub(crate) fn decide_forced(
    rules: &Rules,
    signals: Signals,
    host: Option<bool>,
    stored: StoredChoice,
    noticed: impl FnOnce() -> bool,
) -> bool {
    let rules = Rules { variables: Vec::new(), default: true, ..*rules };
    let signals = Signals { ci: false, ..signals };
    decide(&rules, signals, host.filter(|on| *on), stored, noticed).enabled
}

/// The values that mean on for a variable that enables; anything else, the empty text included, means off.
fn means_on(value: &str) -> bool {
    ["1", "true", "t", "yes", "y", "on"].iter().any(|on| value.trim().eq_ignore_ascii_case(on))
}

/// `DO_NOT_TRACK` is set unless it says the opposite.
fn means_do_not_track(value: &str) -> bool {
    !["", "0", "false", "no", "off"].iter().any(|off| value.trim().eq_ignore_ascii_case(off))
}

#[cfg(test)]
mod tests;
