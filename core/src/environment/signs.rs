//! Signs by which CI systems, agents, terminals and containers are recognised: the one table of each.
//!
//! Names are ours, from these tables; of a variable only its presence or its match gets out.

use super::Variables;

/// What gives something away.
pub(super) enum Sign {
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
            Self::NameStarts(prefix) => variables.names().any(|name| name.starts_with(prefix)),
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

pub(super) type Table = &'static [(&'static str, Sign)];

/// CI systems; the first match wins, so the general `CI` stands last.
pub(super) const CI_SYSTEMS: Table = &[
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
pub(super) const AGENTS: Table = &[
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

/// Programs in whose window a terminal is. What runs inside another stands first.
pub(super) const TERMINALS: Table = &[
    ("tmux", Sign::Any(&["TMUX"])),
    ("screen", Sign::Any(&["STY"])),
    ("vscode", Sign::Is("TERM_PROGRAM", "vscode")),
    ("jetbrains", Sign::Contains("TERMINAL_EMULATOR", "jetbrains")),
    ("iterm2", Sign::Is("TERM_PROGRAM", "iTerm.app")),
    ("apple-terminal", Sign::Is("TERM_PROGRAM", "Apple_Terminal")),
    ("ghostty", Sign::Is("TERM_PROGRAM", "ghostty")),
    ("hyper", Sign::Is("TERM_PROGRAM", "Hyper")),
    ("warp", Sign::Is("TERM_PROGRAM", "WarpTerminal")),
    ("wezterm", Sign::Is("TERM_PROGRAM", "WezTerm")),
    ("windows-terminal", Sign::Any(&["WT_SESSION"])),
    ("kitty", Sign::Any(&["KITTY_WINDOW_ID"])),
    ("alacritty", Sign::Any(&["ALACRITTY_WINDOW_ID", "ALACRITTY_LOG"])),
    ("konsole", Sign::Any(&["KONSOLE_VERSION"])),
    ("vte", Sign::Any(&["VTE_VERSION"])),
    ("xterm", Sign::Any(&["XTERM_VERSION"])),
    ("linux-console", Sign::Is("TERM", "linux")),
    ("dumb", Sign::Is("TERM", "dumb")),
];

/// What says by a variable that this is a container. `container` is systemd's convention, which podman and lxc follow.
pub(super) const CONTAINERS: Table = &[
    ("kubernetes", Sign::Any(&["KUBERNETES_SERVICE_HOST"])),
    ("podman", Sign::Is("container", "podman")),
    ("docker", Sign::Is("container", "docker")),
    ("lxc", Sign::Is("container", "lxc")),
    ("systemd-nspawn", Sign::Is("container", "systemd-nspawn")),
    ("other", Sign::Any(&["container"])),
];

/// The name of the first whose sign is seen.
pub(super) fn first_seen(table: Table, variables: &Variables) -> Option<&'static str> {
    table.iter().find(|(_, sign)| sign.is_seen(variables)).map(|(name, _)| *name)
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
            assert_eq!(first_seen(CI_SYSTEMS, &with(variables)), expected, "{variables:?}");
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
            assert_eq!(first_seen(AGENTS, &with(&[(name, value)])), Some(expected), "{name}");
        }
        assert_eq!(first_seen(AGENTS, &with(&[("TERM_PROGRAM", "vscode"), ("OR_APP_NAME", "other")])), None);
    }
}
