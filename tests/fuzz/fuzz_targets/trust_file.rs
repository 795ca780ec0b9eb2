#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| matricula_fuzz::verifier::trust_file(bytes));
