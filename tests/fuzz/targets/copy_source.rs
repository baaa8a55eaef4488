#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    laws::copy_source::holds(bytes);
});
