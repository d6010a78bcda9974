#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fio_proto::fuzzing::verify_file(data));
