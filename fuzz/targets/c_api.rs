//! The property is in C (`c_api.c`), as the callers are.
#![no_main]

use overt_c as _; // what the C calls

unsafe extern "C" {
    fn overt_fuzz_c_api(data: *const u8, size: usize);
}

libfuzzer_sys::fuzz_target!(
    init: {
        // A panic that the boundary catches is a finding too. The first call takes the hook away, so it comes first.
        play(&[0]);
        std::panic::set_hook(Box::new(|panic| {
            eprintln!("{panic}");
            std::process::abort();
        }));
    },
    |data: &[u8]| play(data)
);

fn play(data: &[u8]) {
    // SAFETY: it reads so many bytes, during the call.
    unsafe { overt_fuzz_c_api(data.as_ptr(), data.len()) }
}
