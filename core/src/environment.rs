//! The environment: what overt says about the machine, and the variables it looks at.
//!
//! - Pure functions over [`Variables`], a copy made once when a client opens: a host's later `setenv` on another thread
//!   cannot race with us; or over a whole [`View`] of the system.
//! - Never a variable's value, a host name, a user name or a path: only names from the tables in `signs`.

mod signs;
mod view;

pub use view::{Environment, View, WELL_KNOWN_FILES};

use signs::{AGENTS, CI_SYSTEMS, first_seen};
use std::borrow::Cow;

/// A copy of the environment variables. What is not Unicode is kept with replacement characters.
#[derive(Clone, Default)]
pub struct Variables(Vec<(String, String)>);

impl std::fmt::Debug for Variables {
    /// Their names, never a value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Variables {
    /// Those of this process, now.
    pub fn of_process() -> Self {
        let text = |raw: std::ffi::OsString| raw.to_string_lossy().into_owned();
        Self(std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect())
    }

    /// The value of a variable that is set, by its name as the system tells names apart: on Windows in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let is_it = |known: &str| known == name || cfg!(windows) && known.eq_ignore_ascii_case(name);
        self.0.iter().find(|(known, _)| is_it(known)).map(|(_, value)| value.as_str())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// The name of the CI system that this process runs in.
pub fn ci_name(variables: &Variables) -> Option<&'static str> {
    first_seen(CI_SYSTEMS, variables)
}

/// The name of the coding agent that runs this process.
pub fn agent_name(variables: &Variables) -> Option<&'static str> {
    first_seen(AGENTS, variables)
}

/// The operating system under the name that PostHog's own libraries use for it.
pub fn os_name() -> &'static str {
    name_of_os(std::env::consts::OS)
}

/// That name for what Rust calls the operating system.
fn name_of_os(os: &str) -> &str {
    match os {
        "linux" => "Linux",
        "macos" => "Mac OS X",
        "windows" => "Windows",
        "freebsd" => "FreeBSD",
        other => other,
    }
}

/// The version of the operating system: on Linux the kernel's release, elsewhere unknown.
fn os_version() -> Option<String> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(release.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The properties that every event carries when `enrich` is on, with their values.
pub(crate) fn properties(variables: &Variables) -> Vec<(&'static str, Cow<'static, str>)> {
    let mut found: Vec<(&'static str, Cow<'static, str>)> = vec![("$os", os_name().into())];
    if let Some(version) = os_version() {
        found.push(("$os_version", version.into()));
    }
    found.push(("arch", std::env::consts::ARCH.into()));
    if let Some(ci) = ci_name(variables) {
        found.push(("ci", ci.into()));
    }
    if let Some(agent) = agent_name(variables) {
        found.push(("agent", agent.into()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_of_a_variable_gets_into_the_properties() {
        let secret = "s3cret-value";
        let variables: Variables =
            [("CI", secret), ("CODEX_HOME", secret), ("BUILD_TAG", secret), ("HOME", secret)].into_iter().collect();
        let found = properties(&variables);
        assert!(found.contains(&("ci", "Other".into())) && found.contains(&("agent", "codex".into())), "{found:?}");
        assert!(found.iter().all(|(_, value)| !value.contains(secret)));
    }

    #[test]
    fn names_are_told_apart_as_the_system_does() {
        let variables: Variables = [("Do_Not_Track", "1")].into_iter().collect();
        assert_eq!(variables.get("DO_NOT_TRACK"), cfg!(windows).then_some("1"));
        assert_eq!(variables.get("Do_Not_Track"), Some("1"));
    }
}
