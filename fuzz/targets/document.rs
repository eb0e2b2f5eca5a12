#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| overt_core::fuzzing::check("document", data));
