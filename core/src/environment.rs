//! The environment: what overt says about the machine, and the variables it looks at.
//!
//! - Pure functions over [`Variables`], a copy made once when a client opens: a host's later `setenv` on another thread
//!   cannot race with us.
//! - Never a variable's value, a host name, a user name or a path: only names from the tables below.

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

    /// The value of a variable that is set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
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

/// What gives a CI system or an agent away.
enum Sign {
    /// One of these variables is set.
    Any(&'static [&'static str]),
    /// All of these variables are set.
    All(&'static [&'static str]),
    /// A variable whose name starts so is set.
    NameStarts(&'static str),
    /// The variable has this value, in any case.
    Is(&'static str, &'static str),
    /// The variable's value starts so.
    Starts(&'static str, &'static str),
    /// The variable's value contains this, in any case.
    Contains(&'static str, &'static str),
    /// The variable is set to anything but the empty text, `0` and `false`.
    NotFalse(&'static str),
}

impl Sign {
    fn is_seen(&self, variables: &Variables) -> bool {
        match self {
            Self::Any(names) => names.iter().any(|name| variables.is_set(name)),
            Self::All(names) => names.iter().all(|name| variables.is_set(name)),
            Self::NameStarts(prefix) => variables.0.iter().any(|(name, _)| name.starts_with(prefix)),
            Self::Is(name, wanted) => variables.get(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted)),
            Self::Starts(name, prefix) => variables.get(name).is_some_and(|value| value.starts_with(prefix)),
            Self::Contains(name, part) => {
                variables.get(name).is_some_and(|value| value.to_ascii_lowercase().contains(part))
            }
            Self::NotFalse(name) => variables
                .get(name)
                .is_some_and(|value| !["", "0", "false"].iter().any(|not| value.eq_ignore_ascii_case(not))),
        }
    }
}

type Table = &'static [(&'static str, Sign)];

/// CI systems; the first match wins, so the general `CI` stands last.
const CI_SYSTEMS: Table = &[
    ("Jenkins", Sign::Any(&["JENKINS_URL"])),
    ("Jenkins", Sign::Starts("BUILD_TAG", "jenkins-")),
    ("GitLab", Sign::Any(&["GITLAB_CI"])),
    ("GitHubAction", Sign::Any(&["GITHUB_ACTION", "GITHUB_ACTIONS"])),
    ("TravisCI", Sign::Any(&["TRAVIS"])),
    ("CircleCI", Sign::Any(&["CIRCLECI"])),
    ("AWSCodeBuild", Sign::Any(&["CODEBUILD_BUILD_ID"])),
    ("TeamCity", Sign::Any(&["TEAMCITY_VERSION"])),
    ("Bamboo", Sign::Any(&["bamboo_buildNumber"])),
    ("Buddy", Sign::Any(&["BUDDY"])),
    ("CodeShip", Sign::Is("CI_NAME", "codeship")),
    ("Semaphore", Sign::Any(&["SEMAPHORE"])),
    ("Appveyor", Sign::Any(&["APPVEYOR"])),
    ("AzurePipelines", Sign::Any(&["TF_BUILD"])),
    ("Space", Sign::Any(&["JB_SPACE_API_URL"])),
    ("GoogleCloudBuild", Sign::All(&["BUILD_ID", "PROJECT_ID"])),
    ("Other", Sign::NotFalse("CI")),
];

/// Coding agents; the first match wins.
const AGENTS: Table = &[
    ("claude-code", Sign::Any(&["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT"])),
    ("codex", Sign::NameStarts("CODEX_")),
    ("cursor", Sign::Any(&["CURSOR_AGENT", "CURSOR_EDITOR", "CURSOR_AI"])),
    ("gemini-cli", Sign::Any(&["GEMINI_CLI"])),
    ("antigravity", Sign::Any(&["ANTIGRAVITY_AGENT"])),
    ("kiro", Sign::Is("TERM_PROGRAM", "kiro")),
    ("kiro", Sign::Contains("AWS_EXECUTION_ENV", "amazonq")),
    ("kiro", Sign::Contains("AWS_EXECUTION_ENV", "kiro")),
    ("opencode", Sign::Any(&["OPENCODE", "OPENCODE_AI"])),
    ("github-copilot", Sign::Any(&["COPILOT_AGENT_SESSION_ID", "COPILOT_CLI"])),
    ("aider", Sign::Is("OR_APP_NAME", "Aider")),
    ("amp", Sign::Any(&["AMP_HOME"])),
    ("goose", Sign::Any(&["GOOSE_TERMINAL"])),
    ("cline", Sign::Any(&["CLINE_TASK_ID"])),
    ("windsurf", Sign::Any(&["WINDSURF_SESSION"])),
];

fn first_seen(table: Table, variables: &Variables) -> Option<&'static str> {
    table.iter().find(|(_, sign)| sign.is_seen(variables)).map(|(name, _)| *name)
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
    match std::env::consts::OS {
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

    fn with(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().copied().collect()
    }

    #[test]
    fn each_ci_system_is_known_by_its_variable() {
        for (expected, variables) in [
            (None, &[][..]),
            (Some("Jenkins"), &[("JENKINS_URL", ""), ("CI", "true")]),
            (Some("Jenkins"), &[("BUILD_TAG", "jenkins-a-1")]),
            (None, &[("BUILD_TAG", "mine")]),
            (Some("GitLab"), &[("GITLAB_CI", "true")]),
            (Some("GitHubAction"), &[("GITHUB_ACTIONS", "true"), ("CI", "true")]),
            (Some("GitHubAction"), &[("GITHUB_ACTION", "x")]),
            (Some("TravisCI"), &[("TRAVIS", "1")]),
            (Some("CircleCI"), &[("CIRCLECI", "1")]),
            (Some("AWSCodeBuild"), &[("CODEBUILD_BUILD_ID", "1")]),
            (Some("TeamCity"), &[("TEAMCITY_VERSION", "1")]),
            (Some("Bamboo"), &[("bamboo_buildNumber", "1")]),
            (Some("Buddy"), &[("BUDDY", "1")]),
            (Some("CodeShip"), &[("CI_NAME", "CodeShip"), ("CI", "1")]),
            (Some("Semaphore"), &[("SEMAPHORE", "1")]),
            (Some("Appveyor"), &[("APPVEYOR", "1")]),
            (Some("AzurePipelines"), &[("TF_BUILD", "1")]),
            (Some("Space"), &[("JB_SPACE_API_URL", "1")]),
            (Some("GoogleCloudBuild"), &[("BUILD_ID", "1"), ("PROJECT_ID", "1")]),
            (None, &[("BUILD_ID", "1")]),
            (Some("Other"), &[("CI", "1")]),
            (None, &[("CI", "false")]),
            (None, &[("CI", "0")]),
            (None, &[("CI", "")]),
        ] {
            assert_eq!(ci_name(&with(variables)), expected, "{variables:?}");
        }
    }

    #[test]
    fn each_agent_is_known_by_its_variable() {
        for (expected, name, value) in [
            ("claude-code", "CLAUDECODE", "1"),
            ("claude-code", "CLAUDE_CODE_ENTRYPOINT", "cli"),
            ("codex", "CODEX_ANYTHING", ""),
            ("cursor", "CURSOR_AI", "1"),
            ("gemini-cli", "GEMINI_CLI", "1"),
            ("antigravity", "ANTIGRAVITY_AGENT", "1"),
            ("kiro", "TERM_PROGRAM", "kiro"),
            ("kiro", "AWS_EXECUTION_ENV", "AmazonQ-For-CLI"),
            ("opencode", "OPENCODE", "1"),
            ("github-copilot", "COPILOT_CLI", "1"),
            ("aider", "OR_APP_NAME", "Aider"),
            ("amp", "AMP_HOME", "/x"),
            ("goose", "GOOSE_TERMINAL", "1"),
            ("cline", "CLINE_TASK_ID", "1"),
            ("windsurf", "WINDSURF_SESSION", "1"),
        ] {
            assert_eq!(agent_name(&with(&[(name, value)])), Some(expected), "{name}");
        }
        assert_eq!(agent_name(&with(&[("TERM_PROGRAM", "vscode"), ("OR_APP_NAME", "other")])), None);
    }

    #[test]
    fn no_value_of_a_variable_gets_into_the_properties() {
        let secret = "s3cret-value";
        let variables = with(&[("CI", secret), ("CODEX_HOME", secret), ("BUILD_TAG", secret), ("HOME", secret)]);
        let found = properties(&variables);
        assert!(found.contains(&("ci", "Other".into())) && found.contains(&("agent", "codex".into())), "{found:?}");
        assert!(found.iter().all(|(_, value)| !value.contains(secret)));
    }
}
