//! Compiles the property of the target `c_api`.

fn main() {
    println!("cargo:rerun-if-changed=c_api.c");
    println!("cargo:rerun-if-changed=../include/overt.h");
    cc::Build::new().file("c_api.c").include("../include").flag("-std=c99").flag("-g").compile("overt_c_api");
}
