#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| matricula_fuzz::replication::add_checkpoint(bytes));
