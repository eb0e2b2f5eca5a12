//! What the linker must know about the shared library and rustc does not tell it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target_os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let arguments: &[&str] = match target_os.as_str() {
        "linux" => &[
            // rustc sets no SONAME. The number is OVERT_ABI_VERSION: libraries of different ABIs lie side by side.
            "-Wl,-soname,libovert.so.0",
            // A dlclose under the worker's thread, or under a thread-local's destructor, would crash the host.
            "-Wl,-z,nodelete",
        ],
        // Untested here: macOS keeps the name in the library as a path.
        "macos" => &["-Wl,-install_name,@rpath/libovert.0.dylib"],
        _ => &[],
    };
    for argument in arguments {
        println!("cargo:rustc-cdylib-link-arg={argument}");
    }
}
