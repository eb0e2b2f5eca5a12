//! Writes `include/overt.h` anew: `cargo run -p overt-ffi --example header`.

#[path = "../header/mod.rs"]
mod header;

fn main() -> std::io::Result<()> {
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../include/overt.h"), header::generate())
}
