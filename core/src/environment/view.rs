//! What can be said about the system that a program runs on, as a pure function over a view of it.
//!
//! - A [`View`] holds everything that is looked at; [`View::of_process`] looks at this process once, and reads a few
//!   small files of the kernel's. It starts nothing and asks no network.
//! - An [`Environment`] holds names from our tables and nothing that was read.

use super::signs::{CONTAINERS, TERMINALS, first_seen};
use super::{Variables, agent_name, ci_name, name_of_os};
use std::fs::File;
use std::io::{IsTerminal, Read};

/// The files that a view holds if they are there.
pub const WELL_KNOWN_FILES: [&str; 4] = [DOCKER_MARK, PODMAN_MARK, CGROUPS, KERNEL];

/// Made by Docker in each container.
const DOCKER_MARK: &str = "/.dockerenv";
/// Made by podman in each container.
const PODMAN_MARK: &str = "/run/.containerenv";
/// The control groups of the first process, whose paths name a container's engine (not with version 2 of control groups).
const CGROUPS: &str = "/proc/1/cgroup";
/// The kernel's release, which names WSL.
const KERNEL: &str = "/proc/sys/kernel/osrelease";

/// Fourteen lines of control groups with a container's ID in each have 1.5 KiB.
const MAX_FILE_BYTES: u64 = 4096;

/// What names an engine in the path of a control group; the first match wins.
const ENGINES: [(&str, &str); 5] = [
    ("kubepods", "kubernetes"),
    ("libpod", "podman"),
    ("docker", "docker"),
    ("containerd", "containerd"),
    ("lxc", "lxc"),
];

/// What of the system is looked at.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The operating system, as Rust calls it: `linux`, `macos`, `windows`, …
    pub os: String,
    /// The processor that the program was built for, as Rust calls it: `x86_64`, `aarch64`, …
    pub arch: String,
    /// The environment variables.
    pub variables: Variables,
    /// The [`WELL_KNOWN_FILES`] that are there, by their path, with how they begin.
    pub files: Vec<(String, String)>,
    /// Whether standard input, output or error is a terminal.
    pub is_terminal: bool,
}

impl View {
    /// What this process sees now.
    pub fn of_process() -> Self {
        Self {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            variables: Variables::of_process(),
            files: WELL_KNOWN_FILES.iter().filter_map(|path| Some(((*path).to_owned(), beginning(path)?))).collect(),
            is_terminal: std::io::stdin().is_terminal()
                || std::io::stdout().is_terminal()
                || std::io::stderr().is_terminal(),
        }
    }

    fn file(&self, wanted: &str) -> Option<&str> {
        self.files.iter().find(|(path, _)| path == wanted).map(|(_, text)| text.as_str())
    }
}

/// How a file begins, if there is one; nothing of one that cannot be read or is none of the kernel's.
fn beginning(path: &str) -> Option<String> {
    // The marks are only looked for: what is in them is nobody's business.
    if !path.starts_with("/proc/") {
        return std::fs::symlink_metadata(path).is_ok().then(String::new);
    }
    let mut text = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut text)).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// What overt says about a system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// `Linux`, `Mac OS X`, `Windows`, `FreeBSD`, or what Rust calls it.
    pub os: String,
    /// `x86_64`, `aarch64`, …
    pub arch: String,
    /// The CI system, `Other` if it is none that we know.
    pub ci: Option<&'static str>,
    /// The coding agent that runs the program.
    pub agent: Option<&'static str>,
    /// The terminal's program, `other` if it is none that we know; `None` if no standard stream is a terminal.
    pub terminal: Option<&'static str>,
    /// The engine of the container that the program runs in, `other` if it is none that we know.
    pub container: Option<&'static str>,
    /// The version of the Windows Subsystem for Linux whose kernel this is, 1 or 2.
    pub wsl: Option<u8>,
}

impl Environment {
    /// Of what this view shows.
    pub fn of(view: &View) -> Self {
        let terminal = || first_seen(TERMINALS, &view.variables).unwrap_or("other");
        Self {
            os: name_of_os(&view.os).to_owned(),
            arch: view.arch.clone(),
            ci: ci_name(&view.variables),
            agent: agent_name(&view.variables),
            terminal: view.is_terminal.then(terminal),
            container: container(view),
            wsl: wsl(view),
        }
    }
}

fn container(view: &View) -> Option<&'static str> {
    // Kubernetes first: what it runs has the marks of an engine, too.
    let by_variable = first_seen(CONTAINERS, &view.variables);
    let by_mark = || match (view.file(PODMAN_MARK), view.file(DOCKER_MARK)) {
        (Some(_), _) => Some("podman"),
        (_, Some(_)) => Some("docker"),
        _ => None,
    };
    let by_group = || {
        let groups = view.file(CGROUPS)?;
        ENGINES.iter().find(|(part, _)| groups.contains(part)).map(|(_, name)| *name)
    };
    match by_variable {
        None | Some("other") => by_mark().or_else(by_group).or(by_variable),
        known => known,
    }
}

/// WSL 1 calls its kernel `4.4.0-19041-Microsoft`, WSL 2 `5.15.90.1-microsoft-standard-WSL2`.
fn wsl(view: &View) -> Option<u8> {
    let kernel = view.file(KERNEL).filter(|_| view.os == "linux")?.to_ascii_lowercase();
    kernel.contains("microsoft").then(|| if kernel.contains("wsl2") || kernel.contains("standard") { 2 } else { 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(variables: &[(&str, &str)], files: &[(&str, &str)]) -> View {
        View {
            os: "linux".into(),
            arch: "x86_64".into(),
            variables: variables.iter().copied().collect(),
            files: files.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect(),
            is_terminal: true,
        }
    }

    #[test]
    fn each_container_is_known_by_its_sign() {
        for (expected, variables, files) in [
            (None, &[][..], &[(CGROUPS, "0::/\n")][..]),
            (Some("docker"), &[], &[(DOCKER_MARK, "")]),
            (Some("podman"), &[("container", "podman")], &[]),
            (Some("podman"), &[("container", "oci")], &[(PODMAN_MARK, "")]),
            (Some("kubernetes"), &[("KUBERNETES_SERVICE_HOST", "10.0.0.1")], &[(DOCKER_MARK, "")]),
            (Some("kubernetes"), &[], &[(CGROUPS, "11:cpu:/kubepods/burstable/docker/f00\n")]),
            (Some("docker"), &[], &[(CGROUPS, "11:cpu:/docker/f00\n")]),
            (Some("containerd"), &[], &[(CGROUPS, "11:cpu:/system.slice/containerd.service/f00\n")]),
            (Some("lxc"), &[("container", "lxc")], &[]),
            (Some("systemd-nspawn"), &[("container", "systemd-nspawn")], &[]),
            (Some("other"), &[("container", "s3cret")], &[]),
        ] {
            assert_eq!(Environment::of(&view(variables, files)).container, expected, "{variables:?} {files:?}");
        }
    }

    #[test]
    fn wsl_is_known_by_its_kernel_and_nowhere_else() {
        for (expected, kernel) in [
            (None, "6.1.0-18-amd64\n"),
            (Some(1), "4.4.0-19041-Microsoft\n"),
            (Some(2), "4.19.84-microsoft-standard\n"),
            (Some(2), "5.15.90.1-microsoft-standard-WSL2\n"),
        ] {
            assert_eq!(Environment::of(&view(&[], &[(KERNEL, kernel)])).wsl, expected, "{kernel}");
        }
        let elsewhere = View { os: "windows".into(), ..view(&[], &[(KERNEL, "microsoft")]) };
        assert_eq!(Environment::of(&elsewhere).wsl, None);
    }

    #[test]
    fn a_terminal_is_named_only_where_there_is_one() {
        for (expected, variables) in [
            ("tmux", &[("TMUX", "/tmp/tmux-1000/default"), ("TERM_PROGRAM", "vscode")][..]),
            ("vscode", &[("TERM_PROGRAM", "vscode")]),
            ("windows-terminal", &[("WT_SESSION", "3a1e")]),
            ("jetbrains", &[("TERMINAL_EMULATOR", "JetBrains-JediTerm")]),
            ("linux-console", &[("TERM", "linux")]),
            ("other", &[("TERM_PROGRAM", "s3cret"), ("TERM", "xterm-256color")]),
        ] {
            let seen = view(variables, &[]);
            assert_eq!(Environment::of(&seen).terminal, Some(expected));
            assert_eq!(Environment::of(&View { is_terminal: false, ..seen }).terminal, None);
        }
    }

    #[test]
    fn of_this_process_something_is_known() {
        let view = View::of_process();
        let environment = Environment::of(&view);
        assert_eq!(
            (environment.os.as_str(), environment.arch.as_str()),
            (super::super::os_name(), std::env::consts::ARCH)
        );
        #[cfg(target_os = "linux")]
        assert!(view.file(KERNEL).is_some_and(|kernel| !kernel.trim().is_empty()));
    }
}
