//! What `install.sh` installs serves every kind of consumer.

#![cfg(target_os = "linux")] // the tools are those of Linux

mod common;

use common::{Home, ROOT, run, target_dir};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// An installation of this build, shared by the tests that run at the same time, and gone with the last of them.
fn install() -> Arc<Home> {
    static INSTALLED: Mutex<Weak<Home>> = Mutex::new(Weak::new());
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(home) = installed.upgrade() {
        return home;
    }
    let (built, profile) = target_dir();
    let home = Arc::new(Home::new());
    let mut install = Command::new("sh");
    install.arg(format!("{ROOT}/ffi/install.sh")).arg(home.path()).env("OVERT_PROFILE", profile);
    run(install.env("CARGO_TARGET_DIR", built.parent().expect("a target directory")));
    *installed = Arc::downgrade(&home);
    home
}

fn hello() -> PathBuf {
    Path::new(ROOT).join("tests/c/hello.c")
}

fn pkg_config(prefix: &Home, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new("pkg-config");
    command.args(arguments).arg("overt").env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
    // Where a system's own prefix would be left out of the answer.
    command.env("PKG_CONFIG_ALLOW_SYSTEM_LIBS", "1").env("PKG_CONFIG_ALLOW_SYSTEM_CFLAGS", "1");
    run(&mut command).split_whitespace().map(str::to_owned).collect()
}

/// Runs hello, and sees that it recorded its event and loads what it should.
fn check(prefix: &Home, home: &Home, program: &Path, shared: bool) {
    let loads = run(Command::new("readelf").args(["-d", "-W"]).arg(program)).contains("[libovert.so.0]");
    assert_eq!(loads, shared, "{}", program.display());
    run(home.command(program).env("LD_LIBRARY_PATH", prefix.join("lib")).env("TELEMETRY_ENABLED", "0"));
    assert!(!home.state().exists(), "a file although telemetry is off");
    run(home.command(program).env("LD_LIBRARY_PATH", prefix.join("lib")));
    assert!(home.state().join("overt/hello/client_id").exists(), "no event was recorded");
}

#[test]
fn a_shared_consumer_by_pkg_config() {
    let (prefix, home) = (install(), Home::new());
    let program = home.join("hello");
    run(Command::new("gcc").arg(hello()).arg("-o").arg(&program).args(pkg_config(&prefix, &["--cflags", "--libs"])));
    check(&prefix, &home, &program, true);
    assert_eq!(pkg_config(&prefix, &["--modversion"]), [env!("CARGO_PKG_VERSION")]);
}

#[test]
fn a_cpp_consumer_by_pkg_config() {
    let (prefix, home) = (install(), Home::new());
    let program = home.join("hello");
    let mut command = Command::new("g++");
    command.args(["-x", "c++", "-std=c++11"]).arg(hello()).arg("-o").arg(&program);
    run(command.args(pkg_config(&prefix, &["--cflags", "--libs"])));
    check(&prefix, &home, &program, true);
}

#[test]
fn a_static_consumer_by_pkg_config() {
    let (prefix, home) = (install(), Home::new());
    let program = home.join("hello");
    let libraries = pkg_config(&prefix, &["--static", "--libs"]);
    // A recent glibc has them all in libc, an older one does not.
    assert!(["-lpthread", "-ldl", "-lm"].iter().all(|needed| libraries.iter().any(|given| given == needed)));
    let mut command = Command::new("gcc");
    command.arg(hello()).arg("-o").arg(&program).args(pkg_config(&prefix, &["--cflags"])).arg("-Wl,-Bstatic");
    command.args(libraries).arg("-Wl,-Bdynamic").arg("-lc");
    run(&mut command);
    check(&prefix, &home, &program, false);
}

#[test]
fn consumers_by_cmake() {
    let (prefix, home) = (install(), Home::new());
    let lists = format!(
        "cmake_minimum_required(VERSION 3.13)\nproject(hello C)\nfind_package(overt {} REQUIRED)\n\
         add_executable(shared {hello})\ntarget_link_libraries(shared overt::overt)\n\
         add_executable(static {hello})\ntarget_link_libraries(static overt::static)\n",
        env!("CARGO_PKG_VERSION"),
        hello = hello().display()
    );
    std::fs::write(home.join("CMakeLists.txt"), lists).expect("a file");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(home.path()).arg("-B").arg(home.join("build"));
    run(configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.path().display())));
    run(Command::new("cmake").arg("--build").arg(home.join("build")));
    check(&prefix, &home, &home.join("build/shared"), true);
    std::fs::remove_dir_all(home.state()).expect("a state");
    check(&prefix, &home, &home.join("build/static"), false);
}

#[test]
fn the_installed_archive_exports_the_abi_and_nothing_else() {
    let prefix = install();
    let mut nm = Command::new("nm");
    nm.args(["--defined-only", "--extern-only", "--format=posix"]).arg(prefix.join("lib/libovert.a"));
    let symbols = run(&mut nm);
    let mut found: Vec<_> = symbols.lines().filter_map(|line| line.split_once(' ')).map(|(name, _)| name).collect();
    found.retain(|name| !name.starts_with("libovert.a["));
    let header = common::read("include/overt.h");
    let mut declared = common::declared(&header);
    found.sort_unstable();
    declared.sort_unstable();
    assert_eq!(found, declared);
}

/// Each has a standard library of its own; both must link, and both must unwind.
#[test]
fn two_static_rust_libraries_link() {
    let (prefix, home) = (install(), Home::new());
    let (other, both, program) = (home.join("other.rs"), home.join("both.c"), home.join("both"));
    let rust = "#[unsafe(no_mangle)] pub extern \"C\" fn other(n: usize) -> i32 {\n\
        std::panic::set_hook(Box::new(|_| ()));\n\
        std::panic::catch_unwind(|| vec![1, 2, 3][n]).unwrap_or(-1) }\n";
    let c = "#include <overt.h>\nint other(size_t n);\nint main(void) {\n\
        overt_client_free(overt_client_new(NULL, NULL, 0));\n\
        return other(1) == 2 && other(7) == -1 && overt_client_flush(NULL, 0) == OVERT_DISABLED ? 0 : 1; }\n";
    std::fs::write(&other, rust).expect("a file");
    std::fs::write(&both, c).expect("a file");
    let mut rustc = Command::new("rustc");
    run(rustc.args(["--edition", "2024", "--crate-type", "staticlib"]).arg(&other).arg("--out-dir").arg(home.path()));
    let mut gcc = Command::new("gcc");
    gcc.arg(&both).arg("-o").arg(&program).args(pkg_config(&prefix, &["--cflags"])).arg(home.join("libother.a"));
    run(gcc.arg(prefix.join("lib/libovert.a")).args(["-lpthread", "-ldl", "-lm"]));
    run(&mut home.command(&program));
}
