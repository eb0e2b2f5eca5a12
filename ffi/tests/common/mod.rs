//! What the tests share: the library as a program finds it, tools with clear errors, and a place of one's own.

#![allow(dead_code, reason = "each test uses a part")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The workspace.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What every C program of ours is compiled with.
pub const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// What finds misuse of memory in a C program.
pub const SANITIZERS: [&str; 3] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"];

/// The tools that come from packages.
const PACKAGES: [(&str, &str); 11] = [
    ("ar", "binutils"),
    ("cmake", "cmake"),
    ("gcc", "gcc"),
    ("g++", "g++"),
    ("nm", "binutils"),
    ("objcopy", "binutils"),
    ("pkg-config", "pkg-config"),
    ("readelf", "binutils"),
    ("sh", "dash"),
    ("timeout", "coreutils"),
    ("valgrind", "valgrind"),
];

/// Runs a command to its end; says what it said if it fails.
pub fn run(command: &mut Command) -> String {
    let output = output(command);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    out.into_owned()
}

/// Runs a command, which may fail, to its end.
pub fn output(command: &mut Command) -> Output {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().unwrap_or_else(|error| match PACKAGES.into_iter().find(|(tool, _)| *tool == program) {
        Some((tool, package)) => panic!("{tool} is missing ({error}): install the Debian package {package}"),
        None => panic!("{program}: {error}"),
    })
}

/// Runs a program, which must neither fail nor say anything.
pub fn run_in_silence(command: &mut Command) {
    let output = output(command);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.is_empty(), "{command:?}: {}\n{said}", output.status);
}

/// The shared library of this build, under the names that programs look for.
pub struct Library {
    dir: PathBuf,
}

/// The directory of cargo's profile, and what cargo calls it.
pub fn target_dir() -> (PathBuf, String) {
    let test = std::env::current_exe().expect("a test has a path");
    let profile_dir = test.ancestors().nth(2).expect("a test lies in <target>/<profile>/deps");
    let profile = profile_dir.file_name().expect("a profile has a name").to_string_lossy().into_owned();
    (profile_dir.to_owned(), profile)
}

impl Library {
    /// The library, built anew if that is needed: cargo builds no cdylib for a test by itself.
    pub fn get() -> &'static Self {
        static LIBRARY: OnceLock<Library> = OnceLock::new();
        LIBRARY.get_or_init(|| {
            let (built, profile) = target_dir();
            let profile = if profile == "debug" { "dev" } else { &profile };
            let target = built.parent().expect("a profile lies in a target directory");
            let mut cargo = Command::new(env!("CARGO"));
            run(cargo
                .args(["build", "-p", "overt-ffi", "--profile", profile, "--target-dir"])
                .arg(target)
                .current_dir(ROOT));
            // Another build may replace the files while we link with them; a hard link keeps
            // ours.
            let test = std::env::current_exe().expect("a test has a path");
            let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test.file_name().expect("a name"));
            std::fs::create_dir_all(&dir).expect("a directory");
            let fresh = tempfile::tempdir_in(&dir).expect("a directory");
            let link = fresh.path().join("libovert.so");
            std::fs::hard_link(built.join("libovert.so"), &link).expect("a link in the same file system");
            std::fs::rename(&link, dir.join("libovert.so.0")).expect("a rename");
            let _ = std::os::unix::fs::symlink("libovert.so.0", dir.join("libovert.so"));
            Library { dir }
        })
    }

    pub fn shared(&self) -> PathBuf {
        self.dir.join("libovert.so.0")
    }

    /// Compiles a program of one file and links it with the shared library.
    pub fn compile(&self, compiler: &str, flags: &[&str], source: &Path, program: &Path) {
        let mut command = Command::new(compiler);
        command.args(flags).arg("-I").arg(format!("{ROOT}/include")).arg(source).arg("-o").arg(program);
        command.arg("-L").arg(&self.dir).args(["-lovert", "-pthread"]);
        run(command.arg(format!("-Wl,-rpath,{}", self.dir.display())));
    }
}

/// A directory for one program: its home, and its state in it.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Where a program is to keep its state: not there yet.
    pub fn state(&self) -> PathBuf {
        self.join("state")
    }

    /// A command that knows this home and nothing else: no variable that decides about consent, no CI.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.path()).env("XDG_STATE_HOME", self.state());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(self.path());
        command
    }
}

/// The C programs of `tests/c`, by name.
pub fn c_programs() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(format!("{ROOT}/tests/c")).expect("tests/c");
    let mut programs: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    programs.retain(|path| path.extension() == Some(OsStr::new("c")));
    programs.sort();
    assert!(programs.len() > 5, "{programs:?}");
    programs
}

/// The text of a file of the workspace.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/{path}")).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The functions that a header declares.
pub fn declared(header: &str) -> Vec<&str> {
    let code = header.lines().filter(|line| !line.starts_with(['/', ' ', '#']));
    let mut names: Vec<_> = code.filter_map(|line| line.split_once('(')).map(|(before, _)| before).collect();
    names.retain_mut(|before| {
        *before = before.rsplit([' ', '*']).next().unwrap_or_default();
        before.starts_with("overt_")
    });
    names
}
